// Package local carries a release out in one process: it looks, asks the plan
// what is left and the engine what to do next, does it, and looks again.
//
// One goroutine owns the world and the run.
// Actions and reads run beside it, and only report what came of them.
package local

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"amiship/internal/apply"
	"amiship/internal/awsapi"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Loop carries out one run. All fields must be set, but those that say so.
type Loop struct {
	RunID   string
	Options engine.Options
	Now     func() time.Time // AWS's clock
	// Look reads facts, and hands over what writes each into a world. An error says
	// that no call can work.
	Look      func(context.Context, []world.Query, func(world.Query, func(*world.World))) error
	Do        func(context.Context, plan.Action) (apply.Result, error)
	Reconcile func(world.World, plan.Run) plan.Plan
	// Affects returns the facts that an action may have changed.
	Affects func(plan.Action) []world.Query
	// Expired is closed when no call can work any longer, and Rejected says why: what is
	// under way, such as a build, may not notice for hours. Nil: that never happens.
	Expired  <-chan struct{}
	Rejected func() error
	// Report is called with every new plan, and Changed with each action that has been
	// carried out: plans may no longer have a step of it. Changed may be nil.
	Report  func(plan.Plan)
	Changed func(plan.Action)

	world  world.World
	run    plan.Run
	status engine.Status
	began  map[plan.ID]time.Time
	took   map[plan.ID]time.Duration
	tries  map[plan.ID]int
	missed map[plan.ID]int
	silent map[plan.ID]bool // steps that AWS has left without an answer
	acting int              // actions under way
	held   map[plan.ID]bool // steps that AWS has put off, each time so far: trying them is waiting
	ended  chan end
	// confirmed: claims were read after the last change, and nothing was left to do.
	confirmed bool
	reads     reads
}

// end is how an action went.
type end struct {
	action plan.Action
	result apply.Result
	err    error
}

// Run goes on until nothing is left to do, or only waits or blockers are. When
// stop is closed it begins nothing new, interrupts builds and boot tests, and
// gives its claims back; when ctx ends it leaves at once.
func (l *Loop) Run(ctx context.Context, stop <-chan struct{}) (plan.Plan, engine.Outcome, error) {
	l.world, l.run = world.New(), plan.NewRun(l.RunID)
	l.status = engine.Status{LookedAt: map[world.Query]time.Time{}}
	l.began, l.took = map[plan.ID]time.Time{}, map[plan.ID]time.Duration{}
	l.tries, l.missed, l.held = map[plan.ID]int{}, map[plan.ID]int{}, map[plan.ID]bool{}
	l.silent, l.ended = map[plan.ID]bool{}, make(chan end)
	l.reads, l.status.Looking = newReads(), map[world.Query]bool{}
	c := newContexts(ctx)
	defer func() {
		c.leave()
		l.reads.leave()
	}()
	for {
		p := l.reconcile()
		d := engine.Next(p, l.status, l.Options)
		if d.Stop != "" && len(l.run.InFlight) == 0 { // AWS may show an effect before the call has returned
			switch claims := l.unconfirmed(); {
			case d.Stop != engine.Complete:
				return p, d.Stop, nil
			case len(claims) > 0:
				d.Stop, d.Look = "", claims
			case !l.readsClaims():
				return p, d.Stop, nil
			}
		}
		if d.Stop == engine.StillToWait && l.status.Silenced > 0 {
			c.cut()
		}
		for _, s := range d.Start {
			l.start(c, s.Action)
		}
		if len(d.Start) > 0 {
			continue // to report what is running now
		}
		if len(d.Look) > 0 {
			l.read(c, &batch{queries: d.Look, needed: len(p.Look) > 0})
		}
		if err := l.await(c, d, &stop); err != nil {
			return p, engine.Interrupted, err
		}
	}
}

// await returns when something has changed. An error says that the run is over: ctx has
// ended, or no call can work.
func (l *Loop) await(c *contexts, d engine.Decision, stop *<-chan struct{}) error {
	for changed := false; !changed; {
		var err error
		select {
		case e := <-l.ended:
			changed, err = true, l.finish(c, e)
		case n := <-l.reads.news:
			changed, err = l.hear(n)
		case <-*stop:
			l.status.Stopping, l.run.Stopping, *stop, changed = true, true, nil, true
			c.stop()
		case <-c.late:
			c.cut()
		case <-l.Expired:
			err = l.Rejected()
		case <-time.After(min(l.untilWake(d), l.untilLate())):
			l.giveUpLate()
			changed = true
		case <-c.all.Done():
			return c.all.Err()
		}
		if err != nil {
			l.abandon(c)
			return err
		}
	}
	return nil
}

