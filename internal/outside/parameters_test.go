package outside

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
)

// TestIsNewer: a parameter of the latest version may stay where it is only with
// a later release of the same variant.
func TestIsNewer(t *testing.T) {
	for name, c := range map[string]struct {
		tags map[string]string
		want bool
	}{
		"a later version":                {map[string]string{record.TagVersion: "1:1.10.0"}, true},
		"a later build":                  {map[string]string{record.TagBuild: "1:2"}, true},
		"itself":                         {nil, false},
		"an earlier version":             {map[string]string{record.TagVersion: "1:1.2.2", record.TagBuild: "1:9"}, false},
		"an earlier build":               {map[string]string{record.TagBuild: "1:0"}, false},
		"no version":                     {map[string]string{record.TagVersion: "1:latest"}, false},
		"a later version, other image":   {map[string]string{record.TagVersion: "1:2.0.0", record.TagImage: "1:ee"}, false},
		"a later version, other machine": {map[string]string{record.TagVersion: "1:2.0.0", record.TagArch: "1:amd64"}, false},
		"a later version, other project": {map[string]string{record.TagVersion: "1:2.0.0", record.TagProject: "1:other"}, false},
		"a candidate of a later version": {map[string]string{record.TagVersion: "1:2.0.0", record.TagStage: "1:candidate"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, v := ce(t)
			i := good(d, v)
			setTags(&i, c.tags)
			l := &look{Audit: Audit{Desired: d}, own: []types.Image{i}}
			if got := l.isNewer(v, "ami-1"); got != c.want {
				t.Errorf("got %v", got)
			}
			i.State = types.ImageStatePending
			l.own = []types.Image{i}
			if l.isNewer(v, "ami-1") || l.isNewer(v, aws.ToString(nil)) {
				t.Error("what is not available is newer")
			}
		})
	}
}
