package plan

import (
	"slices"
	"strings"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Sweep is what a sweep may take away besides dead claims and failed AMIs.
type Sweep struct {
	Project string
	Regions []string
	// Candidates older than this go, unless their claim is alive. The next
	// release of their tag would build them anew.
	Older time.Duration
}

// Reconcile lists what is left over of the project's releases: dead claims with
// their builders and keys, AMIs that failed, old candidates, and second copies
// that nobody can see.
func (s Sweep) Reconcile(w world.World, r Run) Plan {
	b := &builder{d: release.Desired{Project: s.Project}, w: w, r: r, plan: Plan{Project: s.Project, Now: w.Now}}
	for _, region := range s.Regions {
		facts := w.Regions[region]
		need(b, world.Query{Kind: world.LookImages, Region: region}, facts.Images)
		need(b, world.Query{Kind: world.LookClaims, Region: region}, facts.Claims)
		if facts.Images.Known() && facts.Claims.Known() {
			b.sweepClaims(region)
			b.sweepImages(region, s.Older)
		}
	}
	return b.finish()
}

func (b *builder) sweepClaims(region string) {
	for _, c := range b.w.Regions[region].Claims.Val {
		if !c.Dead(b.w.Now) || b.r.Removed[c.Group] {
			continue
		}
		key := release.Key{Image: c.Tag(release.TagImage), Arch: c.Tag(release.TagArch), Place: release.Place{Region: region}}
		b.add(Step{State: Ready, Required: true, Why: deadClaim(c, b.w.Now), Action: Action{
			ID: stepID(Unclaim, key, c.Group), Kind: Unclaim, Target: key, Name: c.Name, Group: c.Group,
		}})
	}
}

func deadClaim(c world.Claim, now time.Time) string {
	what := "nothing under it"
	if len(c.Instances) > 0 {
		what = "with " + strings.Join(c.Instances, ", ")
	}
	return "claim " + c.Name + " of a run that has been silent for " + now.Sub(c.Alive).Round(time.Second).String() + ", " + what
}

func (b *builder) sweepImages(region string, older time.Duration) {
	images := b.images(region)
	for _, i := range images {
		why := ""
		switch {
		case !b.ours(i), i.Tag(release.TagStage) == release.StageWithdrawn: // it says that it was
		case i.State == world.Failed:
			why = "failed: " + i.Reason
		case b.isAnyCandidate(i) && b.w.Now.Sub(i.Created) > older && !b.claimed(region, i):
			why = "candidate of " + b.w.Now.Sub(i.Created).Round(time.Minute).String() + " ago"
		case b.second(images, i):
			why = "second copy of the same AMI, private"
		}
		if why == "" {
			continue
		}
		key := release.Key{Image: i.Tag(release.TagImage), Arch: i.Tag(release.TagArch), Place: release.Place{Region: region}}
		b.add(Step{State: Ready, Required: true, Why: i.Name + ": " + why, Action: Action{
			ID: stepID(Discard, key, i.ID), Kind: Discard, Target: key, AMI: i.ID, Name: i.Name, Seen: seen(i),
		}})
	}
}

// ours: the project's tags, or a candidate's name. Nothing else is touched.
func (b *builder) ours(i world.Image) bool {
	return i.Schema() <= release.Schema && (i.Tag(release.TagProject) == b.d.Project || b.isAnyCandidate(i))
}

func (b *builder) isAnyCandidate(i world.Image) bool {
	return strings.HasPrefix(i.Name, "amiship-"+b.d.Project+"-") && len(i.Name) > 13 && inputsSuffix.MatchString(i.Name[len(i.Name)-13:])
}

func (b *builder) claimed(region string, i world.Image) bool {
	return slices.ContainsFunc(b.w.Regions[region].Claims.Val, func(c world.Claim) bool {
		return isCandidate(c.Name, i) && !c.Dead(b.w.Now)
	})
}

// second reports whether a better AMI of the same release stands beside a
// private one.
func (b *builder) second(images []world.Image, i world.Image) bool {
	if i.Public || i.State != world.Available || !release.Released(i.Tag(release.TagStage)) {
		return false
	}
	return slices.ContainsFunc(images, func(o world.Image) bool {
		return o.ID != i.ID && b.ours(o) && o.State == world.Available && same(o, i) && (o.Public || better(o, i))
	})
}

func same(x, y world.Image) bool {
	for _, k := range []string{release.TagProject, release.TagTag, release.TagImage, release.TagArch, release.TagStage} {
		if x.Tag(k) != y.Tag(k) {
			return false
		}
	}
	return true
}

// Only returns the plan with no steps but those: what was approved.
func (p Plan) Only(ids []ID) Plan {
	p.Steps = slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return !slices.Contains(ids, s.ID) })
	return p
}
