package plan

import (
	"fmt"
	"slices"

	"amiship/internal/world"
)

// Until is how far a run shall go.
type Until string

// The stages at which a run may stop.
const (
	UntilBuilt  Until = "built"
	UntilTested Until = "tested"
	UntilShared Until = "shared"
	UntilPublic Until = "public"
	UntilListed Until = "listed"
)

// ParseUntil reads a stage.
func ParseUntil(s string) (Until, error) {
	u := Until(s)
	if !slices.Contains([]Until{UntilBuilt, UntilTested, UntilShared, UntilPublic, UntilListed}, u) {
		return "", fmt.Errorf("no stage %q: built, tested, shared, public or listed", s)
	}
	return u, nil
}

// includes reports whether a step belongs to the stage.
func (u Until) includes(s Step) bool {
	reached := map[Until][]Kind{
		UntilBuilt:  {Unclaim, Discard, Claim, Build, Adopt},
		UntilTested: {Unclaim, Discard, Claim, Build, Adopt, IMDS, Test},
		UntilShared: {Unclaim, Discard, Claim, Build, Adopt, IMDS, Test, Copy, Share},
		UntilPublic: slices.DeleteFunc(slices.Clone(order), Kind.lists),
		UntilListed: order,
	}
	if u != UntilListed && (s.Target.Account != "" || s.removesCandidate() && s.State == After) {
		return false // what is for listings alone; and the candidate stays while something is left to do
	}
	if u == UntilBuilt && s.claimsTest() {
		return false
	}
	return slices.Contains(reached[u], s.Kind)
}

// lists reports whether steps of that kind are about listings.
func (k Kind) lists() bool { return k == Cancel || k == Validate || k == ChangeSet || k == Restrict }

// Until returns the plan without the steps beyond a stage. A candidate stays
// until the release is complete: where it is, the release is open.
func (p Plan) Until(u Until) Plan {
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return !u.includes(s) })
	p = p.holding()
	if u != UntilListed { // what is only for listings is not even read
		p.Look = slices.DeleteFunc(slices.Clone(p.Look), world.Query.OfListings)
		p.Missed = slices.DeleteFunc(slices.Clone(p.Missed), world.Query.OfListings)
	}
	return p
}