// abandon waits until what is under way has noticed that no call can work. Packer tries
// for longer to end its instance: its guard ends it with this process.
func (l *Loop) abandon(c *contexts) {
	c.end()
	late := time.After(engine.Late)
	for l.acting > 0 {
		select {
		case <-late:
			return
		case <-l.ended:
			l.acting--
		case <-l.reads.news:
		case <-c.all.Done():
			return
		}
	}
}

// unconfirmed are the claims to read once more before a run ends as complete: another run
// may have begun something that reads did not show before.
func (l *Loop) unconfirmed() []world.Query {
	if l.confirmed {
		return nil
	}
	l.confirmed = true
	var out []world.Query
	for q := range l.status.LookedAt {
		if q.Kind == world.LookClaims {
			out = append(out, q)
		}
	}
	return out
}

func (l *Loop) untilWake(d engine.Decision) time.Duration {
	if d.Wake.IsZero() {
		return time.Hour // something is under way, and will say so when it ends
	}
	return max(d.Wake.Sub(l.Now()), 10*time.Millisecond)
}

func (l *Loop) reconcile() plan.Plan {
	now := l.Now()
	l.world.Now, l.status.Now = now, now
	p := l.Reconcile(l.world, l.run)
	l.status.Silenced, l.status.Stuck = l.silenced(), l.reads.stuck()
	switch {
	case l.busy(p):
		l.status.Idle = time.Time{}
	case l.status.Idle.IsZero() && len(p.Look) == 0: // before AWS has answered, its time is not known
		l.status.Idle = now
	}
	l.timed(p)
	l.Report(p)
	return p
}

// silenced counts the steps under way that AWS has left without an answer before.
func (l *Loop) silenced() (n int) {
	for id := range l.run.InFlight {
		if l.silent[id] {
			n++
		}
	}
	return n
}

// readsClaims reports whether claims are being read.
func (l *Loop) readsClaims() bool {
	for q := range l.status.Looking {
		if q.Kind == world.LookClaims {
			return true
		}
	}
	return false
}

// busy reports whether something is done, or can be. What AWS has left without an
// answer before, or has put off, is only a wait for it.
func (l *Loop) busy(p plan.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s plan.Step) bool {
		return (s.State == plan.Running || s.State == plan.Ready) && !l.silent[s.ID] && !l.held[s.ID]
	})
}

// timed writes into a plan how long its steps took in this run.
func (l *Loop) timed(p plan.Plan) {
	for i, s := range p.Steps {
		began, mine := l.began[s.ID]
		if !mine || s.State != plan.Done {
			continue
		}
		if _, over := l.took[s.ID]; !over {
			l.took[s.ID] = l.Now().Sub(began)
		}
		p.Steps[i].Took = l.took[s.ID]
	}
}

func (l *Loop) start(c *contexts, act plan.Action) {
	l.run.InFlight[act.ID] = l.Now()
	if _, again := l.began[act.ID]; !again {
		l.began[act.ID] = l.Now()
	}
	delete(l.run.Failed, act.ID)
	l.confirmed = false
	l.acting++
	go func() {
		res, err := l.Do(c.of(act), act)
		select {
		case l.ended <- end{act, res, err}:
		case <-c.all.Done(): // no one receives any longer
		}
	}()
}

// finish notes how an action went, and reads again what it may have changed; until
// that is known it counts as under way. Others that ended meanwhile are taken along,
// so that a region is read once.
func (l *Loop) finish(c *contexts, first end) error {
	queries := map[world.Query]bool{}
	b := &batch{needed: true}
	ends := []end{first}
	for more := true; more; {
		select {
		case e := <-l.ended:
			ends = append(ends, e)
		default:
			more = false
		}
	}
	l.acting -= len(ends)
	for _, e := range ends {
		if awsapi.IsExpired(e.err) {
			return e.err
		}
		l.note(e)
		b.holds = append(b.holds, e.action.ID)
		for _, q := range l.Affects(e.action) {
			queries[q] = true
		}
		var held *apply.HeldError
		if errors.As(e.err, &held) {
			queries[held.Query] = true
		}
	}
	l.status.VainLooks = 0
	b.queries = slices.Collect(maps.Keys(queries))
	l.read(c, b)
	return nil
}

func (l *Loop) note(e end) {
	id := e.action.ID
	if !errors.Is(e.err, context.Canceled) { // that came of waiting no longer
		l.silent[id] = awsapi.Unreachable(e.err) != ""
	}
	l.held[id] = putOff(e) > 0
	if e.err != nil {
		l.noteFailure(e)
		return
	}
	l.run.Ended(e.action, e.result.Made, l.Now())
	if l.Changed != nil {
		l.Changed(e.action)
	}
	if err := e.result.Left; err != nil {
		l.run.Left[id] = plan.Left{Action: e.action, Failure: plan.Failure{Err: awsapi.Text(err), Code: awsapi.Code(err)}}
	}
}

