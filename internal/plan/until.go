package plan

import (
	"fmt"
	"slices"

	"amiship/internal/world"
)

// Until is how far a run goes.
type Until string

// The stages at which a run may stop.
const (
	UntilBuilt  Until = "built"
	UntilTested Until = "tested"
	UntilShared Until = "shared"
	UntilPublic Until = "public"
	UntilListed Until = "listed"
)

// stages are in the order in which a release reaches them.
var stages = []Until{UntilBuilt, UntilTested, UntilShared, UntilPublic, UntilListed}

// Stages are those at which a run may stop, in the order in which a release reaches them.
func Stages() []Until { return slices.Clone(stages) }

// ParseUntil reads a stage.
func ParseUntil(s string) (Until, error) {
	u := Until(s)
	if !slices.Contains(stages, u) {
		return "", fmt.Errorf("no stage %q: built, tested, shared, public or listed", s)
	}
	return u, nil
}

// includes reports whether a step belongs to the stage.
func (u Until) includes(s Step) bool {
	if u != UntilListed && (s.Target.Account != "" || s.removesCandidate() && s.State == Queued) {
		return false // what is for listings alone; and the candidate stays while something is left to do
	}
	if u == UntilBuilt && s.ClaimsTest() {
		return false
	}
	return slices.Index(stages, s.Kind().spec().until) <= slices.Index(stages, u)
}

// Until returns the plan without the steps beyond a stage. A candidate stays
// until the release is complete: where it is, the release is open.
func (p Plan) Until(u Until) Plan {
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return !u.includes(s) })
	p = p.Holding()
	if u != UntilListed { // what is only for listings is not even read
		p.Stage, p.Queues = u, nil
		p.Look = slices.DeleteFunc(slices.Clone(p.Look), world.Query.OfListings)
		p.Missed = slices.DeleteFunc(slices.Clone(p.Missed), world.Query.OfListings)
	}
	return p
}

// Holding drops waits and blockers of steps that are not in the plan.
func (p Plan) Holding() Plan {
	kept := func(id ID) bool {
		_, ok := p.Step(id)
		return ok
	}
	p.Waits = slices.DeleteFunc(slices.Clone(p.Waits), func(w Wait) bool { return !kept(w.On) })
	p.Blockers = slices.DeleteFunc(slices.Clone(p.Blockers), func(b Blocker) bool { return !slices.ContainsFunc(b.Holds, kept) })
	return p
}

// Only returns the plan with no steps but those, which were approved, and what is blocked:
// behind a region that can't be read now there may be one of those.
func (p Plan) Only(ids []ID) Plan {
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return s.State != Blocked && !slices.Contains(ids, s.ID) })
	return p
}
