package local

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/world"
)

// TestReadsCleanUp: a run that is told to stop ends when what it reads has removed what
// it wrote, as a download does.
func TestReadsCleanUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop, clean := make(chan struct{}), false
		time.AfterFunc(5*time.Second, func() { close(stop) })
		a := &aws{began: map[string]bool{}}
		l := Loop{
			RunID: "run", Options: engine.Defaults(), Now: time.Now, Do: a.apply, Reconcile: a.reconcile, Report: func(plan.Plan) {},
			Look: func(ctx context.Context, _ []world.Query, _ func(world.Query, func(*world.World))) error {
				<-ctx.Done()
				time.Sleep(time.Second)
				clean = true
				return ctx.Err()
			},
		}
		if _, outcome, err := l.Run(t.Context(), stop); err != nil || outcome != engine.Interrupted || !clean {
			t.Errorf("ended %s (%v), cleaned up: %v", outcome, err, clean)
		}
	})
}
