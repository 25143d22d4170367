package reconcile

import (
	"fmt"
	"time"

	"amiship/internal/plan"
	"amiship/internal/world"
)

// findings are what a decision returns. They are a value: nothing is in the plan before the
// builder applies them.
type findings struct {
	steps    []plan.Step // settled
	blockers []plan.Blocker
	waits    []plan.Wait
	notes    []string
	quotas   []plan.Capacity
	queues   []plan.Queue
	bases    []plan.Base
	look     []world.Query // facts that were never read, or must be read again
	missed   []world.Query // facts that could not be read

	// What holds more than the step that it was found for. A blocker here need not hold a
	// step of its own.
	closed  []plan.Blocker // the gate, and builds: what a required region lacks
	lacking []plan.Blocker // builds: what one of them would be built from
	crowded []plan.Blocker // builds: listings whose quota of versions is used up
}

// include adds what another decision has found.
func (x *findings) include(o findings) {
	x.steps = append(x.steps, o.steps...)
	x.blockers = append(x.blockers, o.blockers...)
	x.waits = append(x.waits, o.waits...)
	x.notes = append(x.notes, o.notes...)
	x.quotas = append(x.quotas, o.quotas...)
	x.queues = append(x.queues, o.queues...)
	x.bases = append(x.bases, o.bases...)
	x.look = append(x.look, o.look...)
	x.missed = append(x.missed, o.missed...)
	x.closed = append(x.closed, o.closed...)
	x.lacking = append(x.lacking, o.lacking...)
	x.crowded = append(x.crowded, o.crowded...)
}

// conclude adds a verdict whose step is settled, and returns the step.
func (x *findings) conclude(v *verdict) plan.Step {
	x.include(v.findings)
	x.steps = append(x.steps, v.step)
	return v.step
}

// note tells a person something.
func (x *findings) note(format string, args ...any) {
	x.notes = append(x.notes, fmt.Sprintf(format, args...))
}

// block notes a blocker and one more step that it holds.
func (x *findings) block(bl plan.Blocker, holds plan.ID) {
	bl.Holds = []plan.ID{holds}
	x.blockers = append(x.blockers, bl)
}

// lack notes a blocker of what a build is made of: it holds all builds.
func (x *findings) lack(bl plan.Blocker, holds plan.ID) {
	x.block(bl, holds)
	x.lacking = append(x.lacking, bl)
}

func (x *findings) wait(on plan.ID, why string, q world.Query) {
	x.waitSince(on, why, q, time.Time{})
}

func (x *findings) waitSince(on plan.ID, why string, q world.Query, since time.Time) {
	x.waits = append(x.waits, plan.Wait{On: on, Why: why, Query: q, Since: since})
}

// waitUnshown waits for what this run has made, and AWS does not show.
func (x *findings) waitUnshown(on plan.ID, why string, q world.Query) {
	x.waits = append(x.waits, plan.Wait{On: on, Why: why, Query: q, Unshown: true})
}

// refresh has a fact read again.
func (x *findings) refresh(q world.Query) { x.look = append(x.look, q) }

// refreshAfter has a fact read again that is older than another read.
func (x *findings) refreshAfter(read, fact time.Time, q world.Query) {
	if read.After(fact) {
		x.refresh(q)
	}
}

// need notes a fact that was never read, or could not be.
func need[T any](x *findings, q world.Query, f world.Fact[T]) {
	switch {
	case f.At.IsZero():
		x.look = append(x.look, q)
	case f.Missed() && q.Retried():
		x.missed = append(x.missed, q)
	}
}

// verdict is what a decision says of a step: its state and why, and what comes with it, as
// a blocker, a wait, other steps. A decision that does not apply returns none: nil.
type verdict struct {
	step plan.Step
	findings
}

// decided returns a verdict with nothing but the step.
func decided(s plan.Step, state plan.State, why string) *verdict {
	s.State, s.Why = state, why
	return &verdict{step: s}
}

// queued has a step wait for others.
func queued(s plan.Step, after ...plan.ID) *verdict {
	s.State, s.After = plan.Queued, after
	return &verdict{step: s}
}

// blockedBy adds what holds the step.
func (v *verdict) blockedBy(bl plan.Blocker) *verdict {
	v.block(bl, v.step.ID)
	return v
}

// subject is what each subject of decisions has: the facts, and what it has found so far.
type subject struct {
	*facts
	*findings
}

func (f *facts) subject() subject { return subject{f, &findings{}} }

// add notes a step as far as the run knows it, and returns it.
func (x subject) add(s plan.Step) plan.Step { return x.conclude(x.settled(s)) }

// decide notes a verdict, its step as far as the run knows it, and returns the step.
func (x subject) decide(v *verdict) plan.Step { return x.conclude(x.settle(v)) }
