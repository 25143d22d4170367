package plan

import (
	"slices"
	"strings"

	"amiship/internal/release"
	"amiship/internal/world"
)

// pointBack moves the parameters of the latest version that name an AMI of this
// release to the newest other one that is there for customers. Those of one
// version stay: there is nothing else that they could name.
func (b *builder) pointBack(v release.Variant, t release.Target) {
	params := b.w.Regions[t.Region].Params
	for _, p := range v.Parameters {
		s := Step{Required: true, Action: Action{
			ID: stepID(Parameter, v.Key(t.Region), strings.TrimPrefix(p.Name, "/")), Kind: Parameter, Target: v.Key(t.Region), Name: p.Name,
		}}
		if !params.Known() {
			b.unreadParameter(s, p, t.Region, params)
			continue
		}
		s.Seen = params.Val[p.Name]
		if !b.namesUs(t.Region, s.Seen) {
			continue
		}
		other, found := b.latestOther(v, t.Region)
		switch {
		case !p.Latest:
			b.note("%s in %s still names %s: it is of this version alone", p.Name, t.Region, s.Seen)
			continue
		case !found:
			b.note("%s in %s still names %s: no other release is there for customers", p.Name, t.Region, s.Seen)
			continue
		}
		b.pointAt(s, other)
	}
}

func (b *builder) unreadParameter(s Step, p release.Parameter, region string, params world.Fact[map[string]string]) {
	if !p.Latest || params.At.IsZero() {
		return
	}
	s.State, s.Why = Blocked, "parameters could not be read"
	b.block(b.closedToUs(region, params.Err), b.add(s).ID)
}

func (b *builder) pointAt(s Step, other world.Image) {
	s.State, s.Value, s.Why = Ready, other.ID, "back to "+other.Name
	if made, put := b.r.Made[s.ID]; put && made.AMI == other.ID && !made.Lost {
		s.State, s.Why = Waiting, "SSM is checking "+other.ID
		b.waitUnshown(s.ID, s.Why, world.Query{Kind: world.LookParams, Region: s.Target.Region})
	}
	b.add(s)
}

// namesUs reports whether a value is the id of an AMI of this release.
func (b *builder) namesUs(region, value string) bool {
	return slices.ContainsFunc(b.images(region), func(i world.Image) bool { return i.ID == value && b.ofRelease(i) })
}

// latestOther is the AMI of the newest other version of a variant that customers
// of a region may use; a pre-release only if this is one.
func (b *builder) latestOther(v release.Variant, region string) (world.Image, bool) {
	var found world.Image
	var newest release.Version
	for _, i := range b.images(region) {
		version, err := release.ParseVersion(i.Tag(release.TagVersion))
		if err != nil || b.ofRelease(i) || i.Tag(release.TagProject) != b.d.Project || i.Tag(release.TagImage) != v.Image || i.Tag(release.TagArch) != v.Arch ||
			!kept(i) || i.State != world.Available || i.Public != v.Public || version.Prerelease() && !b.d.Version.Prerelease() {
			continue
		}
		if found.ID == "" || version.Compare(newest) > 0 {
			found, newest = i, version
		}
	}
	return found, found.ID != ""
}