// noteFailure notes what a failure says beyond that something did not work.
func (l *Loop) noteFailure(e end) {
	var lost *apply.LostClaim
	if errors.As(e.err, &lost) {
		l.run.ForgetClaim(lost.Group)
	}
	if errors.Is(e.err, apply.ErrClaimed) && l.tries[e.action.ID] < maxTries { // else what it is can't be told
		l.tries[e.action.ID]++
		l.run.Refused[plan.As[plan.TakeClaim](e.action).Claim] = l.Now()
		return
	}
	l.run.Failed[e.action.ID] = l.failure(e)
}

// How often an action is tried again when AWS could not do it just now, and
// after which time first; it doubles.
const (
	maxTries   = 4
	firstRetry = 5 * time.Second
)

// lockedRetry is the time between two tries at a product that is locked by what
// no look shows.
const lockedRetry = time.Minute

// throttledRetry is the time between two tries at what AWS refuses for its rate: its buckets
// fill meanwhile.
const throttledRetry = 15 * time.Second

// crowdedRetry is the time between two tries at a copy while a region has as many
// under way as it takes.
const crowdedRetry = 15 * time.Second

// putOff is after which time to try again what is no failure, however often it happens: AWS
// limits its rate, another caller was faster at a product, or others' copies are under way. Zero:
// none of these.
func putOff(e end) time.Duration {
	switch {
	case awsapi.IsThrottled(e.err):
		return throttledRetry
	case awsapi.IsEntityLocked(e.err): // that can take hours
		return lockedRetry
	case e.action.Kind() == plan.Copy && awsapi.IsOverLimit(e.err):
		return crowdedRetry
	}
	return 0
}

func (l *Loop) failure(e end) plan.Failure {
	f := plan.Failure{Err: awsapi.Text(e.err), Code: awsapi.Code(e.err)}
	if l.run.Stopping && errors.Is(e.err, context.Canceled) {
		f.Err = "stopped before it was done"
	}
	if later := putOff(e); later > 0 {
		f.Retry = l.Now().Add(later)
		return f
	}
	again := errors.Is(e.err, apply.ErrChanged) || awsapi.IsTransient(e.err) || errors.Is(e.err, context.Canceled) && !e.action.Kind().Long()
	if !again || l.tries[e.action.ID] >= maxTries {
		return f
	}
	f.Retry = l.Now().Add(firstRetry << l.tries[e.action.ID])
	if errors.Is(e.err, apply.ErrChanged) {
		f.Retry = l.Now()
	}
	l.tries[e.action.ID]++
	return f
}

// When a result that AWS returned but does not show counts as lost.
const (
	lostLooks = 3
	lostAfter = 3 * time.Minute
)

func (l *Loop) countMissing(q world.Query) {
	for id, m := range l.run.Made {
		if m.Lost || m.Region != q.Region || !looksAt(q, m) || l.world.Missed(q) {
			continue
		}
		if shows(l.world, q, m) {
			l.missed[id] = 0
			continue
		}
		l.missed[id]++
		m.Lost = l.missed[id] >= lostLooks && l.Now().Sub(m.At) > lostAfter
		l.run.Made[id] = m
	}
}

// shownClaims forgets which claims AWS has refused, once a read shows whose they are.
func (l *Loop) shownClaims(q world.Query) {
	if q.Kind != world.LookClaims {
		return
	}
	for _, c := range l.world.Regions[q.Region].Claims.Val {
		delete(l.run.Refused, c.Name)
	}
}

// looksAt reports whether a query could show what was made.
func looksAt(q world.Query, m plan.Made) bool {
	if m.Parameter != "" {
		return q.Kind == world.LookParams
	}
	if m.AMI == "" || q.Account != m.Account {
		return false
	}
	switch q.Kind {
	case world.LookImages, world.LookNamesakes, world.LookSellerImages: // what a run makes has a name of the release
		return true
	}
	return false
}

func shows(w world.World, q world.Query, m plan.Made) bool {
	r := w.Regions[q.Region]
	if m.Parameter != "" {
		return r.Params.Val[m.Parameter] == m.AMI
	}
	images := map[world.Kind][]world.Image{
		world.LookImages: r.Images.Val, world.LookNamesakes: r.Namesakes.Val, world.LookSellerImages: w.SellerImages[placeOf(q)].Val,
	}[q.Kind]
	return slices.ContainsFunc(images, func(i world.Image) bool { return i.ID == m.AMI })
}

func placeOf(q world.Query) release.Place {
	return release.Place{Account: q.Account, Region: q.Region}
}
