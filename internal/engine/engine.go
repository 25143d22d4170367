// Package engine decides what a run does next: what to start, what to read
// again and when, and when to stop. Deciding is pure; package local carries it
// out in one process. A Planner reads for plans that are only shown.
//
// The engine never decides what a release
// needs. That is in the plan; here is only order, patience and limits.
package engine

import (
	"cmp"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/world"
)

// Options are the limits of a run.
type Options struct {
	Poll     time.Duration // between two looks at something pending
	Parallel int           // actions at once, builds aside
	Builds   int           // builds and boot tests at once
	Wait     time.Duration // how long to stay when only waits are left
	Looks    int           // how often something that could not be read is read again, with nothing else to do
}

// Defaults are what a person at a terminal would expect.
func Defaults() Options {
	return Options{Poll: 4 * time.Second, Parallel: 32, Builds: 2, Wait: 2 * time.Hour, Looks: 3}
}

// Status is what the caller knows of the run besides the plan.
type Status struct {
	Now       time.Time
	Idle      time.Time                 // since when nothing but waits was left; zero: something is under way
	LookedAt  map[world.Query]time.Time // when a query was last read
	Looking   map[world.Query]bool      // queries that are being read
	Stuck     bool                      // of none of them has anything come for longer than Late
	Silenced  int                       // steps under way that AWS has left without an answer before
	VainLooks int                       // looks since something last changed, at facts that could not be read
	Stopping  bool                      // asked to stop: start nothing more
}

// Outcome is how a run ended.
type Outcome string

// The outcomes of a run.
const (
	Complete    Outcome = "complete"
	StillToWait Outcome = "waiting" // run again to resume
	IsBlocked   Outcome = "blocked"
	HasFailed   Outcome = "failed"
	Interrupted Outcome = "interrupted"
)

// Worse returns the one of two outcomes that more must be done about.
func (o Outcome) Worse(other Outcome) Outcome {
	ranks := []Outcome{Complete, StillToWait, IsBlocked, HasFailed, Interrupted}
	if slices.Index(ranks, other) > slices.Index(ranks, o) {
		return other
	}
	return o
}

// Decision is what to do now.
type Decision struct {
	Start []plan.Step   // begin these, side by side
	Look  []world.Query // read these now
	Wake  time.Time     // ask again then, or when a step ends
	Stop  Outcome       // not empty: the run is over
}

// Late is after which time without a fact what is being read counts as what could not
// be read so far: everything else goes on without it. Many facts of one API come for
// longer than that, at its rate.
const Late = 10 * time.Second

// Next decides.
func Next(p plan.Plan, s Status, o Options) Decision {
	running := p.Count(plan.Running)
	switch {
	case s.Stopping:
		return stopping(p, running)
	case len(p.Look) > 0:
		return Decision{Look: slices.DeleteFunc(slices.Clone(p.Look), func(q world.Query) bool { return s.Looking[q] })}
	}
	d := Decision{Start: startable(p, o)}
	if len(d.Start) == 0 && running == s.Silenced {
		if d.Stop = over(p, s, o); d.Stop != "" {
			return d
		}
	}
	d.Look, d.Wake = polls(p, s, o)
	if s.stayed(o) && len(s.Looking) > 0 {
		d.Look = nil // what is being read is the last that it stays for
	}
	if end := s.Idle.Add(o.Wait); !s.Idle.IsZero() && end.After(s.Now) && end.Before(d.Wake) {
		d.Wake = end // it may stay no longer, however long the next look takes to come
	}
	return d
}

// stayed reports whether the run has stayed as long as it may.
func (s Status) stayed(o Options) bool { return !s.Idle.IsZero() && s.Now.Sub(s.Idle) >= o.Wait }

// stopping starts nothing but the end of this run's own claims.
func stopping(p plan.Plan, running int) Decision {
	d := Decision{}
	for _, s := range p.Steps {
		if s.State == plan.Ready && s.Own() {
			d.Start = append(d.Start, s)
		}
	}
	if len(d.Start)+running == 0 {
		d.Stop = Interrupted
	}
	return d
}

// startable picks the ready steps that the limits allow.
func startable(p plan.Plan, o Options) []plan.Step {
	builds, others := o.Builds, o.Parallel
	for _, s := range p.Steps {
		if s.State != plan.Running {
			continue
		}
		if s.Kind().Long() {
			builds--
		} else {
			others--
		}
	}
	var out []plan.Step
	for _, s := range p.Steps {
		if s.State != plan.Ready {
			continue
		}
		left := &others
		if s.Kind().Long() {
			left = &builds
		}
		if *left > 0 {
			*left--
			out = append(out, s)
		}
	}
	return out
}

// over says how the run ends when nothing is running and nothing can start.
func over(p plan.Plan, s Status, o Options) Outcome {
	vain := len(p.Missed) > 0 && s.VainLooks < o.Looks
	switch {
	case p.Complete():
		return Complete
	case len(s.Looking) > 0 || s.Silenced > 0: // AWS may take for ever to answer
		if s.stayed(o) && (s.Stuck || len(s.Looking) == 0) {
			return StillToWait
		}
		return ""
	case slices.ContainsFunc(p.Waits, func(w plan.Wait) bool { return w.Unshown }):
		return ""
	case p.Held && p.Count(plan.Failed) == 0 && !(vain && missesPause(p)): // whatever it waits for, nothing may follow
		return IsBlocked
	case vain:
		return ""
	case len(p.Waits) > 0 || retries(p):
		if s.stayed(o) {
			return StillToWait
		}
		return ""
	case p.Count(plan.Failed) > 0:
		return HasFailed
	default:
		return IsBlocked
	}
}

// missesPause reports whether it could not be read whether changes are paused.
func missesPause(p plan.Plan) bool {
	return slices.ContainsFunc(p.Missed, func(q world.Query) bool { return q.Kind == world.LookPause })
}

// retries reports whether a step waits for nothing but its next try.
func retries(p plan.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s plan.Step) bool { return s.State == plan.Waiting && !s.Retry.IsZero() })
}

// slowest is the longest time between two looks at what takes hours.
const slowest = time.Minute

// patience is the time until the next look at something: what has taken long
// will take longer.
func patience(w plan.Wait, now time.Time, poll time.Duration) time.Duration {
	if w.Since.IsZero() {
		return poll
	}
	return max(poll, min(now.Sub(w.Since)/10, slowest))
}

// polls are the facts whose turn has come, and the moment of the next.
func polls(p plan.Plan, s Status, o Options) ([]world.Query, time.Time) {
	var now []world.Query
	next := s.Now.Add(30 * time.Second)
	due := func(q world.Query, every time.Duration) {
		if slices.Contains(now, q) || s.Looking[q] {
			return
		}
		at := s.LookedAt[q].Add(every)
		if !at.After(s.Now) {
			now = append(now, q)
			return
		}
		if at.Before(next) {
			next = at
		}
	}
	for _, w := range p.Waits {
		due(w.Query, patience(w, s.Now, o.Poll))
	}
	if len(p.Waits)+p.Count(plan.Running)+p.Count(plan.Ready) == 0 {
		for _, q := range p.Missed { // slow to fail: when there is nothing better to do
			due(q, o.Poll*time.Duration(1+s.VainLooks))
		}
	}
	for _, step := range p.Steps {
		if !step.Retry.IsZero() && step.Retry.Before(next) {
			next = step.Retry
		}
	}
	slices.SortFunc(now, func(x, y world.Query) int { return cmp.Compare(x.Region, y.Region) })
	return now, next
}
