package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/world"
)

// TestAnotherRunFinishesItsBuild: a run stays until it is known whether another one, whose
// lease seems to be over, is there to finish its candidate; however short it may wait.
func TestAnotherRunFinishesItsBuild(t *testing.T) {
	d := desired(t)
	v := d.Variants[0]
	for name, c := range map[string]struct {
		silent time.Duration
		stays  bool
	}{"alive": {time.Minute, false}, "silent in one read": {26 * time.Hour, true}} {
		t.Run(name, func(t *testing.T) {
			m, w := newModel(), world.New()
			m.claims["sg-1"] = &world.Claim{Group: "sg-1", Name: d.Owner(v).Name(), Run: "other", Alive: m.now.Add(-c.silent)}
			m.add("us-east-1", world.Image{Name: d.Owner(v).CandidateName(fullInputs), State: world.Available})
			m.answer(&w, append(everything(d), reconcile.Reconcile(d, w, plan.NewRun("mine")).Look...))
			p := reconcile.Reconcile(d, w, plan.NewRun("mine"))
			i := slices.IndexFunc(p.Waits, func(w plan.Wait) bool { return w.On == "build/ce/amd64/us-east-1" })
			if i < 0 || p.Waits[i].Unshown != c.stays {
				t.Errorf("waits for %+v, want it to stay until it is known: %v", p.Waits, c.stays)
			}
		})
	}
}
