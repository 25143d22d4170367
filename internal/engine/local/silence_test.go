package local

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"amiship/internal/apply"
	"amiship/internal/awsapi"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// aws has two regions, of which one may be silent. Reads give up after a minute.
type aws struct {
	mu       sync.Mutex
	silent   bool
	falls    bool            // silent once something was done there
	answers  time.Time       // the silent region's, from then on; zero: never
	began    map[string]bool // regions in which the step was done
	begun    time.Time
	firstly  time.Duration // after which the step was done that can be
	stopping chan struct{}
}

const quiet = "eu-west-1"

func (a *aws) look(ctx context.Context, queries []world.Query, found func(world.Query, func(*world.World))) error {
	for _, q := range queries {
		if q.Region == quiet && a.isSilent() {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Minute):
			}
			if a.isSilent() {
				found(q, func(w *world.World) { w.Miss(q, time.Now(), "does not answer") })
				continue
			}
		}
		found(q, func(w *world.World) {
			w.Regions[q.Region] = world.Region{Images: world.Fact[[]world.Image]{At: time.Now()}}
		})
	}
	return nil
}

func (a *aws) isSilent() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.falls && a.began[quiet] || a.silent && (a.answers.IsZero() || time.Now().Before(a.answers))
}

func (a *aws) apply(_ context.Context, act plan.Action) (apply.Result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.began[act.Target.Region] = true
	if a.firstly == 0 {
		a.firstly = time.Since(a.begun)
	}
	return apply.Result{}, nil
}

// reconcile wants one step in each region, where it can be read.
func (a *aws) reconcile(w world.World, r plan.Run) plan.Plan {
	a.mu.Lock()
	defer a.mu.Unlock()
	var p plan.Plan
	for _, region := range []string{"us-east-1", quiet} {
		q := world.Query{Kind: world.LookImages, Region: region}
		s := plan.Step{State: plan.Ready, Action: plan.Action{
			ID: plan.ID(region), Target: release.Key{Place: release.Place{Region: region}},
			Change: plan.CopyImage{},
		}}
		_, running := r.InFlight[s.ID]
		switch images := w.Regions[region].Images; {
		case images.At.IsZero():
			p.Look = append(p.Look, q)
			s.State = plan.Waiting
		case images.Missed():
			p.Missed = append(p.Missed, q)
			s.State, s.Why = plan.Blocked, images.Err
		case running:
			s.State = plan.Running
		case a.began[region]:
			s.State = plan.Done
		}
		p.Steps = append(p.Steps, s)
	}
	return p
}

func (a *aws) run(t *testing.T, wait time.Duration) (plan.Plan, engine.Outcome, time.Duration) {
	t.Helper()
	a.began, a.begun = map[string]bool{}, time.Now()
	l := Loop{
		RunID: "run", Options: engine.Defaults(), Now: time.Now, Do: a.apply, Reconcile: a.reconcile, Look: a.look,
		Affects: func(act plan.Action) []world.Query {
			return []world.Query{{Kind: world.LookImages, Region: act.Target.Region}}
		},
		Report: func(plan.Plan) {},
	}
	l.Options.Wait = wait
	p, outcome, err := l.Run(t.Context(), a.stopping)
	if err != nil {
		t.Errorf("ended with %v", err)
	}
	return p, outcome, time.Since(a.begun)
}

// TestSilentRegion: the others go on within seconds, the wait holds, and the fact says
// what was waited for. It counts when the answer comes late.
func TestSilentRegion(t *testing.T) {
	for name, c := range map[string]struct {
		silent  bool
		answers time.Duration // zero: never
		wait    time.Duration
		outcome engine.Outcome
		within  time.Duration
	}{
		"answers":                   {false, 0, time.Hour, engine.Complete, time.Second},
		"silent for ever":           {true, 0, time.Hour, engine.IsBlocked, 5 * time.Minute},
		"silent, and little wait":   {true, 0, 20 * time.Second, engine.StillToWait, 40 * time.Second},
		"silent, and no wait":       {true, 0, 0, engine.StillToWait, 2*engine.Late + time.Second},
		"answers within a minute":   {true, 50 * time.Second, time.Hour, engine.Complete, 90 * time.Second},
		"answers when asked thrice": {true, 130 * time.Second, time.Hour, engine.Complete, 4 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &aws{silent: c.silent}
				if c.answers > 0 {
					a.answers = time.Now().Add(c.answers)
				}
				p, outcome, took := a.run(t, c.wait)
				if outcome != c.outcome || took > c.within {
					t.Errorf("ended %s after %v, want %s within %v", outcome, took, c.outcome, c.within)
				}
				if !a.began["us-east-1"] || a.firstly > engine.Late+time.Second {
					t.Errorf("the other region was begun: %v, after %v", a.began["us-east-1"], a.firstly)
				}
				if s, _ := p.Step(quiet); outcome == engine.IsBlocked && s.Why != "does not answer" {
					t.Errorf("the silent region is %s: %q", s.State, s.Why)
				}
			})
		})
	}
}

// TestStopEndsReads: the first word to stop ends what is only read, at once.
func TestStopEndsReads(t *testing.T) {
	for name, c := range map[string]struct {
		silent, falls bool
		after         time.Duration
	}{
		"at the first read": {true, false, time.Second},
		"later":             {true, false, 90 * time.Second},
		"of what was done":  {false, true, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &aws{silent: c.silent, falls: c.falls, stopping: make(chan struct{})}
				time.AfterFunc(c.after, func() { close(a.stopping) })
				if _, outcome, took := a.run(t, time.Hour); outcome != engine.Interrupted || took > c.after+time.Second {
					t.Errorf("ended %s after %v, want it interrupted after %v", outcome, took, c.after)
				}
			})
		})
	}
}

