package plan

import (
	"cmp"
	"slices"
	"strings"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Gate is the id that steps wait for which may only be done once every
// required AMI of the release exists and is shared.
const Gate ID = "gate"

// open reports whether nothing required is left to prepare, and every required
// region can take what becomes public.
func (b *builder) open() bool { return len(b.closed) == 0 && b.allPrepared() }

// allPrepared reports whether every required AMI is there, and shared.
func (b *builder) allPrepared() bool {
	return !slices.ContainsFunc(b.variants, func(v *variant) bool {
		return slices.ContainsFunc(v.places, func(p *place) bool { return p.Required && !p.prepared() })
	})
}

// publishing adds what customers see: after the gate.
func (b *builder) publishing() {
	open := b.open()
	for _, v := range b.variants {
		for _, p := range v.places {
			if v.Public {
				b.publishStep(v, p, open)
			}
			for _, param := range v.Parameters {
				p.params = append(p.params, b.parameterStep(v, p, param, open))
			}
			b.replace(v, p, open)
		}
	}
}

func (b *builder) publishStep(v *variant, p *place, open bool) {
	key := v.Key(p.Region)
	s := Step{Required: p.Required, Action: Action{ID: stepID(Publish, key), Kind: Publish, Target: key, AMI: p.copied.AMI}}
	switch {
	case p.image != nil && p.image.Public:
		s.State = Done
	case p.copied.State == Skipped || p.share.State == Skipped:
		s.State, s.Why = Skipped, cmp.Or(p.copied.Why, p.share.Why)
	case b.shut[p.Region].ID != "" && !p.Required:
		s.State, s.Why = Skipped, b.shut[p.Region].Why
	case b.shut[p.Region].ID != "":
		s.State, s.Why = Blocked, b.shut[p.Region].Why
		b.block(b.shut[p.Region], s.ID)
	case !open || !p.prepared():
		s.State, s.After = After, []ID{Gate}
	default:
		s.State, s.Seen = Ready, seen(*p.image)
	}
	s = b.add(s)
	p.published = &s
}

// parameterStep points the vendor's own consumers at the AMI; at a public one
// only once it is public.
func (b *builder) parameterStep(v *variant, p *place, param release.Parameter, open bool) Step {
	key := v.Key(p.Region)
	s := Step{Required: p.Required, Action: Action{
		ID: stepID(Parameter, key, strings.TrimPrefix(param.Name, "/")), Kind: Parameter, Target: key, Name: param.Name, Value: p.copied.AMI,
	}}
	params := b.w.Regions[p.Region].Params
	s.Seen = params.Val[param.Name]
	made, put := b.r.Made[s.ID]
	switch {
	case p.copied.State == Skipped || p.published != nil && p.published.State == Skipped:
		s.State, s.Why = Skipped, p.copied.Why
	case p.image != nil && params.Known() && params.Val[param.Name] == p.image.ID:
		s.State = Done
	case param.Latest && b.newer(v, p.Region) != "":
		s.State, s.Why = Done, "stays with the newer "+b.newer(v, p.Region)
	case p.published != nil && p.published.State != Done:
		s.State, s.After = After, []ID{p.published.ID}
	case !open || !p.prepared():
		s.State, s.After = After, []ID{Gate}
	case !params.Known():
		b.unread(&s, p, params.Err)
	case put && made.Lost:
		s.State, s.Why = Failed, "SSM answered, but has not taken the value: it looks whether "+s.Value+" can be used"
	case put && made.AMI == s.Value:
		s.State, s.Why = Waiting, "SSM is checking "+s.Value
		b.waitUnshown(s.ID, s.Why, world.Query{Kind: world.LookParams, Region: p.Region})
	default:
		s.State = Ready
	}
	return b.add(s)
}

// newer returns the newest version of the variant that is released in a region
// and above this one.
func (b *builder) newer(v *variant, region string) string {
	return b.above(b.released(v, region))
}

// released are the versions of which a region has an AMI of the variant.
func (b *builder) released(v *variant, region string) []string {
	var out []string
	for _, i := range b.images(region) {
		if i.Tag(release.TagProject) == b.d.Project && i.Tag(release.TagImage) == v.Image && i.Tag(release.TagArch) == v.Arch &&
			release.Released(i.Tag(release.TagStage)) && i.State == world.Available && v.Public == i.Public {
			out = append(out, i.Tag(release.TagVersion))
		}
	}
	return out
}

// above returns the highest of the versions that are above this release's, or "".
func (b *builder) above(versions []string) string {
	highest, text := b.d.Version, ""
	for _, one := range versions {
		if other, err := release.ParseVersion(one); err == nil && other.Compare(highest) > 0 {
			highest, text = other, one
		}
	}
	return text
}

// removesCandidate tells the end of a candidate from that of what was replaced.
func (a Action) removesCandidate() bool { return a.Kind == Remove && a.ID == stepID(Remove, a.Target) }

// removal takes the candidates away once the release is complete: every
// required step is done, and nothing best-effort is still under way.
func (b *builder) removal() {
	complete := len(b.look) == 0 && !slices.ContainsFunc(b.plan.Steps, func(s Step) bool {
		return s.State != Done && s.State != Skipped
	})
	for _, v := range b.variants {
		if v.candidate == nil {
			continue
		}
		key := v.Key(v.Build.Region)
		s := Step{State: After, Required: true, Action: Action{
			ID: stepID(Remove, key), Kind: Remove, Target: key, AMI: v.candidate.ID, Name: v.candidate.Name, Seen: seen(*v.candidate),
		}}
		held, waived := b.heldByWaiver()
		switch {
		case complete && waived:
			s.State, s.Why = Skipped, "stays: "+held.Region+" is waived until "+held.Day()
		case complete:
			s.State = Ready
		}
		b.add(s)
	}
}
