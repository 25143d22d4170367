package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/world"
)

// TestAChangeIsMadeOnce: while AWS still shows what was there before a change, the run waits
// and does not make it again, for a minute.
func TestAChangeIsMadeOnce(t *testing.T) {
	m, d := newModel(), desired(t)
	w, r := world.New(), plan.NewRun("mine")
	share := func(p plan.Plan) (plan.Step, bool) {
		i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Kind() == plan.Share && s.State == plan.Ready })
		if i < 0 {
			return plan.Step{}, false
		}
		return p.Steps[i], true
	}
	var s plan.Step
	for found := false; !found; {
		m.now = m.now.Add(time.Second)
		m.answer(&w, everything(d))
		p := reconcile.Reconcile(d, w, r)
		m.answer(&w, p.Look)
		for _, step := range p.Steps {
			if step.State == plan.Ready && step.Kind() != plan.Share {
				r.Ended(step.Action, m.do(step.Action, "mine"), m.now)
			}
		}
		m.settle(world.Available)
		s, found = share(p)
	}
	r.Ended(s.Action, "", m.now)
	p := reconcile.Reconcile(d, w, r)
	got, _ := p.Step(s.ID)
	waits := slices.ContainsFunc(p.Waits, func(w plan.Wait) bool { return w.On == s.ID && w.Unshown })
	if got.State != plan.Waiting || !waits {
		t.Errorf("at once: %s is %s, waits until it is shown: %v", s.ID, got.State, waits)
	}
	w.Now = m.now.Add(2 * time.Minute)
	if got, _ := reconcile.Reconcile(d, w, r).Step(s.ID); got.State != plan.Ready {
		t.Errorf("two minutes later: %s is %s: %s", s.ID, got.State, got.Why)
	}
	w.Now = m.now
	m.do(s.Action, "mine")
	m.answer(&w, everything(d))
	if got, _ := reconcile.Reconcile(d, w, r).Step(s.ID); got.State != plan.Done {
		t.Errorf("when AWS shows it: %s is %s", s.ID, got.State)
	}
}