// silence is a call that is not answered: each takes forty seconds.
func silence(ctx context.Context, _ int) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(40 * time.Second):
		return &awsapi.SilentError{Address: "https://ec2.eu-west-1.amazonaws.com", Within: 20 * time.Second}
	}
}

// TestSilentStep: a change that is not answered is tried again as long as the run may
// stay, and no longer; a word to stop ends it within seconds.
func TestSilentStep(t *testing.T) {
	for name, c := range map[string]struct {
		wait, stop, within time.Duration
		outcome            engine.Outcome
	}{
		"tried often enough": {2 * time.Hour, 0, 6 * time.Minute, engine.HasFailed},
		"waited for":         {20 * time.Second, 0, 70 * time.Second, engine.StillToWait},
		"no wait":            {0, 0, 50 * time.Second, engine.StillToWait},
		"told to stop":       {2 * time.Hour, 5 * time.Second, 5*time.Second + grace + time.Second, engine.Interrupted},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stop := make(chan struct{})
				if c.stop > 0 {
					time.AfterFunc(c.stop, func() { close(stop) })
				}
				began := time.Now()
				o := &one{kind: plan.Copy, do: silence}
				_, outcome, err := o.runWith(t, stop, func(l *Loop) { l.Options.Wait = c.wait })
				if took := time.Since(began); err != nil || outcome != c.outcome || took > c.within {
					t.Errorf("ended %s (%v) after %v, want %s within %v", outcome, err, took, c.outcome, c.within)
				}
			})
		})
	}
}

// TestExpiredCredentials: the run ends with that, whatever else is under way.
func TestExpiredCredentials(t *testing.T) {
	expired := &awsapi.CredentialsError{Err: errors.New("ExpiredToken")}
	gone := make(chan struct{})
	close(gone)
	for name, c := range map[string]struct {
		step, look error
		expired    <-chan struct{}
		kind       plan.Kind
	}{
		"a step": {step: expired, kind: plan.Copy}, "a read": {look: expired, kind: plan.Copy}, "something beside a build": {expired: gone, kind: plan.Build},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ends := make(chan struct{})
				o := &one{kind: c.kind, do: func(context.Context, int) error {
					if c.kind == plan.Build {
						<-ends // it does not notice
					}
					return c.step
				}}
				began := time.Now()
				defer close(ends)
				_, outcome, err := o.runWith(t, nil, func(l *Loop) {
					l.Look = func(context.Context, []world.Query, func(world.Query, func(*world.World))) error { return c.look }
					l.Expired, l.Rejected = c.expired, func() error { return expired }
				})
				if took := time.Since(began); !errors.Is(err, expired) || outcome != engine.Interrupted || took > engine.Late {
					t.Errorf("ended %s, %v, after %v", outcome, err, took)
				}
			})
		})
	}
}

// TestOlderAnswers: what was read before a change was made does not count after it.
func TestOlderAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var heard []string
		l := Loop{Now: time.Now, world: world.New(), reads: newReads(), status: engine.Status{LookedAt: map[world.Query]time.Time{}, Looking: map[world.Query]bool{}}}
		q := world.Query{Kind: world.LookImages, Region: quiet}
		l.Look = func(_ context.Context, _ []world.Query, found func(world.Query, func(*world.World))) error {
			n := "new"
			if len(heard) == 0 {
				heard = []string{"asked"}
				n = "old"
				time.Sleep(time.Second)
			}
			found(q, func(*world.World) { heard = append(heard, n) })
			return nil
		}
		c := newContexts(t.Context())
		defer c.leave()
		for range 2 {
			l.read(c, &batch{queries: []world.Query{q}, needed: true})
			synctest.Wait()
		}
		for range 4 {
			if _, err := l.hear(<-l.reads.news); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(heard, []string{"asked", "new"}) {
			t.Errorf("heard %v", heard)
		}
	})
}

// TestManyFactsOfOneAPI: what comes at an API's rate, one fact after the other, is read,
// however long all of it takes; and no fact of it counts as one that is late.
func TestManyFactsOfOneAPI(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const listings, every = 61, 3 * time.Second
		var looks []world.Query
		for n := range listings {
			looks = append(looks, world.Query{Kind: world.LookListing, Listing: strconv.Itoa(n)})
		}
		late := false
		l := Loop{
			RunID: "run", Options: engine.Options{Poll: time.Second, Parallel: 1}, Now: time.Now, Report: func(plan.Plan) {},
			Look: func(_ context.Context, queries []world.Query, found func(world.Query, func(*world.World))) error {
				for _, q := range queries {
					time.Sleep(every)
					found(q, func(w *world.World) {
						w.Listings[q.Listing] = world.Listing{Entity: world.Fact[world.Entity]{At: time.Now()}}
					})
				}
				return nil
			},
			Reconcile: func(w world.World, _ plan.Run) (p plan.Plan) {
				for _, q := range looks {
					switch entity := w.Listings[q.Listing].Entity; {
					case entity.Missed():
						late = true
					case entity.At.IsZero():
						p.Look = append(p.Look, q)
					}
				}
				return p
			},
		}
		began := time.Now()
		_, outcome, err := l.Run(t.Context(), nil)
		if took := time.Since(began); err != nil || outcome != engine.Complete || late || took != listings*every {
			t.Errorf("%s after %s, a fact was late: %v, error %v", outcome, took, late, err)
		}
	})
}
