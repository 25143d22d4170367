package reconcile

import (
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// set points the vendor's own consumers at the AMI; at a public one
// only once it is public.
func (x parameters) set(v *variant, p *place, param release.Parameter, open bool) *verdict {
	key, params := v.Key(p.Region), x.w.Regions[p.Region].Params
	s := plan.Step{Required: p.Required, Action: plan.Action{
		ID: parameterID(key, param.Name), Target: key, Guard: plan.Guard{Parameter: params.Val[param.Name]},
		Change: plan.PutParameter{Name: param.Name, Value: p.copied.Image().AMI},
	}}
	switch {
	case p.copied.State == plan.Skipped || p.published != nil && p.published.State == plan.Skipped:
		return decided(s, plan.Skipped, p.copied.Why)
	case p.image != nil && params.Known() && params.Val[param.Name] == p.image.ID:
		return decided(s, plan.Done, "")
	}
	if unread := x.othersUnread(s, param); unread != nil {
		return unread
	}
	switch {
	case param.Latest && x.newer(v, p.Region) != "":
		return decided(s, plan.Done, "stays with the newer "+x.newer(v, p.Region))
	}
	if param.Latest {
		if stays := x.mayBeNewer(s); stays != nil {
			return stays
		}
	}
	if other := x.left(s); other != nil {
		return other
	}
	made, put := x.r.Made[s.ID]
	switch {
	case p.published != nil && p.published.State != plan.Done:
		return queued(s, p.published.ID)
	case p.share.State == plan.Skipped:
		return decided(s, plan.Skipped, p.share.Why)
	case p.before(open) != nil:
		return queued(s, p.before(open)...)
	case !params.Known():
		return x.unread(s, p.Region, world.Query{Kind: world.LookParams, Region: p.Region}, params.Err)
	case put && made.Lost:
		return decided(s, plan.Failed, "SSM answered, but has not taken the value: it looks whether "+parameterOf(s).Value+" can be used")
	case put && made.AMI == parameterOf(s).Value && !overtaken(made, params):
		return x.checking(s, "SSM is checking "+made.AMI)
	}
	s.State = plan.Ready
	return &verdict{step: s}
}

// overtaken reports whether another run has put its own value after this one's put: what is shown
// is neither what was put, nor what was there before.
func overtaken(made plan.Made, params world.Fact[map[string]string]) bool {
	value := params.Val[made.Parameter]
	return params.At.After(made.At) && value != "" && value != made.AMI && value != made.Was
}

// othersUnread: who else has the parameter, and whether a newer version is there, is known once all
// AMIs of the region are; nil: it is, or the region could not be read at all.
func (x parameters) othersUnread(s plan.Step, param release.Parameter) *verdict {
	region := s.Target.Region
	var asked findings
	if !x.imagesIn(region).Known() || x.shows(&asked, region, s.Guard.Parameter) && !param.Latest {
		return nil
	}
	all := x.whole(&asked, region)
	if all.Known() {
		return nil
	}
	out := x.unread(s, region, world.Query{Kind: world.LookImages, Region: region}, all.Err)
	out.include(asked)
	return out
}

// checking waits for SSM, which takes a value once it has checked that it can be used.
func (f *facts) checking(s plan.Step, why string) *verdict {
	out := decided(s, plan.Waiting, why)
	out.waitUnshown(s.ID, why, world.Query{Kind: world.LookParams, Region: s.Target.Region})
	return out
}

// newer returns the newest version of the variant that is released in a region
// and above this one.
func (x parameters) newer(v *variant, region string) string {
	return x.newestAbove(x.released(v, region))
}

// released are the versions of which a region has an AMI of the variant.
func (f *facts) released(v *variant, region string) []string {
	var out []string
	for _, i := range f.here(region).byVariant[v.Image+"/"+v.Arch] {
		if record.Released(i.Tag(record.TagStage)) && i.State == world.Available && v.Public == i.Public {
			out = append(out, i.Tag(record.TagVersion))
		}
	}
	return out
}

// newestAbove returns the highest of the versions that are above this release's, or "".
func (f *facts) newestAbove(versions []string) string {
	highest, text := f.d.Version, ""
	for _, one := range versions {
		if other, err := release.ParseVersion(one); err == nil && other.Compare(highest) > 0 {
			highest, text = other, one
		}
	}
	return text
}
