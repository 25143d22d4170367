package reconcile

import (
	"cmp"
	"fmt"
	"slices"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
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
	if v.PublicSnapshot {
		s := x.decide(x.restorable(v, p))
		p.restorable = &s
	}
	if v.Public {
		s := x.decide(x.published(v, p))
		p.published = &s
	}
	for _, param := range v.Parameters {
		p.params = append(p.params, x.decide(x.parameters.set(v, p, param, x.open)))
	}
	x.replace(v, p)
}

// step is one that shows the AMI of a place to customers.
func (p *place) step(v *variant, c plan.Change) plan.Step {
	key := v.Key(p.Region)
	return plan.Step{Required: p.Required, Action: plan.Action{ID: plan.StepID(c.Kind(), key), Target: key, Change: c}}
}

// published decides about the AMI. Its snapshots are public before: no account sees a public
// AMI that it can't copy.
func (x publication) published(v *variant, p *place) *verdict {
	s := p.step(v, plan.PublishImage{Image: plan.Image{AMI: p.copied.Image().AMI}})
	if p.image != nil && p.image.Public {
		return decided(s, plan.Done, "")
	}
	if held := x.held(v, p, s); held != nil {
		return held
	}
	if p.restorable != nil && p.restorable.State == plan.Skipped {
		return decided(s, plan.Skipped, p.restorable.Why)
	}
	if p.restorable != nil && p.restorable.State != plan.Done {
		return queued(s, p.restorable.ID)
	}
	s.State, s.Guard.Image = plan.Ready, plan.Seen(*p.image)
	return &verdict{step: s}
}

// restorable decides about the AMI's snapshots.
func (x publication) restorable(v *variant, p *place) *verdict {
	s := p.step(v, plan.PublishSnapshots{Image: plan.Image{AMI: p.copied.Image().AMI}})
	var public world.Fact[bool]
	var shownBy world.Query
	if p.image != nil && p.copied.State == plan.Done {
		public, shownBy = x.sharing().restorable(p.Region, *p.image)
	}
	if public.Known() && public.Val {
		return decided(s, plan.Done, "")
	}
	if held := x.held(v, p, s); held != nil {
		return held
	}
	if !public.Known() {
		return x.unread(s, p.Region, shownBy, public.Err)
	}
	s.State, s.Guard.Image = plan.Ready, plan.Seen(*p.image)
	plan.Edit(&s.Action, func(c *plan.PublishSnapshots) { c.Snapshots = p.image.Snapshots })
	return &verdict{step: s}
}

// held is why a place's AMI or its snapshots can't become public now; nil: they can.
func (x publication) held(v *variant, p *place, s plan.Step) *verdict {
	closed, isClosed := x.closed[p.Region]
	switch {
	case p.copied.State == plan.Skipped || p.share.State == plan.Skipped:
		return decided(s, plan.Skipped, cmp.Or(p.copied.Why, p.share.Why))
	case isClosed && !p.Required:
		return decided(s, plan.Skipped, closed.Why)
	case isClosed:
		return decided(s, plan.Blocked, closed.Why).blockedBy(closed)
	case p.before(x.open) != nil:
		return queued(s, p.before(x.open)...)
	case x.r.Unattended && x.wasPublic(v, p):
		return decided(s, plan.Blocked, p.pulled()+" was public, and was made private").blockedBy(x.madePrivate(p))
	}
	return nil
}

// pulled names what was made private.
func (p *place) pulled() string {
	if p.image.Public {
		return "the snapshot of " + p.image.ID
	}
	return p.image.ID
}

// wasPublic reports whether an AMI shows that it was public, or its snapshots were, which are
// so before it is: a parameter names it, which comes after, or it has the date that AWS gives
// to public ones.
func (x publication) wasPublic(v *variant, p *place) bool {
	return p.image.Public || !p.image.Deprecated.IsZero() || slices.ContainsFunc(v.Parameters, func(param release.Parameter) bool {
		return x.w.Regions[p.Region].Params.Val[param.Name] == p.image.ID
	})
}

func (x publication) madePrivate(p *place) plan.Blocker {
	return plan.Blocker{
		ID: "private/" + p.Region, Why: fmt.Sprintf("%s in %s was public, and was made private by hand: no schedule makes it public again", p.pulled(), p.Region),
		Remedies: []plan.Remedy{
			{Name: "release", Command: x.command(), Cost: "makes it public again"},
			{Name: "withdraw", Command: plan.Line("amiship", "withdraw", x.d.Tag, "--reason", "TEXT"), Cost: "recalls the release: its AMIs become private everywhere"},
		},
	}
}
