package reconcile

import (
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
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
	// ClaimsOnly leaves the AMIs alone: what a schedule does beside its releases.
	ClaimsOnly bool
}

// Reconcile lists what is left over of the project's releases: dead claims with
// their builders and keys, AMIs that failed, old candidates, second copies that
// no one can see, snapshots whose AMI is gone, and usage reports.
func (s Sweep) Reconcile(w world.World, r plan.Run) plan.Plan {
	f := newFacts(release.Desired{Project: s.Project}, w, r).continuedBy("amiship sweep")
	x := sweep{f.subject()}
	for _, region := range s.Regions {
		facts := w.Regions[region]
		need(x.findings, world.Query{Kind: world.LookImages, Region: region}, facts.Images)
		need(x.findings, world.Query{Kind: world.LookClaims, Region: region}, facts.Claims)
		if facts.Images.Known() && facts.Claims.Known() {
			x.endClaims(region)
			if !s.ClaimsOnly {
				x.discard(region, s.Older)
				x.deleteSnapshots(region)
				x.deleteReports(region, x.abandoned)
			}
		}
	}
	b := newBuilder(f)
	b.apply(*x.findings)
	return b.finish()
}

// reportsFor is for how long a run may need a usage report that it has made.
const reportsFor = 24 * time.Hour

func (x sweep) abandoned(r world.UsageReport) bool { return x.w.Now.Sub(r.Created) > reportsFor }

// sweep are the decisions about what interrupted runs have left.
type sweep struct{ subject }

func (x sweep) discard(region string, older time.Duration) {
	images := x.here(region).all
	for _, i := range images {
		why := ""
		switch {
		case !x.ours(i), i.Tag(record.TagStage) == record.StageWithdrawn: // it says that it was
		case i.State == world.Failed:
			why = "failed: " + i.Reason
		case i.Tag(record.TagWaived) != "": // it holds what was decided about its release
		case x.isAnyCandidate(i) && x.w.Now.Sub(i.Created) > older && !x.claimed(region, i):
			why = "candidate of " + x.w.Now.Sub(i.Created).Round(time.Minute).String() + " ago"
		case x.second(images, i):
			why = "second copy of the same AMI, private"
		}
		if why == "" {
			continue
		}
		key := release.Key{Image: i.Tag(record.TagImage), Arch: i.Tag(record.TagArch), Place: release.Place{Region: region}}
		s := discarding(key, i)
		s.Why = i.Name + ": " + why
		x.add(s)
	}
}

// ours: the project's tag, or, without one, a candidate's name. Nothing else is touched.
func (x sweep) ours(i world.Image) bool {
	return i.Schema() <= record.Schema && record.OfProject(x.d.Project, i.Name, i.Tags)
}

// isAnyCandidate tells a candidate among the images that are ours.
func (x sweep) isAnyCandidate(i world.Image) bool {
	stage := i.Tag(record.TagStage)
	return (stage == "" || stage == record.StageCandidate) && record.IsCandidateName(x.d.Project, i.Name)
}

func (x sweep) claimed(region string, i world.Image) bool {
	return slices.ContainsFunc(x.w.Regions[region].Claims.Val, func(c world.Claim) bool {
		return record.IsCandidateOf(c.Name, i.Name) && !c.Dead()
	})
}

// second reports whether a better AMI of the same release stands beside a
// private one.
func (x sweep) second(images []world.Image, i world.Image) bool {
	if i.Public || i.State != world.Available || !record.Released(i.Tag(record.TagStage)) {
		return false
	}
	return slices.ContainsFunc(images, func(o world.Image) bool {
		return o.ID != i.ID && x.ours(o) && o.State == world.Available && same(o, i) && (o.Public || better(o, i))
	})
}

func same(x, y world.Image) bool {
	for _, k := range []string{record.TagProject, record.TagTag, record.TagImage, record.TagArch, record.TagStage} {
		if x.Tag(k) != y.Tag(k) {
			return false
		}
	}
	return true
}
