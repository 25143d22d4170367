package local

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"amiship/internal/apply"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// one is a release of a single step.
type one struct {
	kind plan.Kind

	mu    sync.Mutex
	did   int
	done  bool
	claim bool // a claim of this run is there to be given back
	do    func(ctx context.Context, n int) error
}

func (o *one) reconcile(w world.World, r plan.Run) plan.Plan {
	s := plan.Step{Action: plan.Action{ID: "step", Target: release.Key{Place: release.Place{Region: "us-east-1"}}, Change: o.kind.Change()}, State: plan.Ready}
	if _, ok := r.InFlight["step"]; ok {
		s.State = plan.Running
	} else if f, ok := r.Failed["step"]; ok {
		switch {
		case f.Retry.IsZero():
			s.State, s.Why = plan.Failed, f.Err
		case w.Now.Before(f.Retry):
			s.State, s.Retry = plan.Waiting, f.Retry
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.done {
		s.State = plan.Done
	}
	p := plan.Plan{Steps: []plan.Step{s}}
	if o.claim && s.State != plan.Running {
		unclaim := plan.Step{Action: plan.Action{ID: "unclaim", Change: plan.EndClaim{Own: true, Group: "sg-1"}}, State: plan.Ready}
		if _, ok := r.InFlight["unclaim"]; ok {
			unclaim.State = plan.Running
		}
		p.Steps = append(p.Steps, unclaim)
	}
	return p
}

func (o *one) apply(ctx context.Context, act plan.Action) (apply.Result, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if act.Kind() == plan.Unclaim {
		o.claim = false
		return apply.Result{}, nil
	}
	o.did++
	n := o.did
	o.mu.Unlock()
	err := o.do(ctx, n)
	o.mu.Lock()
	o.done = err == nil
	return apply.Result{}, err
}

func (o *one) run(t *testing.T, stop <-chan struct{}) (plan.Plan, engine.Outcome, error) {
	t.Helper()
	return o.runWith(t, stop, func(*Loop) {})
}

// runWith is run of a loop that is not as the others.
func (o *one) runWith(t *testing.T, stop <-chan struct{}, change func(*Loop)) (plan.Plan, engine.Outcome, error) {
	t.Helper()
	l := Loop{
		RunID: "run", Options: engine.Defaults(), Now: time.Now, Do: o.apply, Reconcile: o.reconcile,
		Look:    func(context.Context, []world.Query, func(world.Query, func(*world.World))) error { return nil },
		Affects: func(plan.Action) []world.Query { return []world.Query{{Kind: world.LookImages, Region: "us-east-1"}} },
		Report:  func(plan.Plan) {},
	}
	change(&l)
	ctx, cancel := bounded(t)
	defer cancel()
	return l.Run(ctx, stop)
}

// bounded is a context that ends a loop which a fault keeps going, in virtual time.
func bounded(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithTimeout(t.Context(), 12*time.Hour)
}

var (
	throttled = &smithy.GenericAPIError{Code: "RequestLimitExceeded"}
	broken    = &smithy.GenericAPIError{Code: "InternalError"}
	crowded   = &smithy.GenericAPIError{Code: "ResourceLimitExceeded", Message: "Too many snapshot copies in progress."}
	denied    = &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "ec2:CopyImage"}
)

func TestRetriesWhatMayWorkLater(t *testing.T) {
	for name, c := range map[string]struct {
		do      func(context.Context, int) error
		did     int
		outcome engine.Outcome
	}{
		"works at once":         {func(context.Context, int) error { return nil }, 1, engine.Complete},
		"throttled twice":       {func(_ context.Context, n int) error { return first(2, n, throttled) }, 3, engine.Complete},
		"throttled for long":    {func(_ context.Context, n int) error { return first(100, n, throttled) }, 101, engine.Complete},
		"throttled for ever":    {func(context.Context, int) error { return throttled }, 481, engine.StillToWait}, // two hours, every 15 s
		"AWS fails for good":    {func(context.Context, int) error { return broken }, 5, engine.HasFailed},
		"the region is crowded": {func(_ context.Context, n int) error { return first(20, n, crowded) }, 21, engine.Complete},
		"denied":                {func(context.Context, int) error { return denied }, 1, engine.HasFailed},
		"facts had changed":     {func(_ context.Context, n int) error { return first(1, n, apply.ErrChanged) }, 2, engine.Complete},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := &one{kind: plan.Copy, do: c.do}
				_, outcome, err := o.run(t, nil)
				if err != nil || outcome != c.outcome || o.did != c.did {
					t.Errorf("tried %d times, %s, %v; want %d times, %s", o.did, outcome, err, c.did, c.outcome)
				}
			})
		})
	}
}

