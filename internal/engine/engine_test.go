package engine_test

import (
	"testing"
	"time"

	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/world"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func step(k plan.Kind, s plan.State) plan.Step {
	return plan.Step{Action: plan.Action{ID: plan.ID(string(k) + "/" + string(s)), Change: k.Change()}, State: s}
}

func own(s plan.Step) plan.Step {
	s.Change = plan.EndClaim{Own: true}
	return s
}

func TestNextStops(t *testing.T) {
	images := world.Query{Kind: world.LookImages, Region: "us-east-1"}
	waits := []plan.Wait{{On: "copy", Query: images}}
	unshown := []plan.Wait{{On: "copy", Query: images, Unshown: true}}
	for name, c := range map[string]struct {
		plan   plan.Plan
		status engine.Status
		want   engine.Outcome
	}{
		"nothing left":                     {plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Done)}}, engine.Status{}, engine.Complete},
		"best effort only":                 {plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Skipped)}}, engine.Status{}, engine.Complete},
		"a blocker":                        {plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Blocked)}}, engine.Status{}, engine.IsBlocked},
		"a failure":                        {plan.Plan{Steps: []plan.Step{step(plan.Build, plan.Failed), step(plan.Copy, plan.Queued)}}, engine.Status{}, engine.HasFailed},
		"a failure beside something ready": {plan.Plan{Steps: []plan.Step{step(plan.Build, plan.Failed), step(plan.Copy, plan.Ready)}}, engine.Status{}, ""},
		"a wait, with patience left":       {plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Waiting)}, Waits: waits}, engine.Status{Idle: noon.Add(-time.Minute)}, ""},
		"a wait, patience over":            {plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Waiting)}, Waits: waits}, engine.Status{Idle: noon.Add(-3 * time.Hour)}, engine.StillToWait},
		"not shown, patience over":         {plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Waiting)}, Waits: unshown}, engine.Status{Idle: noon.Add(-3 * time.Hour)}, ""},
		"unread, to be looked at again":    {plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Blocked)}, Missed: []world.Query{images}}, engine.Status{VainLooks: 1}, ""},
		"unread, looked at often enough":   {plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Blocked)}, Missed: []world.Query{images}}, engine.Status{VainLooks: 3}, engine.IsBlocked},
		"asked to stop, a build running":   {plan.Plan{Steps: []plan.Step{step(plan.Build, plan.Running)}}, engine.Status{Stopping: true}, ""},
		"asked to stop, nothing running":   {plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Ready)}}, engine.Status{Stopping: true}, engine.Interrupted},
		"asked to stop, a claim to return": {plan.Plan{Steps: []plan.Step{own(step(plan.Unclaim, plan.Ready))}}, engine.Status{Stopping: true}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.status.Now = noon
			if got := engine.Next(c.plan, c.status, engine.Defaults()).Stop; got != c.want {
				t.Errorf("stops as %q, want %q", got, c.want)
			}
		})
	}
}

func TestNextKeepsItsLimits(t *testing.T) {
	p := plan.Plan{Steps: []plan.Step{step(plan.Build, plan.Running)}}
	for range 5 {
		p.Steps = append(p.Steps, step(plan.Build, plan.Ready), step(plan.Test, plan.Ready), step(plan.Copy, plan.Ready))
	}
	o := engine.Options{Builds: 2, Parallel: 3}
	builds, others := 0, 0
	for _, s := range engine.Next(p, engine.Status{Now: noon}, o).Start {
		if s.Kind() == plan.Build || s.Kind() == plan.Test {
			builds++
		} else {
			others++
		}
	}
	if builds != 1 || others != 3 {
		t.Errorf("starts %d builds and %d others, want 1 and 3", builds, others)
	}
}

func TestNextPolls(t *testing.T) {
	q := world.Query{Kind: world.LookImages, Region: "us-east-1"}
	p := plan.Plan{Steps: []plan.Step{step(plan.Copy, plan.Waiting)}, Waits: []plan.Wait{{Query: q}, {Query: q}}}
	o := engine.Defaults()
	s := engine.Status{Now: noon, Idle: noon, LookedAt: map[world.Query]time.Time{q: noon.Add(-2 * time.Second)}}
	if d := engine.Next(p, s, o); len(d.Look) != 0 || !d.Wake.Equal(noon.Add(2*time.Second)) {
		t.Errorf("2 s after a look: looks at %v, wakes at %v; want nothing, in 2 s", d.Look, d.Wake)
	}
	s.Now = noon.Add(2 * time.Second)
	if d := engine.Next(p, s, o); len(d.Look) != 1 {
		t.Errorf("4 s after a look: %d looks, want 1 for both waits", len(d.Look))
	}
}

// TestNextEndsItsWaitInTime: it does not sleep over the end of what it may stay.
func TestNextEndsItsWaitInTime(t *testing.T) {
	p := plan.Plan{Steps: []plan.Step{step(plan.ChangeSet, plan.Waiting)}, Waits: []plan.Wait{{
		On: "changeset", Query: world.Query{Kind: world.LookListing, Listing: "premium"}, Since: noon.Add(-26 * time.Hour),
	}}}
	s := engine.Status{Now: noon, Idle: noon.Add(-time.Second), LookedAt: map[world.Query]time.Time{p.Waits[0].Query: noon}}
	if d := engine.Next(p, s, engine.Options{Poll: time.Second, Wait: 3 * time.Second}); d.Stop != "" || !d.Wake.Equal(noon.Add(2*time.Second)) {
		t.Errorf("stops as %q, wakes at %v; want it to stay 2 s more", d.Stop, d.Wake)
	}
}

// TestNextAsksNothingMore: a run whose wait is over waits for what it has asked, and asks
// nothing new meanwhile: at an API's rate that would never end.
func TestNextAsksNothingMore(t *testing.T) {
	due, asked := world.Query{Kind: world.LookListing, Listing: "premium"}, world.Query{Kind: world.LookListing, Listing: "plus"}
	p := plan.Plan{Steps: []plan.Step{step(plan.ChangeSet, plan.Waiting)}, Waits: []plan.Wait{{Query: due}, {Query: asked}}}
	s := engine.Status{Now: noon, Idle: noon.Add(-time.Second), Looking: map[world.Query]bool{asked: true}}
	o := engine.Options{Poll: time.Second, Wait: time.Hour}
	if d := engine.Next(p, s, o); d.Stop != "" || len(d.Look) != 1 {
		t.Errorf("in its wait it stops as %q and looks at %v, want it to look at premium", d.Stop, d.Look)
	}
	o.Wait = time.Second
	if d := engine.Next(p, s, o); d.Stop != "" || len(d.Look) != 0 {
		t.Errorf("after its wait it stops as %q and looks at %v, want neither yet", d.Stop, d.Look)
	}
	s.Looking = nil
	if d := engine.Next(p, s, o); d.Stop != engine.StillToWait {
		t.Errorf("when all was answered it stops as %q", d.Stop)
	}
}

func TestNextReadsWhatIsLackingFirst(t *testing.T) {
	p := plan.Plan{Look: []world.Query{{Kind: world.LookImages}}, Steps: []plan.Step{step(plan.Copy, plan.Ready)}}
	if d := engine.Next(p, engine.Status{Now: noon}, engine.Defaults()); len(d.Look) != 1 || len(d.Start) != 0 {
		t.Errorf("starts %d steps with facts lacking", len(d.Start))
	}
}
