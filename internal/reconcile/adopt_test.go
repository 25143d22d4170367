package reconcile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// forms are those of a project with two images, as a catalog makes them.
func forms() []release.Form {
	version := `([0-9][0-9A-Za-z.+~_-]*?)`
	return []release.Form{
		{Image: "ce", Arch: "amd64", Public: true, Name: "^P CE " + version + "$", Tags: map[string]string{"Type": "^P CE$", "Version": "^" + version + "$"}, Tag: "{version}+ce.0"},
		{Image: "ce", Arch: "arm64", Public: true, Name: "^P CE " + version + ` \(ARM\)$`, Tag: "{version}+ce.0"},
		{Image: "ee", Arch: "amd64", Name: "^P EE " + version + "$", Tags: map[string]string{"Type": "^P EE$", "Version": "^" + version + "$"}, Tag: "{version}+ee.0"},
		{Image: "extra", Arch: "amd64", Name: "^P EE " + version + "-extra$", Tag: "{version}+ee.0"},
	}
}

func TestAdoption(t *testing.T) {
	both := map[string]string{"Type": "P CE", "Version": "1.2.3"}
	for name, c := range map[string]struct {
		image  world.Image
		beside func(*world.Image) // changes a release that is there already
		want   string             // step, or "note: …"
	}{
		"by its name":           {image: world.Image{Name: "P CE 1.2.3", Public: true}, want: "ce/amd64 1.2.3+ce.0 yes"},
		"by name and arch":      {image: world.Image{Name: "P CE 1.2.3 (ARM)", Arch: "arm64"}, want: "ce/arm64 1.2.3+ce.0 "},
		"of another arch":       {image: world.Image{Name: "P CE 1.2.3", Arch: "arm64"}},
		"by its tags":           {image: world.Image{Name: "by hand", Tags: both}, want: "ce/amd64 1.2.3+ce.0 "},
		"by some of its tags":   {image: world.Image{Name: "by hand", Tags: map[string]string{"Version": "1.2.3"}}},
		"a foreign type":        {image: world.Image{Name: "P CE 1.2.3", Tags: map[string]string{"Type": "Q"}}},
		"no version in it":      {image: world.Image{Name: "P CE nightly"}},
		"nothing like it":       {image: world.Image{Name: "Q 1.2.3"}},
		"tagged already":        {image: world.Image{Name: "P CE 1.2.3", Tags: map[string]string{record.TagProject: "1:q"}}},
		"a candidate":           {image: world.Image{Name: "amiship-p-ce-amd64-v1-0123456789ab", Tags: both}},
		"still pending":         {image: world.Image{Name: "P CE 1.2.3", State: world.Pending}},
		"name and tags differ":  {image: world.Image{Name: "P CE 1.2.2", Tags: both}, want: "note: ami-0 (P CE 1.2.2) in eu-west-1 could be 1.2.2+ce.0 ce/amd64 or 1.2.3+ce.0 ce/amd64: left as it is"},
		"one of two images":     {image: world.Image{Name: "P EE 1.2.3-extra"}, want: "note: ami-0 (P EE 1.2.3-extra) in eu-west-1 could be 1.2.3-extra+ee.0 ee/amd64 or 1.2.3+ee.0 extra/amd64: left as it is"},
		"its release is there":  {image: world.Image{Name: "P CE 1.2.3"}, beside: func(*world.Image) {}, want: "note: ami-0 (P CE 1.2.3) in eu-west-1 looks like 1.2.3+ce.0 ce/amd64, which ami-1 is: left as it is"},
		"a failed one is there": {image: world.Image{Name: "P CE 1.2.3"}, beside: func(i *world.Image) { i.State = world.Failed }, want: "ce/amd64 1.2.3+ce.0 "},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttic()
			i := c.image
			i.ID = "ami-0"
			if i.State == "" {
				i.State = world.Available
			}
			if i.Arch == "" {
				i.Arch = "amd64"
			}
			images := []world.Image{i}
			if c.beside != nil {
				tags := release.Desired{Project: "p", Tag: "1.2.3+ce.0"}.OwnTags(release.Variant{Image: "ce", Arch: "amd64"}, record.StageRelease)
				images = append(images, world.Image{ID: "ami-1", Name: "P CE 1.2.3", State: world.Available, Arch: "amd64", Tags: tags})
				c.beside(&images[1])
			}
			w := world.New()
			w.Regions["eu-west-1"] = world.Region{Images: known(a.now, images)}
			p := reconcile.Adoption{Project: "p", Regions: []string{"eu-west-1"}, Forms: forms()}.Reconcile(w, plan.NewRun(""))
			if diff := cmp.Diff(c.want, adopted(p)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// adopted is what a plan would do, in a line.
func adopted(p plan.Plan) string {
	var out []string
	for _, s := range p.Steps {
		tag := func(key string) string { v, _ := record.ReadTag(s.Tags()[key]); return v }
		out = append(out, fmt.Sprintf("%s/%s %s %s", tag(record.TagImage), tag(record.TagArch), tag(record.TagTag), tag(record.TagPublic)))
		if tag(record.TagProject) != "p" || tag(record.TagStage) != record.StageRelease || tag(record.TagBuild) != "0" || s.Kind() != plan.Adopt || s.Guard.Image == "" {
			out = append(out, fmt.Sprintf("and %+v", s.Action))
		}
	}
	for _, n := range p.Notes {
		out = append(out, "note: "+n)
	}
	return strings.Join(out, "\n")
}

// TestTwinsAreAdoptedOnce: of two that look alike the older one is the release.
func TestTwinsAreAdoptedOnce(t *testing.T) {
	a := newAttic()
	twin := func(id string, days int) world.Image {
		return world.Image{ID: id, Name: "P CE 1.2.3", State: world.Available, Arch: "amd64", Created: a.now.AddDate(0, 0, -days)}
	}
	w := world.New()
	w.Regions["eu-west-1"] = world.Region{Images: known(a.now, []world.Image{twin("ami-1", 5), twin("ami-2", 9)})}
	w.Regions["us-east-1"] = world.Region{Images: world.Fact[[]world.Image]{At: a.now, Err: "no"}}
	p := reconcile.Adoption{Project: "p", Regions: []string{"eu-west-1", "us-east-1"}, Forms: forms()}.Reconcile(w, plan.NewRun(""))
	if len(p.Steps) != 1 || p.Steps[0].Image().AMI != "ami-2" || len(p.Notes) != 1 || len(p.Missed) != 1 {
		t.Errorf("steps %v, notes %v, missed %v", p.Steps, p.Notes, p.Missed)
	}
}
