package plan

import (
	"fmt"
	"slices"
)

// Until is how far a run shall go.
type Until string

// The stages at which a run may stop.
const (
	UntilBuilt  Until = "built"
	UntilTested Until = "tested"
	UntilShared Until = "shared"
	UntilPublic Until = "public"
)

// ParseUntil reads a stage.
func ParseUntil(s string) (Until, error) {
	u := Until(s)
	if !slices.Contains([]Until{UntilBuilt, UntilTested, UntilShared, UntilPublic}, u) {
		return "", fmt.Errorf("no stage %q: built, tested, shared or public", s)
	}
	return u, nil
}

// includes reports whether a step belongs to the stage.
func (u Until) includes(s Step) bool {
	reached := map[Until][]Kind{
		UntilBuilt:  {Unclaim, Discard, Claim, Build, Adopt},
		UntilTested: {Unclaim, Discard, Claim, Build, Adopt, IMDS, Test},
		UntilShared: {Unclaim, Discard, Claim, Build, Adopt, IMDS, Test, Copy, Share},
		UntilPublic: order,
	}
	if u == UntilBuilt && s.claimsTest() {
		return false
	}
	return slices.Contains(reached[u], s.Kind)
}

// Until returns the plan without the steps beyond a stage. A candidate stays
// until the release is public.
func (p Plan) Until(u Until) Plan {
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return !u.includes(s) })
	p.Waits = slices.DeleteFunc(slices.Clone(p.Waits), func(w Wait) bool {
		_, kept := p.Step(w.On)
		return !kept
	})
	return p
}
