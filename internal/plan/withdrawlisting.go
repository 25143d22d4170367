package plan

import (
	"fmt"
	"slices"

	"amiship/internal/marketplace"
	"amiship/internal/release"
	"amiship/internal/world"
)

// withdrawListing takes the release's version from new buyers, where that was
// approved, and cancels the change set that would add it.
func (b *builder) withdrawListing(rl release.Listing, x Withdrawal) {
	l := b.newListing(rl, Restrict)
	if !l.facts.Entity.Known() || !l.facts.Sets.Known() {
		b.unreadListing(l)
		b.add(l.step)
		return
	}
	b.markAbroad(l, x.Why)
	if b.stopAdding(l, x.Restrict) {
		return
	}
	for _, v := range l.facts.Entity.Val.Versions {
		if b.backedByUs(l, v) {
			b.restrictOwn(l, v, x.Restrict)
		}
	}
}

// markAbroad marks the copies in the account that a listing belongs to. Nobody but
// Marketplace may use them.
func (b *builder) markAbroad(l *listing, why string) {
	if l.Account == "" {
		return
	}
	there := release.Place{Account: l.Account, Region: marketplace.Region}
	need(b, world.Query{Kind: world.LookAbroad, Region: there.Region, Account: there.Account}, b.w.Abroad[there])
	for _, i := range b.w.Abroad[there].Val {
		key := release.Key{Image: i.Tag(release.TagImage), Arch: i.Tag(release.TagArch), Place: there}
		_, planned := b.plan.Step(stepID(Withdraw, key, i.ID)) // for another listing of the account
		if b.ofRelease(i) && !planned {
			b.mark(key, i, why)
		}
	}
}

// stopAdding deals with a change set of ours that is under way: it is cancelled
// while that is possible. It reports whether the version can't be there yet.
func (b *builder) stopAdding(l *listing, restrict bool) bool {
	for _, set := range l.facts.Sets.Val {
		ours, _ := b.ourSet(l, set)
		purpose, _, _ := marketplace.ReadName(l.stem, set.Name)
		if !set.Pending() || !ours || purpose == marketplace.Restrict {
			continue
		}
		if set.Status == world.Preparing {
			b.cancelOurs(l, set)
			return true
		}
		why := fmt.Sprintf("Marketplace has change set %s, %s, begun %s: it can't be cancelled any more", set.ID, set.Status, world.Moment(set.Start))
		if !restrict {
			b.note("%s: %s; once it has ended: %s --restrict", l.Name, why, b.command())
			return true
		}
		l.step.wait(set.ID, why)
		b.waitSince(l.step.ID, why, l.look(), set.Start)
		b.add(l.step)
		return true
	}
	return false
}

func (b *builder) cancelOurs(l *listing, set world.ChangeSet) {
	facts, s := b.details(l, set.ID), b.cancelling(l, set)
	s.Why = set.Name
	if !facts.Known() {
		s.State, s.Why = Waiting, "what it asks for is not known: "+facts.Err
	}
	b.add(s)
}

// backedByUs goes by the AMI: a title may be somebody else's.
func (b *builder) backedByUs(l *listing, v world.Version) bool {
	all := b.images(marketplace.Region)
	if l.Account != "" {
		all = b.w.Abroad[release.Place{Account: l.Account, Region: marketplace.Region}].Val
	}
	return slices.ContainsFunc(all, func(i world.Image) bool { return i.ID == v.AMI && b.ofRelease(i) })
}

// restrictOwn restricts the release's own version.
func (b *builder) restrictOwn(l *listing, v world.Version, approved bool) {
	s, chosen := &l.step, []world.Version{v}
	s.AMI = v.AMI
	switch {
	case !v.Offered():
		s.State, s.Why = Done, fmt.Sprintf("%q is restricted", v.Title)
	case len(l.notLast(chosen)) == 0:
		b.note("%s: %q is the last public version, which Marketplace does not let go: release another one, then withdraw again with --restrict", l.Name, v.Title)
		return
	case !approved:
		b.note("%s: buyers still get %q: --restrict %s", l.Name, v.Title, restricting(chosen))
		return
	default:
		b.try(l, s, restriction(chosen))
		s.Name += " " + v.Title
	}
	b.add(*s)
}