// first returns err for the first so many tries.
func first(tries, n int, err error) error {
	if n <= tries {
		return err
	}
	return nil
}

// TestOtherQuotasAreFailures: only copies free capacity by themselves.
func TestOtherQuotasAreFailures(t *testing.T) {
	o := &one{kind: plan.Publish, do: func(context.Context, int) error { return crowded }}
	if _, outcome, _ := o.run(t, nil); outcome != engine.HasFailed || o.did != 1 {
		t.Errorf("tried %d times, %s; want once, and failed", o.did, outcome)
	}
}

func TestFailureSaysWhat(t *testing.T) {
	o := &one{kind: plan.Copy, do: func(context.Context, int) error { return denied }}
	p, _, _ := o.run(t, nil)
	if s, _ := p.Step("step"); s.Why != "UnauthorizedOperation: ec2:CopyImage" {
		t.Errorf("why: %q", s.Why)
	}
}

// TestInterrupted: a build is told to end, its claim is given back, nothing new
// is begun.
func TestInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		o := &one{kind: plan.Build, claim: true, do: func(ctx context.Context, n int) error {
			if n == 1 {
				close(stop)
			}
			<-ctx.Done()
			return ctx.Err()
		}}
		p, outcome, err := o.run(t, stop)
		if outcome != engine.Interrupted || err != nil {
			t.Errorf("ended %s, %v", outcome, err)
		}
		if why := p.Steps[0].Why; why != "stopped before it was done" {
			t.Errorf("why the build failed is %q", why)
		}
		if o.did != 1 || o.claim {
			t.Errorf("begun %d times, claim still held: %v", o.did, o.claim)
		}
	})
}

func TestLeavesAtOnceWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	o := &one{kind: plan.Copy, do: func(context.Context, int) error {
		cancel()
		select {}
	}}
	l := Loop{
		RunID: "run", Options: engine.Defaults(), Now: time.Now, Do: o.apply, Reconcile: o.reconcile,
		Look: func(ctx context.Context, _ []world.Query, _ func(world.Query, func(*world.World))) error {
			return ctx.Err()
		},
		Affects: func(plan.Action) []world.Query { return nil }, Report: func(plan.Plan) {},
	}
	if _, _, err := l.Run(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// TestWaitsByAWSsClock: this machine's clock is an hour behind AWS's, which shows
// with the first answer. Patience is counted from there.
func TestWaitsByAWSsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, ahead := time.Now(), time.Duration(0)
		q := world.Query{Kind: world.LookListing, Listing: "pro"}
		l := Loop{
			RunID: "run", Options: engine.Defaults(), Now: func() time.Time { return time.Now().Add(ahead) },
			Look: together(func(*world.World, []world.Query) { ahead = time.Hour }),
			Reconcile: func(world.World, plan.Run) plan.Plan {
				p := plan.Plan{Steps: []plan.Step{{State: plan.Waiting}}, Waits: []plan.Wait{{Query: q}}}
				if ahead == 0 {
					p.Look = []world.Query{q}
				}
				return p
			},
			Affects: func(plan.Action) []world.Query { return nil },
			Report:  func(plan.Plan) {},
		}
		l.Options.Wait = 30 * time.Minute
		_, outcome, err := l.Run(t.Context(), nil)
		if took := time.Since(began); err != nil || outcome != engine.StillToWait || took < l.Options.Wait || took > l.Options.Wait+time.Minute {
			t.Errorf("waited %s: %s, %v; want %s", took, outcome, err, l.Options.Wait)
		}
	})
}

// together makes reads of one that reads all queries at once.
func together(read func(*world.World, []world.Query)) func(context.Context, []world.Query, func(world.Query, func(*world.World))) error {
	return func(_ context.Context, queries []world.Query, found func(world.Query, func(*world.World))) error {
		if len(queries) > 0 {
			found(queries[0], func(w *world.World) { read(w, queries) })
		}
		return nil
	}
}
