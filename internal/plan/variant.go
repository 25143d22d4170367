package plan

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"amiship/internal/release"
	"amiship/internal/world"
)

// variant is what the builder finds out about one variant.
type variant struct {
	release.Variant
	name      string       // claim name, and stem of the candidate's
	candidate *world.Image // pending or available
	dead      []world.Image
	building  hold
	testing   hold
	source    *Source // what regions may be copied from, now
	origin    *world.Image
	prior     []ID // steps that must be done before a copy can start
	places    []*place
	abroad    []*place // copies in accounts that listings belong to
}

// place is the variant in one target region, of our account or of the one that a
// listing belongs to.
type place struct {
	release.Target
	account       string       // empty: ours
	image         *world.Image // pending or available
	failed        []world.Image
	copied, share Step
	published     *Step
	imds          Step
	params        []Step
	replaced      []world.Image // by this release
}

func (p *place) key(v *variant) release.Key {
	key := v.Key(p.Region)
	key.Account = p.account
	return key
}

// query is what shows the AMIs of the place.
func (p *place) query() world.Query {
	if p.account != "" {
		return world.Query{Kind: world.LookAbroad, Region: p.Region, Account: p.account}
	}
	return world.Query{Kind: world.LookImages, Region: p.Region}
}

func (p *place) prepared() bool {
	return p.copied.State == Done && p.imds.State == Done && p.share.State == Done
}

// testEnd is what the ids of the steps end in that begin and end a boot test.
const testEnd = "test"

// claimsTest tells the claim of a boot test from that of a build.
func (a Action) claimsTest() bool { return a.ID == stepID(Claim, a.Target, testEnd) }

// hold is what somebody holds who is at something long: the build, or the boot
// test of its candidate.
type hold struct {
	name  string   // of the claim: security group and key pair
	ends  []string // of the ids of its steps
	claim *world.Claim
}

// variant adds the steps that prepare a variant: everything before the gate.
func (b *builder) variant(rv release.Variant) {
	name := b.d.ClaimName(rv)
	v := &variant{
		Variant: rv, name: name, building: hold{name: name},
		testing: hold{name: release.TestClaimName(name), ends: []string{testEnd}},
	}
	b.variants = append(b.variants, v)
	for _, t := range b.d.Targets {
		v.places = append(v.places, b.find(v, &place{Target: t}))
	}
	b.findCandidate(v)
	b.findClaims(v)
	b.buildSide(v)
	for _, p := range v.places {
		b.copyStep(v, p)
		b.imdsStep(v, p)
		b.shareStep(v, p)
	}
}

// find fills in a place with the variant's AMIs there: the one that counts, and
// those that came to nothing.
func (b *builder) find(v *variant, p *place) *place {
	for _, i := range b.imagesAt(p) {
		if !b.isRelease(v, i) {
			if b.rival(v.Variant, i) < 0 {
				p.replaced = append(p.replaced, i)
			}
			continue
		}
		switch i.State {
		case world.Pending, world.Available:
			if p.image == nil || better(i, *p.image) {
				p.image = &i
			}
		case world.Failed:
			p.failed = append(p.failed, i)
		}
	}
	return p
}

// better prefers what is available, then what is older: two runs that look at
// duplicates choose the same one.
func better(x, y world.Image) bool {
	if (x.State == world.Available) != (y.State == world.Available) {
		return x.State == world.Available
	}
	return cmp.Or(x.Created.Compare(y.Created), strings.Compare(x.ID, y.ID)) < 0
}

// own is what is known of the images of a place.
func (b *builder) own(p *place) world.Fact[[]world.Image] {
	if p.account != "" {
		return b.w.Abroad[release.Place{Account: p.account, Region: p.Region}]
	}
	return b.w.Regions[p.Region].Images
}

