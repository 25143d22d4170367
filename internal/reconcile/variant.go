package reconcile

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// variant is what there is of one variant, and what was decided about it so far.
type variant struct {
	release.Variant
	name      string        // claim name, and stem of the candidate's
	candidate *world.Image  // pending or available
	dead      []world.Image // candidates that failed, or are built anew
	building  claimSlot
	testing   claimSlot
	source    *plan.Source      // what regions may be copied from, now
	origin    map[string]string // tags that say how the source came about
	prior     []plan.ID         // steps that must be done before a copy can start
	places    []*place
	builds    bool       // it is to be built
	start     *plan.Step // the claim under which the build can begin now, unless builds are on hold
	adoption  *plan.Step // that completes the candidate's tags
}

// place is the variant in one target region, of our account or of the one that a
// listing belongs to.
type place struct {
	release.Target
	account       string       // empty: ours
	image         *world.Image // pending or available
	failed        []world.Image
	outdated      []world.Image // copies of what this run builds anew
	copied, share plan.Step
	restorable    *plan.Step // that makes its snapshots public
	published     *plan.Step
	imds          plan.Step
	params        []plan.Step
	replaced      []world.Image // by this release
}

func (p *place) key(v *variant) release.Key {
	key := v.Key(p.Region)
	key.Account = p.account
	return key
}

func (p *place) at() release.Place { return release.Place{Account: p.account, Region: p.Region} }

func (p *place) prepared() bool {
	_, unprepared := p.unprepared()
	return !unprepared
}

// unprepared returns the next step that prepares the place's AMI for customers.
func (p *place) unprepared() (plan.ID, bool) {
	for _, s := range []plan.Step{p.copied, p.imds, p.share} {
		if s.State != plan.Done {
			return s.ID, true
		}
	}
	return "", false
}

// claimSlot is what a run claims that is at something long: the build, or the boot test of
// its candidate.
type claimSlot struct {
	name  string   // of the claim: security group and key pair
	ends  []string // of the ids of its steps
	owns  func(name string, tags map[string]string) bool
	claim *world.Claim
}

// survey finds what AWS has of variants.
type survey struct{ *facts }

// variants are those of the release, as AWS has them.
func (x survey) variants() []*variant {
	var out []*variant
	for _, rv := range x.d.Variants {
		owner := x.d.Owner(rv)
		v := &variant{
			Variant: rv, name: owner.Name(), building: claimSlot{name: owner.Name(), owns: owner.OwnsClaim},
			testing: claimSlot{name: record.TestClaimName(owner.Name()), ends: []string{plan.TestClaim}, owns: owner.OwnsTestClaim},
		}
		for _, t := range x.d.Targets {
			v.places = append(v.places, x.place(rv, t, ""))
		}
		v.candidate, v.dead = x.candidates(v)
		v.building.claim, v.testing.claim = x.claim(v, v.building), x.claim(v, v.testing)
		out = append(out, v)
	}
	return out
}

// place is a variant in a region: the AMI that counts, those that came to nothing, and those
// that are replaced by a rebuild or by the release.
func (x survey) place(v release.Variant, t release.Target, account string) *place {
	p := &place{Target: t, account: account}
	for _, found := range x.inventory(p.at()).byVariant[v.Image+"/"+v.Arch] {
		i := *found
		if !x.isRelease(v, i) {
			if x.compareBuild(v, i) < 0 {
				p.replaced = append(p.replaced, i)
			}
			continue
		}
		switch {
		case x.packages().outdated(v, &i):
			p.outdated = append(p.outdated, i)
		case i.State == world.Failed:
			p.failed = append(p.failed, i)
		case i.State == world.Pending, i.State == world.Available:
			if p.image == nil || better(i, *p.image) {
				p.image = &i
			}
		}
	}
	return p
}

// prepare returns what prepares a variant: everything before the gate.
func prepare(f *facts, v *variant, noCopies map[string]plan.Blocker) findings {
	x := f.subject()
	x.candidates().prepare(v)
	copies := copies{x, noCopies}
	for _, p := range v.places {
		copies.prepare(v, p)
	}
	return *x.findings
}

// better prefers what is available, then what is older: two runs that look at
// duplicates choose the same one.
func better(x, y world.Image) bool {
	if (x.State == world.Available) != (y.State == world.Available) {
		return x.State == world.Available
	}
	return cmp.Or(x.Created.Compare(y.Created), strings.Compare(x.ID, y.ID)) < 0
}

