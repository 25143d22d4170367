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
	UntilShared Until = "shared"
	UntilPublic Until = "public"
)

// ParseUntil reads a stage.
func ParseUntil(s string) (Until, error) {
	u := Until(s)
	if !slices.Contains([]Until{UntilBuilt, UntilShared, UntilPublic}, u) {
		return "", fmt.Errorf("no stage %q: built, shared or public", s)
	}
	return u, nil
}

// includes reports whether a step of that kind belongs to the stage.
func (u Until) includes(k Kind) bool {
	switch u {
	case UntilBuilt:
		return !slices.Contains([]Kind{Copy, Share, Publish, Parameter, Remove}, k)
	case UntilShared:
		return !slices.Contains([]Kind{Publish, Parameter, Remove}, k)
	default:
		return true
	}
}

// Until returns the plan without the steps beyond a stage. A candidate stays
// until the release is public.
func (p Plan) Until(u Until) Plan {
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return !u.includes(s.Kind) })
	p.Waits = slices.DeleteFunc(slices.Clone(p.Waits), func(w Wait) bool {
		_, kept := p.Step(w.On)
		return !kept
	})
	return p
}