// imagesAt are the images of a place that this run has not removed, images those
// of our account in a region.
func (b *builder) imagesAt(p *place) []world.Image {
	return slices.DeleteFunc(slices.Clone(b.own(p).Val), func(i world.Image) bool { return b.r.Removed[i.ID] })
}

func (b *builder) images(reg string) []world.Image {
	return b.imagesAt(&place{Target: release.Target{Region: reg}})
}

func (b *builder) isRelease(v *variant, i world.Image) bool {
	return i.Tag(release.TagProject) == b.d.Project && i.Tag(release.TagTag) == b.d.Tag &&
		i.Tag(release.TagImage) == v.Image && i.Tag(release.TagArch) == v.Arch &&
		kept(i)
}

// kept reports whether an AMI has the stage of one that customers may use.
func kept(i world.Image) bool {
	return release.Released(i.Tag(release.TagStage))
}

var inputsSuffix = regexp.MustCompile(`^-[0-9a-f]{12}$`)

// isCandidate goes by the name alone: a run that was killed may not have come
// to the tags.
func isCandidate(claimName string, i world.Image) bool {
	rest, ok := strings.CutPrefix(i.Name, claimName)
	return ok && inputsSuffix.MatchString(rest)
}

func (b *builder) findCandidate(v *variant) {
	for _, i := range b.images(v.Build.Region) {
		if !isCandidate(v.name, i) {
			continue
		}
		switch {
		case i.State == world.Failed, b.r.Rebuild && b.spoiled(v, i):
			v.dead = append(v.dead, i)
		case v.candidate == nil || better(i, *v.candidate):
			v.candidate = &i
		}
	}
}

// spoiled reports whether a candidate, other than one of this run, is worth
// building anew: it failed its test, or was built from another package.
func (b *builder) spoiled(v *variant, i world.Image) bool {
	if v.anyRelease() || b.r.Made[stepID(Build, v.Key(v.Build.Region))].AMI == i.ID {
		return false
	}
	verdict, tested := release.ReadVerdict(i.Tag(release.TagTested))
	return tested && !verdict.OK || b.otherPackage(v, &i) != ""
}

func (b *builder) findClaims(v *variant) {
	for _, c := range b.w.Regions[v.Build.Region].Claims.Val {
		for _, h := range []*hold{&v.building, &v.testing} {
			if c.Name == h.name && !b.r.Removed[c.Group] {
				h.claim = &c
			}
		}
	}
}

// released returns an AMI of the variant that can stand in for the candidate:
// the build region's, else the first that is available.
func (v *variant) released() (*world.Image, string) {
	var found *world.Image
	where := ""
	for _, p := range v.places {
		if p.image == nil || p.image.State != world.Available {
			continue
		}
		if found == nil || p.Region == v.Build.Region {
			found, where = p.image, p.Region
		}
	}
	return found, where
}

func (v *variant) anyRelease() bool {
	return slices.ContainsFunc(v.places, func(p *place) bool { return p.image != nil })
}

// tags are those of the variant's AMIs; what was recorded of their origin goes
// along. What a run makes it gives the commit of its own catalog: see madeNow.
func (b *builder) tags(v *variant, stage string, origin map[string]string) map[string]string {
	out := map[string]string{}
	if stage == release.StageRelease {
		maps.Copy(out, v.Tags)
	}
	maps.Copy(out, b.d.OwnTags(v.Variant, stage))
	for _, k := range []string{release.TagInputs, release.TagPackage, release.TagBase, release.TagCommit, release.TagTested} {
		if val, ok := origin[k]; ok {
			out[k] = val
		}
	}
	return out
}

// madeNow are the tags of an AMI that this run makes: by the catalog that it has,
// whichever the candidate was made by.
func (b *builder) madeNow(v *variant, stage string, origin map[string]string) map[string]string {
	out := b.tags(v, stage, origin)
	delete(out, release.TagCommit)
	if b.d.Commit != "" {
		out[release.TagCommit] = release.TagValue(b.d.Commit)
	}
	return out
}