func (f *facts) isRelease(v release.Variant, i world.Image) bool {
	return i.Tag(record.TagProject) == f.d.Project && i.Tag(record.TagTag) == f.d.Tag &&
		i.Tag(record.TagImage) == v.Image && i.Tag(record.TagArch) == v.Arch &&
		kept(i)
}

// kept reports whether an AMI has the stage of one that customers may use.
func kept(i world.Image) bool {
	return record.Released(i.Tag(record.TagStage))
}

func (f *facts) isCandidate(v release.Variant, i world.Image) bool {
	return f.d.Owner(v).OwnsCandidate(i.Name, i.Tags)
}

// candidates returns the candidate of a variant, and those that are not used.
func (x survey) candidates(v *variant) (candidate *world.Image, dead []world.Image) {
	for _, i := range x.here(v.Build.Region).all {
		if !x.isCandidate(v.Variant, i) {
			continue
		}
		switch {
		case i.State == world.Failed, x.r.Rebuild && x.builtAnew(v, i):
			dead = append(dead, i)
		case candidate == nil || better(i, *candidate):
			candidate = &i
		}
	}
	return candidate, dead
}

// builtAnew reports whether a rebuild replaces a candidate, other than one of this run: it
// failed its test, or was built from another package.
func (x survey) builtAnew(v *variant, i world.Image) bool {
	if v.anyRelease() || x.r.Made[plan.StepID(plan.Build, v.Key(v.Build.Region))].AMI == i.ID {
		return false
	}
	verdict, tested := record.ReadVerdict(i.Tag(record.TagTested))
	return tested && !verdict.OK || x.packages().other(v.Variant, &i) != ""
}

// claim is the claim in a slot of a variant. What this run has made, or AWS has refused to
// make twice, is there whatever a read shows that lags behind.
func (x survey) claim(v *variant, slot claimSlot) *world.Claim {
	var found *world.Claim
	for _, c := range x.w.Regions[v.Build.Region].Claims.Val {
		if slot.owns(c.Name, c.Tags) && !x.r.Removed[c.Group] && (found == nil || c.Name == slot.name) {
			found = &c
		}
	}
	made, ok := x.r.Made[plan.StepID(plan.Claim, v.Key(v.Build.Region), slot.ends...)]
	refused, other := x.r.Refused[slot.name]
	switch {
	case found != nil:
	case ok && !x.r.Removed[made.Claim]:
		found = &world.Claim{Group: made.Claim, Name: slot.name, Run: x.r.ID, Alive: x.w.Now, Tags: made.Tags}
	case other && x.w.Now.Sub(refused) < world.Renewal:
		found = &world.Claim{Name: slot.name, Run: "not shown yet", Alive: refused}
	}
	return found
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

// originOf is how an AMI of the variant came about, by its own tags and by those of its
// copies in other regions.
func (v *variant) originOf(i world.Image) map[string]string {
	out := fullest(map[string]string{}, i.Tags)
	for _, p := range v.places {
		if p.image != nil {
			out = fullest(out, p.image.Tags)
		}
	}
	return out
}

// underWay are the copies of the variant that AWS is making.
func (v *variant) underWay() (out []plan.ID) {
	for _, p := range v.places {
		if p.image != nil {
			out = append(out, plan.StepID(plan.Copy, p.key(v)))
		}
	}
	return out
}

func (v *variant) anyRelease() bool {
	return slices.ContainsFunc(v.places, func(p *place) bool { return p.image != nil })
}

// tags are those of the variant's AMIs; what was recorded of their origin goes
// along. What a run makes it gives the commit of its own catalog: see madeNow.
func (f *facts) tags(v *variant, stage string, origin map[string]string) map[string]string {
	out := map[string]string{}
	if stage == record.StageRelease {
		maps.Copy(out, v.Tags)
	}
	maps.Copy(out, f.d.OwnTags(v.Variant, stage))
	for _, k := range origins {
		if val, ok := origin[k]; ok {
			out[k] = val
		}
	}
	return out
}

// madeNow are the tags of an AMI that this run makes: by the catalog that it has,
// whichever the candidate was made by.
func (f *facts) madeNow(v *variant, stage string, origin map[string]string) map[string]string {
	out := f.tags(v, stage, origin)
	delete(out, record.TagCommit)
	if f.d.Commit != "" {
		out[record.TagCommit] = record.TagValue(f.d.Commit)
	}
	return out
}
