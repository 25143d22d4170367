package reconcile_test

import (
	"slices"
	"testing"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

// TestUntil: a stage keeps what leads to it, and what ends what was begun.
func TestUntil(t *testing.T) {
	d := desired(t)
	m, w := newModel(), world.New()
	tags := d.OwnTags(d.Variants[0], record.StageCandidate)
	tags[record.TagInputs] = record.TagValue("0123456789abcdef")
	m.add("us-east-1", world.Image{Name: d.Owner(d.Variants[0]).CandidateName("0123456789abcdef"), State: world.Available, Tags: tags, IMDSSupport: "v2.0"})
	m.claims["sg-1"] = &world.Claim{Group: "sg-1", Name: d.Owner(d.Variants[0]).Name(), Run: "a", Alive: m.now}
	m.answer(&w, everything(d))
	p := reconcile.Reconcile(d, w, plan.NewRun("a"))
	const testClaim, unclaim = "claim/ce/amd64/us-east-1/test", "unclaim/ce/amd64/us-east-1"
	for until, c := range map[plan.Until]struct {
		last   plan.Kind // that is in it
		beyond plan.Kind // that is not
		tests  bool
	}{
		plan.UntilBuilt:  {plan.Build, plan.Test, false},
		plan.UntilTested: {plan.Test, plan.Copy, true},
		plan.UntilShared: {plan.Share, plan.Publish, true},
		plan.UntilPublic: {plan.Publish, plan.Remove, true},
		plan.UntilListed: {plan.Remove, "", true},
	} {
		got := p.Until(until)
		has := func(k plan.Kind) bool {
			return slices.ContainsFunc(got.Steps, func(s plan.Step) bool { return s.Kind() == k })
		}
		_, tests := got.Step(testClaim)
		if _, ends := got.Step(unclaim); !has(c.last) || has(c.beyond) || tests != c.tests || !ends {
			t.Errorf("%s: has %s %t, %s %t, the test's claim %t, ends the build's %t", until, c.last, has(c.last), c.beyond, has(c.beyond), tests, ends)
		}
	}
}
