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

// TestVainReadsEnd: whatever can't be read, and whether AWS says so or says nothing, a run
// that has nothing else to do gives up.
func TestVainReadsEnd(t *testing.T) {
	const id = "ami-0123456789abcdef0"
	for _, q := range []world.Query{
		{Kind: world.LookImages, Region: quiet},
		{Kind: world.LookNamed, Region: quiet},
		{Kind: world.LookAccess, Region: quiet, ID: id},
		{Kind: world.LookBin, Region: quiet},
	} {
		for name, look := range map[string]func(context.Context, func(world.Query, func(*world.World))) error{
			"refused": func(_ context.Context, found func(world.Query, func(*world.World))) error {
				found(q, func(w *world.World) { w.Miss(q, time.Now(), "it broke") })
				return nil
			},
			"silent": func(ctx context.Context, _ func(world.Query, func(*world.World))) error {
				<-ctx.Done()
				return ctx.Err()
			},
		} {
			t.Run(string(q.Kind)+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := Loop{
						RunID: "run", Options: engine.Defaults(), Now: time.Now, Report: func(plan.Plan) {},
						Look: func(ctx context.Context, _ []world.Query, found func(world.Query, func(*world.World))) error {
							return look(ctx, found)
						},
						Reconcile: func(w world.World, _ plan.Run) plan.Plan {
							p := plan.Plan{Steps: []plan.Step{{State: plan.Blocked}}}
							switch {
							case !w.Missed(q):
								p.Look = []world.Query{q}
							case q.Retried():
								p.Missed = []world.Query{q}
							}
							return p
						},
					}
					ctx, cancel := bounded(t)
					defer cancel()
					_, outcome, err := l.Run(ctx, nil)
					if err != nil || outcome != engine.IsBlocked && outcome != engine.StillToWait {
						t.Errorf("ended %s (%v), want it blocked, or still waiting", outcome, err)
					}
				})
			})
		}
	}
}
