package outside

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
)

// TestWithdrawn: one AMI that is marked is enough, if it is of the release.
func TestWithdrawn(t *testing.T) {
	for name, c := range map[string]struct {
		tags map[string]string
		want string
	}{
		"a release":          {nil, ""},
		"demoted":            {map[string]string{record.TagStage: "1:demoted"}, ""},
		"withdrawn":          {map[string]string{record.TagStage: "1:withdrawn", record.TagWhy: "1:eats disks"}, "eats disks"},
		"for no reason":      {map[string]string{record.TagStage: "1:withdrawn"}, "no reason is given"},
		"another release is": {map[string]string{record.TagStage: "1:withdrawn", record.TagTag: "1:v1.2.2"}, ""},
		"another project is": {map[string]string{record.TagStage: "1:withdrawn", record.TagProject: "1:other"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d, v := ce(t)
			i, marked := good(d, v), good(d, v)
			setTags(&marked, c.tags)
			looks := []*look{{Audit: Audit{Desired: d}, own: []types.Image{i}}, {Audit: Audit{Desired: d}, own: []types.Image{i, marked}}}
			if got := withdrawn(looks); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestMarked: an AMI without the mark would be published again.
func TestMarked(t *testing.T) {
	for stage, faults := range map[string]int{"1:withdrawn": 0, "1:release": 1, "1:candidate": 1, "1:deprecated": 1} {
		d, v := ce(t)
		i := good(d, v)
		setTags(&i, map[string]string{record.TagStage: stage})
		l := &look{Audit: Audit{Desired: d}}
		l.marked(i)
		if len(l.found) != faults || len(l.sights) != 1 || l.sights[0].AMI != "ami-1" {
			t.Errorf("%s: findings %v, seen %v", stage, l.found, l.sights)
		}
	}
}

// TestAnother: what latest may name instead is there for customers, and of the same
// variant.
func TestAnother(t *testing.T) {
	older := map[string]string{record.TagTag: "1:v1.2.2", record.TagVersion: "1:1.2.2"}
	for name, c := range map[string]struct {
		change func(*types.Image)
		want   bool
	}{
		"the one before":       {func(*types.Image) {}, true},
		"itself":               {func(i *types.Image) { setTags(i, map[string]string{record.TagTag: "1:v1.2.3+ce.1"}) }, false},
		"withdrawn too":        {func(i *types.Image) { setTags(i, map[string]string{record.TagStage: "1:withdrawn"}) }, false},
		"private":              {func(i *types.Image) { i.Public = aws.Bool(false) }, false},
		"of another machine":   {func(i *types.Image) { setTags(i, map[string]string{record.TagArch: "1:amd64"}) }, false},
		"of another project":   {func(i *types.Image) { setTags(i, map[string]string{record.TagProject: "1:other"}) }, false},
		"not there yet":        {func(i *types.Image) { i.State = types.ImageStatePending }, false},
		"a pre-release":        {func(i *types.Image) { setTags(i, map[string]string{record.TagVersion: "1:1.2.2-rc1"}) }, false},
		"of no version at all": {func(i *types.Image) { setTags(i, map[string]string{record.TagVersion: "1:latest"}) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			d, v := ce(t)
			i := good(d, v)
			i.Public = aws.Bool(true)
			setTags(&i, older)
			c.change(&i)
			l := &look{Audit: Audit{Desired: d}, own: []types.Image{i}}
			if got := l.another(v); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
