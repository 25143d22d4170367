package reconcile

import (
	"slices"

	"amiship/internal/plan"
	"amiship/internal/record"
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

// withdrawal are the decisions about it.
type withdrawal struct {
	subject
	why      string
	restrict bool
	marked   map[plan.ID]bool // AMIs that several listings have in common
	sets     changeSets
}

// Reconcile lists what is left to do of it. Each AMI is marked before anything is
// revoked: a run of the release that is killed, repeated or still under way
// publishes nothing of it again.
func (x Withdrawal) Reconcile(w world.World, r plan.Run) plan.Plan {
	again := plan.Line("amiship", "withdraw", x.Desired.Tag, "--reason", x.Why)
	if x.Restrict {
		again += " --restrict"
	}
	f := newFacts(x.Desired, w, r).continuedBy(again)
	b := newBuilder(f)
	b.apply(f.needInventories())
	b.apply(withdraw(f, x.Why, x.Restrict))
	if b.empty() {
		b.plan.Skip = "AWS has nothing of it"
	}
	return b.finish()
}

func withdraw(f *facts, why string, restrict bool) findings {
	x := withdrawal{f.subject(), why, restrict, map[plan.ID]bool{}, changeSets{f}}
	for _, region := range f.d.Regions() {
		x.withdraw(region)
	}
	for _, t := range f.d.Targets {
		for _, v := range f.d.Variants {
			x.pointBack(v, t)
		}
	}
	for _, l := range f.d.Listings {
		x.unlist(l)
	}
	return *x.findings
}

func (x withdrawal) withdraw(region string) {
	images, q := x.imagesIn(region), plan.ImagesQuery(x.d, release.Place{Region: region})
	x.include(x.needImages(region))
	if images.Missed() {
		key := release.Key{Place: release.Place{Region: region}}
		s := plan.Step{Required: true, Action: plan.Action{ID: plan.StepID(plan.Withdraw, key), Target: key, Change: plan.WithdrawImage{}}}
		x.decide(x.unanswered(s, region+" could not be read", q, images.Err))
		return
	}
	for _, i := range x.here(region).all {
		key := release.Key{Image: i.Tag(record.TagImage), Arch: i.Tag(record.TagArch), Place: release.Place{Region: region}}
		if v, ok := x.untagged(i); ok {
			key = v.Key(region)
		} else if !x.ofRelease(i) {
			continue
		}
		x.revoke(key, i)
	}
}

// unanswered blocks what must not be taken for done: a region could not be read. What is
// throttled is waited for.
func (x withdrawal) unanswered(s plan.Step, why string, q world.Query, err string) *verdict {
	if v := x.throttled(s, q); v != nil {
		return v
	}
	return decided(s, plan.Blocked, why).blockedBy(plan.Blocker{ID: "region/" + q.Region, Why: q.Region + " could not be read: " + err, Remedies: []plan.Remedy{{
		Name: "again", Command: x.command(), Cost: "nothing; resumes when the region answers",
	}}})
}

// untagged is the variant of a candidate whose run died before it could tag it.
func (x withdrawal) untagged(i world.Image) (release.Variant, bool) {
	n := slices.IndexFunc(x.d.Variants, func(v release.Variant) bool { return x.isCandidate(v, i) })
	if n < 0 || i.Tag(record.TagTag) != "" || i.State == world.Failed {
		return release.Variant{}, false
	}
	return x.d.Variants[n], true
}

// revoke marks an AMI and closes it; a newer Amiship must do that of what it made.
func (x withdrawal) revoke(key release.Key, i world.Image) {
	if i.Schema() > record.Schema {
		x.note("%s in %s was made by a newer Amiship, which must withdraw it", i.ID, key.Region)
		return
	}
	x.add(x.mark(key, i))
	x.include(x.sharing().needAccess(key.Place, i))
	x.decide(x.closed(key, i))
}

// mark says on an AMI that it was recalled, and why.
func (x withdrawal) mark(key release.Key, i world.Image) plan.Step {
	s := plan.Step{State: plan.Ready, Required: true, Why: i.Name, Action: plan.Action{
		ID: plan.StepID(plan.Withdraw, key, i.ID), Target: key, Guard: plan.Guard{Image: plan.Seen(i)},
		Change: plan.WithdrawImage{Image: plan.Image{AMI: i.ID, Name: i.Name, Snapshots: i.Snapshots}, Tags: map[string]string{
			record.TagProject: record.TagValue(x.d.Project), record.TagTag: record.TagValue(x.d.Tag),
			record.TagStage: record.TagValue(record.StageWithdrawn), record.TagWhy: record.TagValue(record.Shorten(x.why)),
		}},
	}}
	if i.Tag(record.TagStage) == record.StageWithdrawn {
		s.State = plan.Done
	}
	return s
}

// closed revokes every permission: of all, of accounts, organizations and units, to launch
// the AMI or to restore its snapshots, whoever gave it.
func (x withdrawal) closed(key release.Key, i world.Image) *verdict {
	s := plan.Step{State: plan.Ready, Required: true, Action: plan.Action{
		ID: plan.StepID(plan.Close, key, i.ID), Target: key, Guard: plan.Guard{Image: plan.Seen(i)},
		Change: plan.CloseImage{Image: plan.Image{AMI: i.ID, Name: i.Name, Snapshots: i.Snapshots}},
	}}
	access := x.sharing().access(key.Place, i)
	who := access.anybody(i.Public)
	switch {
	case i.Tag(record.TagStage) != record.StageWithdrawn:
		return queued(s, plan.StepID(plan.Withdraw, key, i.ID))
	case i.State == world.Pending: // nothing of it can be shared yet
		out := decided(s, plan.Waiting, "AWS is still making it")
		out.wait(s.ID, out.step.Why, pendingIn(key.Place))
		return out
	case i.Public:
	case access.missed != nil: // what is not known to be closed is not taken for closed
		q := *access.missed
		return x.unanswered(s, "who may use it could not be read", q, x.w.Access[q.ID].Err)
	case !access.known:
		return decided(s, plan.Waiting, "not read yet")
	case len(who) == 0:
		return decided(s, plan.Done, "")
	}
	s.Why = "open to " + some(who)
	return &verdict{step: s}
}

// Later are the steps that were approved with the withdrawal, and may show only
// once Marketplace has ended what it is at.
func (x Withdrawal) Later() []plan.ID {
	var out []plan.ID
	for _, l := range x.Desired.Listings {
		if x.Restrict {
			out = append(out, plan.StepID(plan.Restrict, l.Key()))
		}
	}
	return out
}
