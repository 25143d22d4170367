// Package local carries a release out in one process: it looks, asks the plan
// what is left and the engine what to do next, does it, and looks again.
//
// What a newcomer would get wrong: one goroutine owns the world and the run.
// Actions run beside it and only report that they ended.
package local

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"amiship/internal/apply"
	"amiship/internal/awsapi"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Loop carries out one run. All fields must be set.
type Loop struct {
	RunID     string
	Options   engine.Options
	Now       func() time.Time // AWS's clock
	Look      func(context.Context, *world.World, []world.Query) error
	Do        func(context.Context, plan.Action) (apply.Result, error)
	Reconcile func(world.World, plan.Run) plan.Plan
	Touches   func(plan.Action) []world.Query
	// Report is called with every new plan.
	Report func(plan.Plan)

	world  world.World
	run    plan.Run
	status engine.Status
	began  map[plan.ID]time.Time
	took   map[plan.ID]time.Duration
	tries  map[plan.ID]int
	missed map[plan.ID]int
	ended  chan end
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
	l.tries, l.missed = map[plan.ID]int{}, map[plan.ID]int{}
	l.ended = make(chan end)
	long, interrupt := context.WithCancel(ctx)
	defer interrupt()
	for {
		p := l.reconcile()
		d := engine.Next(p, l.status, l.Options)
		if d.Stop != "" && len(l.run.InFlight) == 0 { // AWS may show an effect before the call has returned
			return p, d.Stop, nil
		}
		for _, s := range d.Start {
			l.start(ctx, long, s.Action)
		}
		if len(d.Start) > 0 {
			continue // to report what is running now
		}
		if len(d.Look) > 0 {
			if err := l.look(ctx, d.Look); err != nil {
				return p, engine.Interrupted, err
			}
			continue
		}
		select {
		case e := <-l.ended:
			if err := l.finish(ctx, e); err != nil {
				return p, engine.Interrupted, err
			}
		case <-stop:
			l.status.Stopping, stop = true, nil
			interrupt()
		case <-time.After(l.untilWake(d)):
		case <-ctx.Done():
			return p, engine.Interrupted, ctx.Err()
		}
	}
}

func (l *Loop) untilWake(d engine.Decision) time.Duration {
	if d.Wake.IsZero() {
		return time.Hour // something is running, and will say so when it ends
	}
	return max(d.Wake.Sub(l.Now()), 10*time.Millisecond)
}

