package plan

import (
	"fmt"
	"regexp"
	"slices"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Withdrawal recalls a release for a defect: its AMIs are marked, then private to
// the last account; what points at the latest version points at the one before.
type Withdrawal struct {
	Desired  release.Desired
	Why      string
	Restrict bool // its versions on listings, too: that can't be undone
}

// Reconcile lists what is left to do of it. Each AMI is marked before anything is
// taken away: a run of the release that is killed, repeated or still under way
// publishes nothing of it again.
func (x Withdrawal) Reconcile(w world.World, r Run) Plan {
	b := &builder{d: x.Desired, w: w, r: r, plan: Plan{Project: x.Desired.Project, Tag: x.Desired.Tag, Now: w.Now}}
	b.again = fmt.Sprintf("amiship withdraw %s --reason %q", b.d.Tag, x.Why)
	if x.Restrict {
		b.again += " --restrict"
	}
	b.needImages()
	for _, region := range b.d.Regions() {
		b.withdrawIn(region, x.Why)
	}
	for _, t := range b.d.Targets {
		for _, v := range b.d.Variants {
			b.pointBack(v, t)
		}
	}
	for _, l := range b.d.Listings {
		b.withdrawListing(l, x)
	}
	if len(b.plan.Steps)+len(b.look) == 0 {
		b.plan.Skip = "AWS has nothing of it"
	}
	return b.finish()
}

func (b *builder) withdrawIn(region, why string) {
	images := b.w.Regions[region].Images
	need(b, world.Query{Kind: world.LookImages, Region: region}, images)
	if images.Missed() {
		key := release.Key{Place: release.Place{Region: region}}
		s := b.add(Step{State: Blocked, Required: true, Why: region + " could not be read", Action: Action{ID: stepID(Withdraw, key), Kind: Withdraw, Target: key}})
		b.block(b.closedToUs(region, images.Err), s.ID)
		return
	}
	for _, i := range b.images(region) {
		key := release.Key{Image: i.Tag(release.TagImage), Arch: i.Tag(release.TagArch), Place: release.Place{Region: region}}
		if v, ok := b.untagged(i); ok {
			key = v.Key(region)
		} else if !b.ofRelease(i) {
			continue
		}
		if b.mark(key, i, why) {
			b.closeStep(key, i)
		}
	}
}

// closedToUs blocks what must not be taken for done.
func (b *builder) closedToUs(region, err string) Blocker {
	return Blocker{ID: "region/" + region, Why: region + " could not be read: " + err, Remedies: []Remedy{{
		Name: "again", Command: b.command(), Cost: "nothing; carries on when the region answers",
	}}}
}

// ofRelease goes by the tags: an AMI of this release, in whatever stage.
func (b *builder) ofRelease(i world.Image) bool {
	return i.Tag(release.TagProject) == b.d.Project && i.Tag(release.TagTag) == b.d.Tag && i.State != world.Failed
}

// untagged is the variant of a candidate whose run died before it could tag it.
func (b *builder) untagged(i world.Image) (release.Variant, bool) {
	n := slices.IndexFunc(b.d.Variants, func(v release.Variant) bool { return isCandidate(b.d.ClaimName(v), i) })
	if n < 0 || i.Tag(release.TagTag) != "" || i.State == world.Failed {
		return release.Variant{}, false
	}
	return b.d.Variants[n], true
}

// mark says on an AMI that it was recalled, and why.
func (b *builder) mark(key release.Key, i world.Image, why string) bool {
	if i.Schema() > release.Schema {
		b.note("%s in %s was made by a newer Amiship, which must withdraw it", i.ID, key.Region)
		return false
	}
	s := Step{State: Ready, Required: true, Why: i.Name, Action: Action{
		ID: stepID(Withdraw, key, i.ID), Kind: Withdraw, Target: key, AMI: i.ID, Name: i.Name, Seen: seen(i),
		Tags: map[string]string{
			release.TagProject: release.TagValue(b.d.Project), release.TagTag: release.TagValue(b.d.Tag),
			release.TagStage: release.TagValue(release.StageWithdrawn), release.TagWhy: release.TagValue(release.Shorten(why)),
		},
	}}
	if i.Tag(release.TagStage) == release.StageWithdrawn {
		s.State = Done
	}
	b.add(s)
	return true
}

// closeStep takes every permission away: of all, and of each account.
func (b *builder) closeStep(key release.Key, i world.Image) {
	s := Step{State: Done, Required: true, Action: Action{
		ID: stepID(Close, key, i.ID), Kind: Close, Target: key, AMI: i.ID, Name: i.Name, Seen: seen(i), Snapshots: i.Snapshots,
		Accounts: b.mayLaunch(key.Region, i),
	}}
	open, err := b.openTo(key.Region, i, s.Accounts)
	switch {
	case i.Tag(release.TagStage) != release.StageWithdrawn:
		s.State, s.After = After, []ID{stepID(Withdraw, key, i.ID)}
	case !i.Public && err != "":
		s.State, s.Why = Blocked, "who may launch it could not be read"
		b.block(b.closedToUs(key.Region, err), s.ID)
	case !i.Public && !open:
	case i.State == world.Pending:
		s.State, s.Why = Waiting, "AWS is still making it"
		b.wait(s.ID, s.Why, world.Query{Kind: world.LookImages, Region: key.Region})
	default:
		s.State = Ready
	}
	b.add(s)
}

var accountID = regexp.MustCompile(`^\d{12}$`)

// mayLaunch are the accounts that the catalog shares with, and those that had
// permission when the AMI was marked, whoever gave it.
func (b *builder) mayLaunch(region string, i world.Image) []string {
	out := b.d.SharedIn(region)
	for _, who := range release.ReadTaken(i.Tag(release.TagTaken)) {
		if accountID.MatchString(who) {
			out = append(out, who)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// openTo reports whether one of the accounts may still use the AMI, or a snapshot
// of it.
func (b *builder) openTo(region string, i world.Image, accounts []string) (open bool, err string) {
	for _, account := range accounts {
		g := b.w.Regions[region].Grants[account]
		need(b, world.Query{Kind: world.LookGrants, Region: region, Account: account}, g)
		if g.Missed() {
			err = account + ": " + g.Err
		}
		if g.Val.Images[i.ID] || slices.ContainsFunc(i.Snapshots, func(s string) bool { return g.Val.Snapshots[s] }) {
			open = true
		}
	}
	return open, err
}

// Later are the steps that were approved with the withdrawal, and may show only
// once Marketplace has ended what it is at.
func (x Withdrawal) Later() []ID {
	var out []ID
	for _, l := range x.Desired.Listings {
		if x.Restrict {
			out = append(out, stepID(Restrict, l.Key()))
		}
	}
	return out
}
