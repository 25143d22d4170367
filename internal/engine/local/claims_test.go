package local

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"amiship/internal/apply"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

var (
	here       = release.Key{Image: "ce", Arch: "amd64", Place: release.Place{Region: "us-east-1"}}
	claimsHere = world.Query{Kind: world.LookClaims, Region: "us-east-1"}
)

// claimed is a loop over a plan of a test's own; shown are the claims that each read finds.
func claimed(shown func(n int) []world.Claim, reconcile func(world.World, plan.Run) plan.Plan, do func(context.Context, plan.Action) (apply.Result, error)) (l *Loop, reads *int) {
	reads = new(int)
	return &Loop{
		RunID: "mine", Options: engine.Defaults(), Now: time.Now, Do: do, Reconcile: reconcile,
		Look: together(func(w *world.World, queries []world.Query) {
			if !slices.Contains(queries, claimsHere) {
				return
			}
			*reads++
			r := w.Regions["us-east-1"]
			r.SawClaims(world.Fact[[]world.Claim]{At: time.Now(), Val: shown(*reads)})
			w.Regions["us-east-1"] = r
		}),
		Affects: func(plan.Action) []world.Query { return nil },
		Report:  func(plan.Plan) {},
	}, reads
}

// TestReadsClaimsBeforeItIsComplete: the first read does not show another run's claim. The
// release is complete only when a read after its last change shows none.
func TestReadsClaimsBeforeItIsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		left := []world.Claim{{Group: "sg-1", Name: "claim", Run: "dead", Alive: time.Now().Add(-time.Hour)}}
		l, reads := claimed(func(n int) []world.Claim {
			if n == 1 {
				return nil
			}
			return left
		}, func(w world.World, r plan.Run) plan.Plan {
			claims := w.Regions["us-east-1"].Claims
			switch {
			case claims.At.IsZero():
				return plan.Plan{Look: []world.Query{claimsHere}}
			case len(claims.Val) == 0 || r.Removed["sg-1"]:
				return plan.Plan{}
			}
			s := plan.Step{State: plan.Ready, Action: plan.Action{ID: "unclaim", Target: here, Change: plan.EndClaim{Group: "sg-1"}}}
			if _, ok := r.InFlight[s.ID]; ok {
				s.State = plan.Running
			}
			return plan.Plan{Steps: []plan.Step{s}}
		}, func(context.Context, plan.Action) (apply.Result, error) {
			left = nil
			return apply.Result{}, nil
		})
		_, outcome, err := l.Run(t.Context(), nil)
		if err != nil || outcome != engine.Complete || left != nil || *reads != 3 {
			t.Errorf("%s, %v, after %d reads, with %v left; want a read before, one that shows the claim, and one after its end", outcome, err, *reads, left)
		}
	})
}

// TestADuplicateIsAFact: AWS refuses a claim that no read shows. The plan is told so, and
// the claim is no failure; once a read shows whose it is, that counts.
func TestADuplicateIsAFact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []bool
		tried := 0
		l, _ := claimed(func(n int) []world.Claim {
			if n == 2 {
				return []world.Claim{{Group: "sg-1", Name: "claim", Run: "other", Alive: time.Now()}}
			}
			return nil
		}, func(_ world.World, r plan.Run) plan.Plan {
			s := plan.Step{State: plan.Ready, Action: plan.Action{ID: "claim", Target: here, Change: plan.TakeClaim{Claim: "claim"}}}
			_, refused := r.Refused["claim"]
			if len(told) == 0 || told[len(told)-1] != refused {
				told = append(told, refused)
			}
			switch {
			case len(r.Failed) > 0:
				s.State = plan.Failed
			case len(r.InFlight) > 0:
				s.State = plan.Running
			case r.Made["claim"].Claim != "":
				s.State = plan.Done
			case refused:
				s.State = plan.Waiting
				return plan.Plan{Steps: []plan.Step{s}, Waits: []plan.Wait{{On: "claim", Query: claimsHere}}}
			}
			return plan.Plan{Steps: []plan.Step{s}}
		}, func(context.Context, plan.Action) (apply.Result, error) {
			if tried++; tried == 1 {
				return apply.Result{}, apply.ErrClaimed
			}
			return apply.Result{Made: "sg-2"}, nil
		})
		_, outcome, err := l.Run(t.Context(), nil)
		if err != nil || outcome != engine.Complete || tried != 2 || !slices.Equal(told, []bool{false, true, false}) {
			t.Errorf("%s, %v; tried %d times; the plan was told %v", outcome, err, tried, told)
		}
	})
}

// TestALostClaimIsMadeAgain: what was done under it is tried again, under a new one.
func TestALostClaimIsMadeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var did []plan.Kind
		l, _ := claimed(func(int) []world.Claim { return nil }, func(_ world.World, r plan.Run) plan.Plan {
			claim := plan.Step{State: plan.Ready, Action: plan.Action{ID: "claim", Target: here, Change: plan.TakeClaim{}}}
			build := plan.Step{State: plan.Queued, Action: plan.Action{ID: "build", Target: here, Change: plan.BuildCandidate{}}}
			if r.Made["claim"].Claim != "" {
				claim.State, build.State = plan.Done, plan.Ready
			}
			if f, failed := r.Failed["build"]; failed && f.Retry.IsZero() {
				build.State = plan.Failed
			}
			if r.Made["build"].AMI != "" {
				build.State = plan.Done
			}
			for _, s := range []*plan.Step{&claim, &build} {
				if _, ok := r.InFlight[s.ID]; ok {
					s.State = plan.Running
				}
			}
			return plan.Plan{Steps: []plan.Step{claim, build}}
		}, func(_ context.Context, act plan.Action) (apply.Result, error) {
			did = append(did, act.Kind())
			if act.Kind() == plan.Build && len(did) == 2 {
				return apply.Result{}, &apply.LostClaim{Claim: "claim", Group: "sg-1", Err: errors.New("refused")}
			}
			return apply.Result{Made: "sg-1"}, nil
		})
		_, outcome, err := l.Run(t.Context(), nil)
		if want := []plan.Kind{plan.Claim, plan.Build, plan.Claim, plan.Build}; err != nil || outcome != engine.Complete || !slices.Equal(did, want) {
			t.Errorf("%s, %v: did %v, want %v", outcome, err, did, want)
		}
	})
}
