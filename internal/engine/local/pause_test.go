package local

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"amiship/internal/apply"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// chain is a release of steps that come one after the other, and a pause that AWS
// keeps.
type chain struct {
	mu    sync.Mutex
	pause record.Pause
	done  []plan.ID
	begun func(n int) // a step is begun, before it has ended
}

var pauseQuery = world.Query{Kind: world.LookPause, Region: "us-east-1"}

func (c *chain) reconcile(w world.World, r plan.Run) plan.Plan {
	c.mu.Lock()
	defer c.mu.Unlock()
	var p plan.Plan
	for n := range 5 {
		s := plan.Step{Action: plan.Action{ID: plan.ID(fmt.Sprint("copy/", n)), Change: plan.CopyImage{}}, State: plan.Queued}
		_, running := r.InFlight[s.ID]
		switch {
		case n < len(c.done):
			s.State = plan.Done
		case running:
			s.State = plan.Running
		case n == len(c.done):
			s.State = plan.Ready
			if f, failed := r.Failed[s.ID]; failed && f.Retry.IsZero() {
				s.State = plan.Failed
			}
		}
		p.Steps = append(p.Steps, s)
	}
	return reconcile.Controlled(p, release.ChangeControl{Region: "us-east-1"}, w, r)
}

// do is what apply does: it reads the pause, and begins nothing under one.
func (c *chain) do(_ context.Context, act plan.Action) (apply.Result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pause.InForce(time.Now()) {
		return apply.Result{}, &apply.HeldError{Why: plan.Paused(c.pause), Query: pauseQuery}
	}
	c.begun(len(c.done))
	c.done = append(c.done, act.ID)
	return apply.Result{}, nil
}

func (c *chain) run(t *testing.T) (plan.Plan, engine.Outcome) {
	t.Helper()
	l := Loop{
		RunID: "run", Options: engine.Defaults(), Now: time.Now, Do: c.do, Reconcile: c.reconcile,
		Look: func(_ context.Context, queries []world.Query, found func(world.Query, func(*world.World))) error {
			c.mu.Lock()
			fact := world.Fact[record.Pause]{At: time.Now(), Val: c.pause}
			c.mu.Unlock()
			for _, q := range queries {
				found(q, func(w *world.World) { w.Pause = fact })
			}
			return nil
		},
		Affects: func(plan.Action) []world.Query { return nil }, Report: func(plan.Plan) {},
	}
	ctx, cancel := bounded(t)
	defer cancel()
	p, outcome, err := l.Run(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p, outcome
}

// TestPausedWithinOneStep: a pause that is written while a step is under way lets that
// one end, and holds the next; the run is blocked and says who paused. Resumed, it
// completes, and does nothing twice.
func TestPausedWithinOneStep(t *testing.T) {
	for at := range 5 {
		synctest.Test(t, func(t *testing.T) {
			c := &chain{}
			c.begun = func(n int) {
				if n == at {
					c.pause = record.Pause{Reason: "key leaked", By: record.Actor{ARN: "arn:ann"}, Since: time.Now()}
				}
			}
			p, outcome := c.run(t)
			want := engine.IsBlocked
			if at == 4 { // nothing was left to hold
				want = engine.Complete
			}
			if outcome != want || len(c.done) != at+1 {
				t.Errorf("paused in step %d: %s, %d steps done", at, outcome, len(c.done))
			}
			if want == engine.IsBlocked && (len(p.Blockers) != 1 || !strings.Contains(p.Blockers[0].Why, "by arn:ann: key leaked")) {
				t.Errorf("blockers %+v", p.Blockers)
			}
			if _, outcome = c.run(t); outcome != want || len(c.done) != at+1 {
				t.Errorf("a second run under the pause: %s, %d steps done", outcome, len(c.done))
			}
			c.pause, c.begun = record.Pause{}, func(int) {}
			if _, outcome = c.run(t); outcome != engine.Complete || len(c.done) != 5 {
				t.Errorf("resumed: %s, %v", outcome, c.done)
			}
		})
	}
}

// TestPausedEndsNoWait: what AWS is at may take hours; nothing follows it while
// changes are paused.
func TestPausedEndsNoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		l := Loop{
			RunID: "run", Options: engine.Defaults(), Now: time.Now,
			Look: func(context.Context, []world.Query, func(world.Query, func(*world.World))) error { return nil },
			Reconcile: func(world.World, plan.Run) plan.Plan {
				q := world.Query{Kind: world.LookImages, Region: "us-east-1"}
				return plan.Plan{Held: true, Steps: []plan.Step{{State: plan.Waiting}}, Waits: []plan.Wait{{Query: q}}}
			},
			Affects: func(plan.Action) []world.Query { return nil }, Report: func(plan.Plan) {},
		}
		ctx, cancel := bounded(t)
		defer cancel()
		_, outcome, err := l.Run(ctx, nil)
		if err != nil || outcome != engine.IsBlocked || time.Since(began) > time.Minute {
			t.Errorf("%s, %v after %s", outcome, err, time.Since(began))
		}
	})
}
