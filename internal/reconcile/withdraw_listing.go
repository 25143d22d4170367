package reconcile

import (
	"fmt"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// unlist takes the release's version from new buyers, where that was
// approved, and cancels the change set that would add it.
func (x withdrawal) unlist(rl release.Listing) {
	l := newListing(x.facts, rl, plan.Restrict)
	x.include(l.needs())
	if !l.known() {
		x.decide(x.sets.unreadProduct(l))
		return
	}
	x.revokeCopies(l)
	set, adding, found := x.adding(l)
	x.include(found)
	if adding {
		x.stopAdding(l, set)
		return
	}
	for _, v := range l.state.Entity.Val.Versions {
		if x.backed(l, v) {
			x.restrictOwn(l, v)
		}
	}
}

// revokeCopies marks and closes the copies in the account that a listing belongs to:
// Marketplace may use them, and who was given permission there.
func (x withdrawal) revokeCopies(l *listing) {
	if l.Account == "" {
		return
	}
	there := release.Place{Account: l.Account, Region: marketplace.Region}
	need(x.findings, world.Query{Kind: world.LookSellerImages, Region: there.Region, Account: there.Account}, x.w.SellerImages[there])
	for _, i := range x.w.SellerImages[there].Val {
		key := release.Key{Image: i.Tag(record.TagImage), Arch: i.Tag(record.TagArch), Place: there}
		if id := plan.StepID(plan.Withdraw, key, i.ID); x.ofRelease(i) && !x.marked[id] {
			x.marked[id] = true
			x.revoke(key, i)
		}
	}
}

// adding returns a change set of ours that is under way, and adds the version.
func (x withdrawal) adding(l *listing) (set world.ChangeSet, adding bool, found findings) {
	for _, set := range l.state.Sets.Val {
		found.include(x.sets.needOwner(l, set))
		ours, _ := x.sets.isOurs(l, set)
		if purpose, _, _ := marketplace.ReadName(l.stem, set.Name); set.Pending() && ours && purpose != marketplace.Restrict {
			return set, true, found
		}
	}
	return world.ChangeSet{}, false, found
}

// stopAdding deals with a change set that adds the version: it is cancelled
// while that is possible.
func (x withdrawal) stopAdding(l *listing, set world.ChangeSet) {
	why := fmt.Sprintf("Marketplace has change set %s, %s, begun %s: it can no longer be cancelled", set.ID, set.Status, plan.Moment(set.Start))
	switch {
	case set.Status == world.Preparing:
		x.cancel(l, set)
	case !x.restrict:
		x.note("%s: %s; once it has ended: %s --restrict", l.Name, why, x.command())
	default:
		x.decide(l.waiting(l.step, set.ID, why, set.Start))
	}
}

func (x withdrawal) cancel(l *listing, set world.ChangeSet) {
	x.include(x.sets.needDetails(l, set.ID))
	details, s := x.w.Sets[set.ID], x.sets.cancelling(l, set)
	s.Why = set.Name
	if !details.Known() {
		s.State, s.Why = plan.Waiting, "what it asks for is not known: "+details.Err
	}
	x.add(s)
}

// backed goes by the AMI: a title may be another product's.
func (x withdrawal) backed(l *listing, v world.Version) bool {
	image, ok := x.inventory(l.AMIKey().Place).image(v.AMI)
	return ok && x.ofRelease(image)
}

// restrictOwn restricts the release's own version.
func (x withdrawal) restrictOwn(l *listing, v world.Version) {
	s, chosen := backedBy(l.step, v.AMI), []world.Version{v}
	switch {
	case !v.Offered():
		x.decide(decided(s, plan.Done, fmt.Sprintf("%q is restricted", v.Title)))
	case len(l.notLast(chosen)) == 0:
		x.note("%s: %q is the last public version, which Marketplace does not let go: release another one, then withdraw again with --restrict", l.Name, v.Title)
	case !x.restrict:
		x.note("%s: buyers still get %q: --restrict %s", l.Name, v.Title, restricting(chosen))
	default:
		out := x.sets.try(l, s, restriction(chosen))
		plan.Edit(&out.step.Action, func(c *plan.SubmitChangeSet) { c.SetName += " " + v.Title })
		x.decide(out)
	}
}
