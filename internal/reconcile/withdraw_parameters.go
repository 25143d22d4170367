package reconcile

import (
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// pointBack moves the parameters of the latest version that name an AMI of this
// release to the newest other one that is there for customers. Those of one
// version stay: there is nothing else that they could name.
func (x withdrawal) pointBack(v release.Variant, t release.Target) {
	params := x.w.Regions[t.Region].Params
	for _, p := range v.Parameters {
		s := plan.Step{Required: true, Action: plan.Action{
			ID: parameterID(v.Key(t.Region), p.Name), Target: v.Key(t.Region),
			Change: plan.PutParameter{Name: p.Name},
		}}
		if !params.Known() {
			if p.Latest && !params.At.IsZero() {
				x.decide(x.unanswered(s, "parameters could not be read", world.Query{Kind: world.LookParams, Region: t.Region}, params.Err))
			}
			continue
		}
		s.Guard.Parameter = params.Val[p.Name]
		if !x.isOurs(t.Region, s.Guard.Parameter) {
			continue
		}
		all := x.orWhole(t.Region, p.Latest)
		other, found := x.latestOther(v, t.Region)
		switch {
		case p.Latest && all.Missed():
			x.decide(x.unanswered(s, "AMIs of other releases could not be read", world.Query{Kind: world.LookImages, Region: t.Region}, all.Err))
		case !p.Latest:
			x.note("%s in %s still names %s: it is of this version alone", p.Name, t.Region, s.Guard.Parameter)
		case !found:
			x.note("%s in %s still names %s: no other release is there for customers", p.Name, t.Region, s.Guard.Parameter)
		default:
			x.decide(x.pointedAt(s, other))
		}
	}
}

// orWhole asks for all AMIs of a region if they are needed.
func (x withdrawal) orWhole(region string, needed bool) world.Fact[[]world.Image] {
	if !needed {
		return world.Fact[[]world.Image]{}
	}
	return x.whole(x.findings, region)
}

func (x withdrawal) pointedAt(s plan.Step, other world.Image) *verdict {
	plan.Edit(&s.Action, func(c *plan.PutParameter) { c.Value = other.ID })
	if made, put := x.r.Made[s.ID]; put && made.AMI == other.ID && !made.Lost {
		return x.checking(s, "SSM is checking "+other.ID)
	}
	return decided(s, plan.Ready, "back to "+other.Name)
}

// isOurs reports whether a value is the id of an AMI of this release.
func (x withdrawal) isOurs(region, value string) bool {
	image, ok := x.here(region).image(value)
	return ok && x.ofRelease(image)
}

// latestOther is the AMI of the newest other version of a variant that customers
// of a region may use; a pre-release only if this is one.
func (x withdrawal) latestOther(v release.Variant, region string) (world.Image, bool) {
	var found world.Image
	var newest release.Version
	for _, i := range x.here(region).all {
		version, err := release.ParseVersion(i.Tag(record.TagVersion))
		if err != nil || x.ofRelease(i) || i.Tag(record.TagProject) != x.d.Project || i.Tag(record.TagImage) != v.Image || i.Tag(record.TagArch) != v.Arch ||
			!kept(i) || i.State != world.Available || i.Public != v.Public || version.Prerelease() && !x.d.Version.Prerelease() {
			continue
		}
		if found.ID == "" || version.Compare(newest) > 0 {
			found, newest = i, version
		}
	}
	return found, found.ID != ""
}
