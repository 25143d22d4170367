package reconcile

import (
	"cmp"
	"fmt"
	"slices"

	"amiship/internal/plan"
	"amiship/internal/release"
)

// publication is what customers see: after the gate.
type publication struct {
	subject
	parameters parameters
	closed     map[string]plan.Blocker // by region: why nothing can become public there
	open       bool                    // the gate
}

// publish adds what customers see of a variant in a place, and removes what that replaces.
func (x publication) publish(v *variant, p *place) {
	if v.Public {
		s := x.decide(x.published(v, p))
		p.published = &s
	}
	for _, param := range v.Parameters {
		p.params = append(p.params, x.decide(x.parameters.set(v, p, param, x.open)))
	}
	x.replace(v, p)
}

func (x publication) published(v *variant, p *place) *verdict {
	key := v.Key(p.Region)
	s := plan.Step{Required: p.Required, Action: plan.Action{ID: plan.StepID(plan.Publish, key), Target: key, Change: plan.PublishImage{Image: plan.Image{AMI: p.copied.Image().AMI}}}}
	closed, isClosed := x.closed[p.Region]
	switch {
	case p.image != nil && p.image.Public:
		return decided(s, plan.Done, "")
	case p.copied.State == plan.Skipped || p.share.State == plan.Skipped:
		return decided(s, plan.Skipped, cmp.Or(p.copied.Why, p.share.Why))
	case isClosed && !p.Required:
		return decided(s, plan.Skipped, closed.Why)
	case isClosed:
		return decided(s, plan.Blocked, closed.Why).blockedBy(closed)
	case p.before(x.open) != nil:
		return queued(s, p.before(x.open)...)
	case x.r.Unattended && x.wasPublic(v, p):
		return decided(s, plan.Blocked, p.image.ID+" was public, and was made private").blockedBy(x.madePrivate(p))
	}
	s.State, s.Guard.Image = plan.Ready, plan.Seen(*p.image)
	return &verdict{step: s}
}

// wasPublic reports whether a private AMI shows that it was public: a parameter names it,
// which comes after, or it has the date that AWS gives to public ones.
func (x publication) wasPublic(v *variant, p *place) bool {
	return !p.image.Deprecated.IsZero() || slices.ContainsFunc(v.Parameters, func(param release.Parameter) bool {
		return x.w.Regions[p.Region].Params.Val[param.Name] == p.image.ID
	})
}

func (x publication) madePrivate(p *place) plan.Blocker {
	return plan.Blocker{
		ID: "private/" + p.Region, Why: fmt.Sprintf("%s in %s was public, and was made private by hand: no schedule makes it public again", p.image.ID, p.Region),
		Remedies: []plan.Remedy{
			{Name: "release", Command: x.command(), Cost: "makes it public again"},
			{Name: "withdraw", Command: plan.Line("amiship", "withdraw", x.d.Tag, "--reason", "TEXT"), Cost: "recalls the release: its AMIs become private everywhere"},
		},
	}
}
