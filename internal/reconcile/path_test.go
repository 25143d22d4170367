package reconcile_test

import (
	"math/rand/v2"
	"testing"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
)

// TestPathsEnd: what a blocked, waiting or queued step waits for ends in a blocker, a wait or
// an action under way, in 1,000 random worlds.
func TestPathsEnd(t *testing.T) {
	ends := map[string]int{}
	for seed := range uint64(1000) {
		s := drawWorld(t, rand.New(rand.NewPCG(seed, 13)))
		p := reconcile.Reconcile(s.d, s.w, s.r)
		for _, step := range p.Steps {
			switch step.State {
			case plan.Blocked, plan.Waiting, plan.Queued:
				end, ok := endOf(p, p.Path(step.ID))
				if ends[end]++; !ok {
					t.Errorf("seed %d: %s is %s after %s (%s): its path ends in %s", seed, step.ID, step.State, step.After, step.Why, end)
				}
			}
		}
	}
	for _, end := range []string{"blocker", "wait", "ready"} {
		if ends[end] < 100 {
			t.Errorf("%d paths end in a %s: %v", ends[end], end, ends)
		}
	}
}

// endOf tells how a path ends, and whether that says what happens next.
func endOf(p plan.Plan, path []plan.Link) (string, bool) {
	if len(path) == 0 {
		return "nothing", false
	}
	switch last := path[len(path)-1]; {
	case last.Blocker != nil:
		return "blocker", last.Blocker.Why != "" && len(last.Blocker.Remedies) > 0
	case last.Wait != nil:
		return "wait", last.Wait.Why != ""
	case last.Step.State == plan.Ready, last.Step.State == plan.Running, last.Step.State == plan.Failed:
		return string(last.Step.State), true
	default:
		return string(last.Step.ID) + ", which is " + string(last.Step.State) + ": " + last.Step.Why, false
	}
}
