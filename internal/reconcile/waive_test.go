package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

// TestWaiver: a region that is down holds a release unless it is waived, until
// the end of the last day by AWS's clock; then it is brought along.
func TestWaiver(t *testing.T) {
	d := desired(t)
	m := newModel()
	w, r := world.New(), plan.NewRun("a")
	m.down["eu-west-1"] = true
	if carryOn(m, d, &w, &r) {
		t.Fatal("complete with a required region down")
	}
	waive(t, m, record.Waiver{Region: "eu-west-1", Until: m.now.Add(48 * time.Hour).Truncate(24 * time.Hour), Why: "outage"})
	w, r = world.New(), plan.NewRun("b")
	if !loop(m, d, &w, &r, -1, never) {
		t.Fatalf("not complete with the region waived: %+v", reconcile.Reconcile(d, w, r).Blockers)
	}
	p := reconcile.Reconcile(d, w, r)
	if n := len(m.images["eu-west-1"]); n != 0 || !strings.Contains(strings.Join(p.Notes, ""), "eu-west-1 is waived until") {
		t.Errorf("%d images there; notes %v", n, p.Notes)
	}
	m.now = m.now.Add(72 * time.Hour)
	w.Now = m.now
	p = reconcile.Reconcile(d, w, r)
	if p.Complete() || !strings.Contains(strings.Join(p.Notes, ""), "is required again") {
		t.Errorf("complete %v after the waiver, notes %v", p.Complete(), p.Notes)
	}
	m.down["eu-west-1"] = false
	w, r = world.New(), plan.NewRun("c")
	if !carryOn(m, d, &w, &r) || len(m.images["eu-west-1"]) != len(d.Variants) || m.err != nil {
		t.Errorf("%d images in the region that answers again; %v", len(m.images["eu-west-1"]), m.err)
	}
	for _, i := range m.images["us-east-1"] {
		if i.Tags[record.TagStage] == record.TagValue(record.StageCandidate) {
			t.Errorf("the candidate %s is left", i.Name)
		}
	}
}

func never(plan.Plan, plan.Action) {}

// waive does what the steps of a waiver say.
func waive(t *testing.T, m *model, waiver record.Waiver) {
	t.Helper()
	w := world.New()
	x := reconcile.Waiving{Project: "p", Builds: []string{"us-east-1"}, Waiver: waiver}
	m.answer(&w, x.Reconcile(w, plan.NewRun("w")).Look)
	p := x.Reconcile(w, plan.NewRun("w"))
	for _, s := range p.Steps {
		for k, v := range s.Tags() {
			m.images["us-east-1"][s.Image().AMI].Tags[k] = v
		}
	}
	m.answer(&w, []world.Query{{Kind: world.LookImages, Region: "us-east-1"}})
	if p = x.Reconcile(w, plan.NewRun("w")); !p.Complete() || len(p.Steps) == 0 {
		t.Fatalf("not waived: %+v, %s", p.Steps, p.Skip)
	}
}

func TestWaiving(t *testing.T) {
	day := record.Waiver{Region: "eu-west-1", Until: time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC), Why: "outage"}
	for name, c := range map[string]struct {
		change func(*world.Image)
		x      reconcile.Waiving
		state  plan.State // "": no step
		value  string
	}{
		"the first":          {nil, reconcile.Waiving{Waiver: day}, plan.Ready, "eu-west-1 2026-12-01 outage"},
		"there already":      {waivedBy("eu-west-1 2026-12-01 outage"), reconcile.Waiving{Waiver: day}, plan.Done, "eu-west-1 2026-12-01 outage"},
		"for longer":         {waivedBy("eu-west-1 2026-11-30 outage"), reconcile.Waiving{Waiver: day}, plan.Ready, "eu-west-1 2026-12-01 outage"},
		"one more region":    {waivedBy("us-west-2 2026-11-30 fire"), reconcile.Waiving{Waiver: day}, plan.Ready, "eu-west-1 2026-12-01 outage; us-west-2 2026-11-30 fire"},
		"taken back":         {waivedBy("eu-west-1 2026-12-01 outage; us-west-2 2026-11-30 fire"), reconcile.Waiving{Waiver: day, Undo: true}, plan.Ready, "us-west-2 2026-11-30 fire"},
		"too long for a tag": {nil, reconcile.Waiving{Waiver: record.Waiver{Region: "eu-west-1", Until: day.Until, Why: strings.Repeat("x", 250)}}, plan.Failed, ""},
		"another tag":        {nil, reconcile.Waiving{Tag: "v9.9.9", Waiver: day}, "", ""},
		"no candidate":       {func(i *world.Image) { i.Tags[record.TagStage] = record.TagValue(record.StageRelease) }, reconcile.Waiving{Waiver: day}, "", ""},
		"a newer Amiship's":  {func(i *world.Image) { i.Tags[record.TagStage] = "2:candidate" }, reconcile.Waiving{Waiver: day}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			s.image(func(i *world.Image) { i.Tags[record.TagStage] = record.TagValue(record.StageCandidate) })
			if c.change != nil {
				s.image(c.change)
			}
			c.x.Project, c.x.Builds = "p", []string{"us-east-1"}
			p := c.x.Reconcile(s.w, s.r)
			step, found := p.Step("waive/premium/amd64/us-east-1/ami-1")
			waivers := plan.As[plan.RecordWaiver](step.Action).Waivers
			if found != (c.state != "") || step.State != c.state || waivers != c.value {
				t.Errorf("%s with %q, want %s with %q", step.State, waivers, c.state, c.value)
			}
			if !found && p.Skip == "" {
				t.Error("nothing said")
			}
		})
	}
}

func waivedBy(text string) func(*world.Image) {
	return func(i *world.Image) { i.Tags[record.TagWaived] = record.TagValue(text) }
}
