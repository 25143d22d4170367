package reconcile

import (
	"cmp"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// regions are the decisions about what regions can take: what keeps them from getting
// AMIs, and AMIs from becoming public there.
type regions struct {
	subject
	variants []*variant
	begun    map[string]begunRelease // by tag: releases that may want the same quota, and this one
	closed   map[string]plan.Blocker // by region: why nothing can become public there
	noCopies map[string]plan.Blocker // by region: why nothing can be copied there
}

// newRegions finds the regions in which the release can't become public, before it is
// built. They are read only while something is to be published or copied there.
func newRegions(f *facts, variants []*variant) regions {
	x := regions{subject: f.subject(), variants: variants, closed: map[string]plan.Blocker{}, noCopies: map[string]plan.Blocker{}}
	x.readAll()
	x.begun = x.releasesBegun()
	for _, t := range f.d.Targets {
		x.inspect(t)
	}
	return x
}

// readAll asks for all AMIs of every region while something is to be copied or published in one:
// what counts against quotas, and which releases were begun before.
func (x regions) readAll() {
	unfinished := func(t release.Target) bool { return x.unfinished(x.variants, t.Region) }
	if x.r.Ahead == 0 && !slices.ContainsFunc(x.d.Targets, unfinished) {
		return
	}
	for _, region := range x.d.Regions() {
		if x.imagesIn(region).Known() {
			x.whole(x.findings, region)
		}
	}
}

func (x regions) inspect(t release.Target) {
	reg := x.w.Regions[t.Region]
	if reg.Off || reg.NoRegion {
		x.close(t, x.unreadable(t.Region, x.imagesIn(t.Region).Err))
	}
	if !x.imagesIn(t.Region).Known() || !x.unfinished(x.variants, t.Region) && x.r.Ahead == 0 {
		return
	}
	if reg.Images.Missed() {
		x.uncounted(t)
		return
	}
	need(x.findings, world.Query{Kind: world.LookLimits, Region: t.Region}, reg.Limits)
	if err := cmp.Or(reg.Limits.Err, reg.Limits.Val.Public.Err); err != "" {
		x.note("what may be public in %s is not known until it is tried: %s", t.Region, err)
	}
	if !reg.Limits.Known() || !reg.Images.Known() {
		return
	}
	q := x.publicQuota(t)
	if reg.Limits.Val.Public.Known() {
		x.quotas = append(x.quotas, q)
	}
	if bl, copies := x.closedBy(t, q, reg.Limits.Val); bl != nil {
		if copies {
			x.noCopies[t.Region] = *bl
		}
		x.close(t, *bl)
	}
	if bl := x.snapshotsBlocked(t.Region, reg.Limits.Val); bl != nil {
		x.close(t, *bl)
	}
}

// uncounted closes a region of which it can't be read what counts against its quotas.
func (x regions) uncounted(t release.Target) {
	q := world.Query{Kind: world.LookImages, Region: t.Region}
	if x.w.Throttled[q] {
		x.wait(plan.GateStep, "AWS throttles these requests; they are repeated", q)
	}
	bl := x.unreadable(t.Region, x.w.Regions[t.Region].Images.Err)
	x.noCopies[t.Region] = bl
	x.close(t, bl)
}

// refreshQuotas reads again what counts against the quotas before anything becomes public:
// another run or user may have published since, and what was read before this release's own
// AMIs were made does not show those of a release that was begun with it.
func refreshQuotas(f *facts, variants []*variant) (found findings) {
	unfinished := func(region string) bool { return f.unfinished(variants, region) || f.r.Ahead > 0 }
	busy := slices.ContainsFunc(f.d.Targets, func(t release.Target) bool { return unfinished(t.Region) })
	made := f.lastMade()
	for _, region := range f.d.Regions() {
		home := busy && slices.Contains(f.d.BuildRegions(), region) // where candidates show who else is at it
		images := f.w.Regions[region].Images
		if images.Known() && (home || unfinished(region)) && (f.w.Now.Sub(images.At) > freshFor || images.At.Before(made)) {
			found.refresh(world.Query{Kind: world.LookImages, Region: region})
		}
	}
	return found
}

// lastMade is when the newest AMI of the release was made, as far as that is past.
func (f *facts) lastMade() (last time.Time) {
	for _, region := range f.d.Regions() {
		for _, i := range f.ofTag(region) {
			if i.Created.After(last) && !i.Created.After(f.w.Now) {
				last = i.Created
			}
		}
	}
	return last
}

// unfinished reports whether something of the release is still to be copied or
// published in a region.
func (f *facts) unfinished(variants []*variant, region string) bool {
	return slices.ContainsFunc(variants, func(v *variant) bool {
		return slices.ContainsFunc(v.places, func(p *place) bool {
			return p.Region == region && (p.image == nil || v.Public && !p.image.Public || f.snapshotsLeft(v, p))
		})
	})
}

// snapshotsLeft reports whether snapshots of a place are still to become public. Those of a
// public AMI are only if that was read: they become public before it.
func (f *facts) snapshotsLeft(v *variant, p *place) bool {
	if !v.PublicSnapshot || p.image == nil {
		return v.PublicSnapshot
	}
	public, _ := f.sharing().restorable(p.Region, *p.image)
	return public.Known() && !public.Val || !public.Known() && !p.image.Public
}

// closedBy says what keeps a region from taking the release, and whether that is so for
// copies, too; nil if nothing does.
func (x regions) closedBy(t release.Target, q plan.Capacity, l world.Limits) (bl *plan.Blocker, copies bool) {
	all, left := x.allAMIs(t), x.copiesLeft(t.Region)
	switch {
	case l.Encrypted && left > 0:
		return encrypts(t.Region), true
	case l.AMIs.Known() && left > 0 && all+left > l.AMIs.Limit:
		return x.fullRegion(t, all, left), true
	case q.Needed == 0:
		return nil, false
	case l.BlockPublic == world.BlockedByPolicy:
		return blockedByPolicy("public-block/", t.Region, "AMIs"), false
	case l.BlockPublic != "":
		return x.blocksPublic(t.Region), false
	case l.Public.Known() && q.Missing() > 0:
		return x.publicQuotaUsed(q), false
	}
	return nil, false
}

func encrypts(region string) *plan.Blocker {
	return &plan.Blocker{
		ID: "encryption/" + region, Why: "new snapshots in " + region + " are encrypted by default: copies made there can be neither shared nor public, nor listed",
		Remedies: []plan.Remedy{{
			Name: "off", Command: "aws ec2 disable-ebs-encryption-by-default --region " + region, IAM: []string{"ec2:DisableEbsEncryptionByDefault"},
			Cost: "volumes and snapshots made there from then on are not encrypted unless it is requested",
		}},
	}
}

func (x regions) blocksPublic(region string) *plan.Blocker {
	return &plan.Blocker{
		ID: "public-block/" + region, Why: "block public access for AMIs is on in " + region,
		Remedies: []plan.Remedy{{
			Name: "allow", Command: x.unblocking("public-block/"+region, "allow"), IAM: []string{"ec2:DisableImageBlockPublicAccess"},
			Cost: "AMIs of the account can be public there; takes up to ten minutes",
			Do:   []plan.Action{{ID: plan.ID("allow/" + region), Target: release.Key{Place: release.Place{Region: region}}, Change: plan.AllowPublic{}}},
		}},
	}
}

// snapshotsBlocked says what keeps the release's snapshots from becoming public in a region;
// nil if nothing does, or none are to.
func (x regions) snapshotsBlocked(region string, l world.Limits) *plan.Blocker {
	left := slices.ContainsFunc(x.variants, func(v *variant) bool {
		return v.PublicSnapshot && x.r.Ahead > 0 || slices.ContainsFunc(v.places, func(p *place) bool { return p.Region == region && x.snapshotsLeft(v, p) })
	})
	switch {
	case l.BlockSnapshots == "" || !left:
		return nil
	case l.BlockSnapshots == world.BlockedByPolicy:
		return blockedByPolicy("snapshot-block/", region, "snapshots")
	}
	return &plan.Blocker{
		ID: "snapshot-block/" + region, Why: "block public access for snapshots is on in " + region,
		Remedies: []plan.Remedy{{
			Name: "allow", Command: x.unblocking("snapshot-block/"+region, "allow"), IAM: []string{"ec2:DisableSnapshotBlockPublicAccess"},
			Cost: "snapshots of the account can be public there, and those that were made public before are so again",
			Do:   []plan.Action{{ID: plan.ID("allow-snapshots/" + region), Target: release.Key{Place: release.Place{Region: region}}, Change: plan.UnblockSnapshots{}}},
		}},
	}
}

// blockedByPolicy is the blocker of what an organization keeps from becoming public.
func blockedByPolicy(kind, region, what string) *plan.Blocker {
	return &plan.Blocker{
		ID: kind + region, Why: "a declarative policy of the organization keeps " + what + " in " + region + " from becoming public; the account has no switch for it",
		Remedies: []plan.Remedy{{Name: "policy", Command: "ask who manages the organization's declarative policies for EC2", Cost: what + " of the account can be public there"}},
	}
}

// close notes that a region is closed: a required one holds the release, an optional one
// is left out. What the catalog lets a release do about it is done.
func (x regions) close(t release.Target, bl plan.Blocker) {
	if _, already := x.closed[t.Region]; !already {
		x.closed[t.Region] = bl
	}
	if t.Required {
		x.findings.closed = append(x.findings.closed, bl)
	}
	for _, r := range bl.Remedies {
		if r.Auto {
			for _, act := range r.Do {
				x.add(plan.Step{State: plan.Ready, Action: act})
			}
		}
	}
}
