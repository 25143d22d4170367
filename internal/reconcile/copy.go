package reconcile

import (
	"fmt"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// copies are the decisions that bring variants to regions, and share them there.
type copies struct {
	subject
	closed map[string]plan.Blocker // by region: why nothing can be copied there
}

// prepare adds the steps that prepare a variant in a place: everything before the gate.
func (x copies) prepare(v *variant, p *place) {
	x.copy(v, p)
	x.requireIMDS(v, p)
	x.share(v, p)
}

// copy brings the variant to a region under its public name. The build
// region gets a copy too: a candidate never becomes public itself.
func (x copies) copy(v *variant, p *place) {
	key := p.key(v)
	p.copied = x.decide(x.copied(v, p))
	for _, i := range p.outdated {
		x.add(discarding(key, i))
	}
	x.discardFailed(key, p)
}

// copied decides how far the copy of a variant is.
func (x copies) copied(v *variant, p *place) *verdict {
	key := p.key(v)
	s := plan.Step{Required: p.Required, Action: plan.Action{ID: plan.StepID(plan.Copy, key), Target: key, Change: plan.CopyImage{Image: plan.Image{Name: v.Name}}}}
	images := x.images(p.at())
	made, haveMade := x.r.Made[s.ID]
	switch {
	case len(p.outdated) > 0: // two of a name would be taken for each other
		out := queued(s)
		for _, i := range p.outdated {
			out.step.After = append(out.step.After, plan.StepID(plan.Discard, key, i.ID))
		}
		return out
	case p.image != nil:
		return x.haveImage(v, p, s)
	case !images.Known():
		return x.unread(s, p.Region, x.query(p.at()), images.Err)
	case haveMade && p.inVain(made):
		return x.copyAgain(v, p, s, made)
	case haveMade && !made.Lost:
		out := decided(copyIs(s, made.AMI), plan.Waiting, "AWS does not show "+made.AMI+" yet")
		out.waitUnshown(s.ID, out.step.Why, plan.NamedQuery(x.d, p.at()))
		return out
	}
	if taken := x.nameTaken(v, p, s); taken != nil {
		return taken
	}
	return x.beginCopy(v, p, s, made)
}

// copyIs is the step of a copy, with the AMI that is in its place.
func copyIs(s plan.Step, ami string) plan.Step {
	plan.Edit(&s.Action, func(c *plan.CopyImage) { c.AMI = ami })
	return s
}

func (x copies) beginCopy(v *variant, p *place, s plan.Step, made plan.Made) *verdict {
	if v.source == nil {
		return queued(s, v.prior...)
	}
	if bl, ok := x.closed[p.Region]; ok && p.account == "" {
		if p.Required {
			return decided(s, plan.Blocked, bl.Why).blockedBy(bl)
		}
		return decided(s, plan.Skipped, bl.Why)
	}
	s.State = plan.Ready
	plan.Edit(&s.Action, func(c *plan.CopyImage) {
		c.From, c.Tags = *v.source, x.madeNow(v, record.StageRelease, v.origin)
		c.Token = token(append([]string{"copy", v.source.AMI, s.Target.String()}, p.spent(made)...)...)
	})
	return &verdict{step: s}
}

// token is the same for the same intent, in every run: a retry after a crash
// finds what its predecessor made. Spent ids are results that came to nothing;
// with them a retry does not get the dead one back. AWS takes at most 64
// characters.
func token(parts ...string) string {
	return "amiship-" + record.Digest(32, parts...)
}

// A copy that ended failed is made again: at most mostCopies times, the first time after
// vainCopy, which doubles.
const (
	mostCopies = 5
	vainCopy   = time.Minute
)

// inVain reports whether a copy of this run has ended failed.
func (p *place) inVain(made plan.Made) bool {
	return slices.ContainsFunc(p.failed, func(i world.Image) bool { return i.ID == made.AMI })
}

// copyAgain: AWS may let one copy too many in a region fail [?]. Those under way
// end meanwhile.
func (x copies) copyAgain(v *variant, p *place, s plan.Step, made plan.Made) *verdict {
	n := len(p.failed)
	at := made.At.Add(vainCopy << (n - 1))
	switch {
	case n >= mostCopies:
		return decided(copyIs(s, made.AMI), plan.Failed, fmt.Sprintf("%s ended failed, after %d others", made.AMI, n-1))
	case v.source != nil && x.w.Now.Before(at):
		s.Retry = at
		return decided(s, plan.Waiting, made.AMI+" ended failed; it is copied again")
	}
	return x.beginCopy(v, p, s, made)
}

// spent are the results of earlier tries that came to nothing.
func (p *place) spent(made plan.Made) []string {
	var ids []string
	for _, i := range p.failed {
		ids = append(ids, i.ID)
	}
	if made.Lost {
		ids = append(ids, made.AMI)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (x copies) haveImage(v *variant, p *place, s plan.Step) *verdict {
	s = copyIs(s, p.image.ID)
	switch {
	case p.image.Schema() > record.Schema:
		why := p.image.ID + " was made by a newer Amiship than this one"
		return decided(s, plan.Blocked, why).blockedBy(plan.Blocker{ID: "schema/" + s.Target.String(), Why: why, Since: p.image.Created, Remedies: []plan.Remedy{{
			Name: "update", Command: "amiship version", Cost: "use the version that made it, or a newer one",
		}}})
	case x.packages().other(v.Variant, p.image) != "":
		return x.packages().differs(s, v.Variant, p.image)
	case p.image.State == world.Available:
		return decided(s, plan.Done, "")
	}
	return x.copying(v, p, s)
}

// requireIMDS makes a copy require IMDSv2, if the catalog wants it and the copy
// has not inherited it.
func (x copies) requireIMDS(v *variant, p *place) {
	p.imds = plan.Step{State: plan.Done}
	if p.copied.State == plan.Done && v.asksForIMDS(p.image) {
		p.imds = x.add(v.imds(p.image, p.key(v), p.Required))
	}
}

// discardFailed removes copies that failed once there is one that has not: how many there
// are says how long to wait before the next.
func (x copies) discardFailed(key release.Key, p *place) {
	for _, i := range p.failed {
		s := discarding(key, i)
		switch p.copied.State {
		case plan.Done:
		case plan.Skipped:
			s.State, s.Why = plan.Skipped, p.copied.Why
		default:
			s.State, s.After = plan.Queued, []plan.ID{p.copied.ID}
		}
		x.add(s)
	}
}
