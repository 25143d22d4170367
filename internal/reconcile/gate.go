package reconcile

import (
	"cmp"
	"slices"

	"amiship/internal/plan"
)

// gate is done when the gate is open. Until then it waits for what is not prepared, and
// for what keeps required regions from taking what becomes public: closed.
func gate(f *facts, variants []*variant, closed []plan.Blocker) findings {
	x := f.subject()
	s := plan.Step{State: plan.Done, Required: true, Action: plan.Action{ID: plan.GateStep, Change: plan.OpenGate{}}}
	for _, v := range variants {
		for _, p := range v.places {
			if need, ok := p.unprepared(); ok && p.Required {
				s.State, s.After = plan.Queued, append(s.After, need)
			}
		}
	}
	for _, bl := range closed {
		s.State, s.Why = plan.Blocked, cmp.Or(s.Why, bl.ID+" first")
		x.block(bl, s.ID)
	}
	x.add(s)
	return *x.findings
}

// gateOpen reports whether nothing required is left to prepare, and every required
// region can take what becomes public.
func gateOpen(variants []*variant, closed []plan.Blocker) bool {
	return len(closed) == 0 && allPrepared(variants)
}

// allPrepared reports whether every required AMI is there, and shared.
func allPrepared(variants []*variant) bool {
	return !slices.ContainsFunc(variants, func(v *variant) bool {
		return slices.ContainsFunc(v.places, func(p *place) bool { return p.Required && !p.prepared() })
	})
}

// before returns what must be done before customers see the AMI of a place: the gate opens,
// and the place's own AMI, which the gate does not wait for where it is optional.
func (p *place) before(open bool) []plan.ID {
	if !open {
		return []plan.ID{plan.GateStep}
	}
	if s, ok := p.unprepared(); ok {
		return []plan.ID{s}
	}
	return nil
}
