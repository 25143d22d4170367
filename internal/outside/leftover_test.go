package outside

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
)

// TestSurplus tells what is left of this release from its AMIs, and from what
// is others'.
func TestSurplus(t *testing.T) {
	d, v := ce(t)
	named := d.Owner(v).CandidateName("0123456789ab")
	const former = "amiship-product-ce-arm64-v1.2.3.ce.1-0123456789ab"
	none := map[string]string{record.TagProject: "", record.TagTag: "", record.TagImage: "", record.TagArch: ""}
	for name, c := range map[string]struct {
		name  string
		state types.ImageState
		tags  map[string]string
		want  string
	}{
		"its AMI":                               {"Product 1.2.3", "available", nil, ""},
		"its AMI, not ready":                    {"Product 1.2.3", "pending", nil, ""},
		"its AMI, failed":                       {"Product 1.2.3", "failed", nil, "failed AMI"},
		"of another release":                    {"Product 1.2.2", "available", map[string]string{record.TagTag: "1:v1.2.2+ce.1"}, ""},
		"of another project":                    {"Product 1.2.3", "failed", map[string]string{record.TagProject: "1:other"}, ""},
		"of another image":                      {"Product 1.2.3", "available", map[string]string{record.TagImage: "1:ee"}, "AMI of no image in the catalog"},
		"of another machine":                    {"Product 1.2.3", "available", map[string]string{record.TagArch: "1:amd64"}, "AMI of no image in the catalog"},
		"a candidate of another project":        {named, "available", map[string]string{record.TagProject: "1:other"}, ""},
		"a candidate of an older Amiship":       {former, "available", map[string]string{record.TagStage: "1:candidate"}, "candidate"},
		"an old candidate of another image":     {former, "available", map[string]string{record.TagImage: "1:arm64-ce", record.TagTag: "1:other"}, ""},
		"what an old candidate without tags is": {former, "available", none, ""},
		"a candidate":                           {named, "available", map[string]string{record.TagStage: "1:candidate"}, "candidate"},
		"a candidate, by its tags":              {"x", "available", map[string]string{record.TagStage: "1:candidate"}, "candidate"},
		"a candidate, without tags":             {named, "available", none, "candidate"},
		"a candidate of a longer name":          {named + "-x", "available", map[string]string{record.TagTag: "1:other"}, ""},
		"a candidate of a later build":          {"amiship-product-ce-arm64-v1.2.3.ce.12-0123456789ab", "available", map[string]string{record.TagTag: "1:v1.2.3+ce.12"}, ""},
		"another user's, without any of it":     {"Other", "available", map[string]string{record.TagProject: "", record.TagTag: ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, v := ce(t)
			i := good(d, v)
			i.Name, i.State = aws.String(c.name), c.state
			setTags(&i, c.tags)
			l := &look{Audit: Audit{Desired: d}}
			if got := l.surplus(i); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