func (l *Loop) reconcile() plan.Plan {
	now := l.Now()
	l.world.Now, l.status.Now = now, now
	p := l.Reconcile(l.world, l.run)
	busy := p.Count(plan.Running)+p.Count(plan.Ready) > 0
	switch {
	case busy:
		l.status.Idle = time.Time{}
	case l.status.Idle.IsZero() && len(p.Look) == 0: // before AWS has answered, its time is not known
		l.status.Idle = now
	}
	l.timed(p)
	l.Report(p)
	return p
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

func (l *Loop) start(ctx, long context.Context, act plan.Action) {
	l.run.InFlight[act.ID] = l.Now()
	if _, again := l.began[act.ID]; !again {
		l.began[act.ID] = l.Now()
	}
	delete(l.run.Failed, act.ID)
	under := ctx
	if act.Kind.Long() {
		under = long // ends with the first word to stop
	}
	go func() {
		res, err := l.Do(under, act)
		select {
		case l.ended <- end{act, res, err}:
		case <-ctx.Done(): // nobody listens any more
		}
	}()
}

// finish notes how an action went, and reads again what it may have changed.
// Others that ended meanwhile are taken along, so that a region is read once.
func (l *Loop) finish(ctx context.Context, first end) error {
	queries := map[world.Query]bool{}
	take := func(e end) {
		l.note(e)
		for _, q := range l.Touches(e.action) {
			queries[q] = true
		}
	}
	take(first)
	for {
		select {
		case e := <-l.ended:
			take(e)
			continue
		default:
		}
		break
	}
	l.status.VainLooks = 0
	return l.look(ctx, slices.Collect(maps.Keys(queries)))
}

func (l *Loop) note(e end) {
	id := e.action.ID
	delete(l.run.InFlight, id)
	if e.err != nil {
		l.run.Failed[id] = l.failure(e)
		return
	}
	switch e.action.Kind {
	case plan.Claim, plan.Build, plan.Test, plan.Copy, plan.Validate, plan.ChangeSet, plan.Restrict:
		l.run.Made[id] = plan.Made{AMI: e.result.Made, Region: e.action.Target.Region, Account: e.action.Target.Account, At: l.Now()}
	case plan.Parameter:
		l.run.Made[id] = plan.Made{AMI: e.action.Value, Name: e.action.Name, Region: e.action.Target.Region, At: l.Now()}
	case plan.Unclaim:
		l.run.Removed[e.action.Group] = true
		maps.DeleteFunc(l.run.Made, func(id plan.ID, m plan.Made) bool { return m.AMI == e.action.Group })
	case plan.Remove, plan.Discard:
		l.run.Removed[e.action.AMI] = true
	}
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

// crowdedRetry is the time between two tries at a copy while a region has as many
// under way as it takes.
const crowdedRetry = 15 * time.Second

func (l *Loop) failure(e end) plan.Failure {
	f := plan.Failure{Err: awsapi.Text(e.err), Code: awsapi.Code(e.err)}
	switch {
	case awsapi.IsEntityLocked(e.err): // somebody was faster: that can take hours, and is no failure
		f.Retry = l.Now().Add(lockedRetry)
		return f
	case e.action.Kind == plan.Copy && awsapi.IsOverLimit(e.err): // nor is this: others' copies end
		f.Retry = l.Now().Add(crowdedRetry)
		return f
	}
	again := errors.Is(e.err, apply.ErrChanged) || awsapi.IsTransient(e.err)
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

// look reads facts, and keeps count of what cannot be read and of what was made
// and is not shown.
func (l *Loop) look(ctx context.Context, queries []world.Query) error {
	if err := l.Look(ctx, &l.world, queries); err != nil {
		return err
	}
	vain := false
	for _, q := range queries {
		vain = vain || missing(l.world, q)
		l.status.LookedAt[q] = l.Now()
		l.countMissing(q)
	}
	if vain {
		l.status.VainLooks++
	}
	return nil
}

func missing(w world.World, q world.Query) bool {
	r := w.Regions[q.Region]
	switch q.Kind {
	case world.LookImages:
		return r.Images.Missed()
	case world.LookGrants:
		return r.Grants[q.Account].Missed()
	case world.LookClaims:
		return r.Claims.Missed()
	case world.LookParams:
		return r.Params.Missed()
	case world.LookLimits:
		return r.Limits.Missed()
	case world.LookListing:
		return w.Listings[q.Listing].Entity.Missed() || w.Listings[q.Listing].Sets.Missed()
	case world.LookChangeSet:
		return w.Sets[q.Set].Missed()
	case world.LookAbroad:
		return w.Abroad[placeOf(q)].Missed()
	default:
		return false
	}
}

// When a result that AWS returned but does not show counts as lost.
const (
	lostLooks = 3
	lostAfter = 3 * time.Minute
)

func (l *Loop) countMissing(q world.Query) {
	for id, m := range l.run.Made {
		if m.Lost || m.Region != q.Region || !looksAt(q, m) || missing(l.world, q) {
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

// looksAt reports whether a query could show what was made.
func looksAt(q world.Query, m plan.Made) bool {
	if m.Name != "" {
		return q.Kind == world.LookParams
	}
	kind := world.LookImages
	if m.Account != "" {
		kind = world.LookAbroad
	}
	return q.Kind == kind && q.Account == m.Account && strings.HasPrefix(m.AMI, "ami-")
}

func shows(w world.World, q world.Query, m plan.Made) bool {
	r := w.Regions[q.Region]
	if m.Name != "" {
		return r.Params.Val[m.Name] == m.AMI
	}
	images := r.Images.Val
	if m.Account != "" {
		images = w.Abroad[placeOf(q)].Val
	}
	return slices.ContainsFunc(images, func(i world.Image) bool { return i.ID == m.AMI })
}

func placeOf(q world.Query) release.Place {
	return release.Place{Account: q.Account, Region: q.Region}
}
