package local

import (
	"context"
	"testing"
	"time"

	"amiship/internal/apply"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestWhatARemovalLeaves: the AMI is gone, its step is not done again, and the run
// fails for what is left.
func TestWhatARemovalLeaves(t *testing.T) {
	image := world.Image{ID: "ami-1", Name: "P 1.0.0", State: world.Failed, Tags: map[string]string{record.TagProject: "1:p", record.TagTag: "1:v1.0.0"}}
	removals := 0
	l := Loop{
		RunID: "run", Options: engine.Defaults(), Now: time.Now, Reconcile: reconcile.Sweep{Project: "p", Regions: []string{"us-east-1"}}.Reconcile,
		Look: together(func(w *world.World, _ []world.Query) {
			at := time.Now()
			w.Regions["us-east-1"] = world.Region{ // it lags behind: the AMI is shown for ever
				Images: world.Fact[[]world.Image]{At: at, Val: []world.Image{image}}, Claims: world.Fact[[]world.Claim]{At: at}, Snapshots: world.Fact[[]world.Snapshot]{At: at},
				Usage: world.Fact[world.Usage]{At: at},
			}
		}),
		Do: func(context.Context, plan.Action) (apply.Result, error) {
			removals++
			return apply.Result{Left: denied}, nil
		},
		Affects: func(act plan.Action) []world.Query { return act.Affects(release.Desired{}) },
		Report:  func(plan.Plan) {},
	}
	p, outcome, err := l.Run(t.Context(), nil)
	if err != nil || outcome != engine.HasFailed || removals != 1 {
		t.Fatalf("%d removals, %s, %v; want one, and failed", removals, outcome, err)
	}
	if len(p.Steps) != 1 || p.Steps[0].State != plan.Failed || p.Steps[0].Code != "UnauthorizedOperation" {
		t.Errorf("%+v", p.Steps)
	}
}
