package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// TestUnreadableTagsKeep: an AMI with a tag that can't be parsed is kept as it is, and
// shown with the command that corrects the tag. Its grace periods neither begin
// again nor count as over.
func TestUnreadableTagsKeep(t *testing.T) {
	for name, c := range map[string]struct {
		stage string
		tag   string
		value string
		why   string
	}{
		"a day without a time":         {record.StageDeprecated, record.TagRetired, "1:2026-01-01", `"1:2026-01-01", and not a time`},
		"words":                        {record.StageDemoted, record.TagRetired, "1:long ago", "and not a time"},
		"nothing":                      {record.StageDisabled, record.TagRetired, "", "and not a time"},
		"no schema":                    {record.StageDisabled, record.TagRetired, "x2026-01-01T00:00:00Z", "and not a time"},
		"before the AMI was made":      {record.StageDisabled, record.TagRetired, "1:2020-01-01T00:00:00Z", "before it was made"},
		"of a stage that there is not": {record.StageDisabled, record.TagStage, "1:disabeld", "and not one of candidate, release,"},
		"a number of builds":           {record.StageDisabled, record.TagBuild, "1:two", "and not a number"},
		"a version":                    {record.StageDisabled, record.TagVersion, "1:new", "and not a version"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttic()
			a.add("1.2.2", 10)
			a.add("1.1.1", 300)
			a.add("1.0.0", 400)
			a.stage(c.stage, 365)(&a.images[2])
			if n := len(a.scope().Reconcile(a.world(), plan.NewRun("run")).Steps); n != 1 {
				t.Fatalf("with its tags %d steps are due, want 1", n)
			}
			a.images[2].Tags[c.tag] = c.value
			p := a.scope().Reconcile(a.world(), plan.NewRun("run"))
			if len(p.Steps) > 0 {
				t.Errorf("due: %s, which writes %v", p.Steps[0].ID, p.Steps[0].Tags())
			}
			fates := a.scope().Decisions(a.world())
			n := slices.IndexFunc(fates, func(f retention.Decision) bool { return f.AMI == "ami-2" })
			if n < 0 || !fates[n].Kept || !strings.Contains(fates[n].Why, c.why) ||
				!strings.Contains(fates[n].Why, "aws ec2 create-tags --region us-east-1 --resources ami-2 --tags Key="+c.tag) {
				t.Errorf("%+v, want that it is kept: %s", fates, c.why)
			}
		})
	}
}

// TestUnreadableWaiver: what can't be parsed waives nothing, is said, and is not
// overwritten by the next waiver.
func TestUnreadableWaiver(t *testing.T) {
	const half = "eu-west-1 2026-12-31 outage; us-west-2 next year fire"
	d := desired(t)
	m := newModel()
	w, r := world.New(), plan.NewRun("a")
	m.down["eu-west-1"] = true
	carryOn(m, d, &w, &r)
	for _, i := range m.images["us-east-1"] {
		i.Tags[record.TagWaived] = record.TagValue(half)
	}
	m.answer(&w, []world.Query{{Kind: world.LookRelease, Region: "us-east-1"}, {Kind: world.LookNamesakes, Region: "us-east-1"}})
	notes := strings.Join(reconcile.Reconcile(d, w, plan.NewRun("b")).Notes, "\n")
	if !strings.Contains(notes, "eu-west-1 is waived until 2026-12-31") || !strings.Contains(notes, `amiship:waived is "1:`+half+`"`) || strings.Contains(notes, "us-west-2 is waived") {
		t.Errorf("notes: %s", notes)
	}
	x := reconcile.Waiving{Project: "p", Builds: []string{"us-east-1"}, Waiver: record.Waiver{Region: "eu-west-2", Until: m.now.Add(48 * time.Hour), Why: "flood"}}
	p := x.Reconcile(w, plan.NewRun("c"))
	if len(p.Steps) == 0 || p.Complete() {
		t.Fatalf("steps: %+v", p.Steps)
	}
	for _, s := range p.Steps {
		if s.State != plan.Failed || !strings.Contains(s.Why, record.TagWaived) {
			t.Errorf("%s is %s: %s", s.ID, s.State, s.Why)
		}
	}
}

// TestLatestMayBeNewer: a parameter of the latest version stays where it is while
// nobody can tell which version it names.
func TestLatestMayBeNewer(t *testing.T) {
	d := desired(t)
	d.Variants[0].Parameters = []release.Parameter{{Name: "/p/ce/latest", Latest: true}}
	m := newModel()
	newer := d
	newer.Tag = "v1.3.0"
	newer.Version, _ = release.ParseVersion("1.3.0")
	newer.Variants = slices.Clone(d.Variants)
	for i := range newer.Variants {
		newer.Variants[i].Name += " newer"
	}
	if !runOnce(m, newer, "n", -1, never) {
		t.Fatal("the newer release is not complete")
	}
	named := m.params["eu-west-1"]["/p/ce/latest"]
	m.images["eu-west-1"][named].Tags[record.TagVersion] = "1:brand new"
	w, r := world.New(), plan.NewRun("o")
	if loop(m, d, &w, &r, -1, never) {
		t.Error("the older release is complete, though it can't be told which is newer")
	}
	p := reconcile.Reconcile(d, w, r)
	if got := m.params["eu-west-1"]["/p/ce/latest"]; got != named {
		t.Errorf("latest was %s and is %s", named, got)
	}
	n := slices.IndexFunc(p.Blockers, func(b plan.Blocker) bool { return b.ID == "tags/eu-west-1/"+named })
	if n < 0 || !strings.Contains(p.Blockers[n].Why, `"1:brand new"`) || !strings.Contains(p.Blockers[n].Remedies[0].Command, named) {
		t.Errorf("blockers: %+v", p.Blockers)
	}
}
