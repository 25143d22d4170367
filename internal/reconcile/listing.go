package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// listings are the decisions about versions of products on AWS Marketplace.
type listings struct {
	subject
	variants []*variant
	open     bool // the gate
	copies   copies
	sets     changeSets
	sellers  map[release.Key]*place // copies in accounts that listings belong to
}

func (x subject) listings(variants []*variant, open bool) listings {
	return listings{x, variants, open, copies{subject: x}, changeSets{x.facts}, map[release.Key]*place{}}
}

// listing is what there is of one listing.
type listing struct {
	release.Listing
	state world.Listing
	stem  string
	title func(string) (release.Version, error) // reads the version that a title names
	// restrict are versions that make way for this one, in its change set.
	restrict []world.Version
	home     *place       // where the AMI that backs it must be: Marketplace's region, its account
	ami      *world.Image // that backs it; nil while it is not ready
	build    string       // region in which its variant is built
	// candidate of its variant; nil: there is none
	candidate *world.Image
	step      plan.Step // as long as nothing is decided about it
}

// look is the query whose answer the listing's steps rest on.
func (l *listing) look() world.Query {
	return world.Query{Kind: world.LookListing, Listing: l.Name}
}

// needs are what must be read of the product.
func (l *listing) needs() (found findings) {
	need(&found, l.look(), l.state.Entity)
	need(&found, l.look(), l.state.Sets)
	return found
}

func (l *listing) known() bool { return l.state.Entity.Known() && l.state.Sets.Known() }

// newListing is what there is of a listing, for a step of that kind.
func newListing(f *facts, rl release.Listing, kind plan.Kind) *listing {
	key := rl.Key()
	return &listing{
		Listing: rl, state: f.w.Listings[rl.Name], stem: marketplace.Stem(f.d.Project, f.d.Tag, rl.Name), title: rl.ReadsTitle(),
		step: plan.Step{Required: true, Action: plan.Action{ID: plan.StepID(kind, key), Target: key, Change: plan.SubmitChangeSet{For: kind, Title: rl.Version.Title}}},
	}
}

// offer adds the steps that lead from a private AMI to a version that buyers
// see. What Marketplace works on is waited for; what it refused, or what
// another user is doing to the product, is a blocker or a wait.
func (x listings) offer(rl release.Listing) {
	l := newListing(x.facts, rl, plan.ChangeSet)
	x.include(l.needs())
	x.back(l)
	x.versionsLeft(l)
	if !l.known() {
		x.decide(x.sets.unreadProduct(l))
		return
	}
	x.assessed(l)
	verdict := x.listed(l)
	if verdict == nil {
		verdict = x.othersUnread(l)
	}
	if verdict == nil {
		x.include(x.sets.needOwners(l))
		verdict = cmp.Or(x.sets.ours(l), x.notForListing(l))
	}
	if verdict == nil {
		verdict = x.submission(l)
	}
	if s := x.decide(verdict); s.State != plan.Done && s.State != plan.Skipped {
		q := x.sets.queue(l)
		x.queues = append(x.queues, q)
		x.include(shownFirst(q))
		if what, where := l.state.Entity.Val.NotOffered(x.d.Targets); what != "" {
			x.note("listing %s: %s: %s", l.Name, what, where)
		}
	}
}

// othersUnread: which releases come before this one, or are newer, is known once all AMIs are of the
// regions where they show; nil: it is, or a region could not be read at all.
func (x listings) othersUnread(l *listing) *verdict {
	for _, region := range l.regions() {
		if !x.imagesIn(region).Known() {
			continue
		}
		if all := x.whole(x.findings, region); !all.Known() {
			return x.unread(l.step, region, world.Query{Kind: world.LookImages, Region: region}, all.Err)
		}
	}
	return nil
}

func (x changeSets) unreadProduct(l *listing) *verdict {
	err := l.state.Missed()
	if err == "" {
		return decided(l.step, plan.Waiting, "not read yet")
	}
	if v := x.throttled(l.step, l.look()); v != nil {
		return v
	}
	ways := []plan.Remedy{{
		Name: "again", Command: x.command(), Cost: "nothing; resumes when Marketplace answers, and the caller may ask it",
	}, {
		Name: "product", Command: "correct the listing's product" + l.line("product"),
		Cost: "aws marketplace-catalog list-entities --region us-east-1 --catalog AWSMarketplace --entity-type AmiProduct shows which the account has",
	}}
	ways = append(ways, l.accountWay())
	out := decided(l.step, plan.Blocked, "the product "+l.Product+" could not be read")
	return out.blockedBy(plan.Blocker{ID: "listing/" + l.Name, Why: l.Product + " could not be read: " + err, Remedies: ways})
}

// accountWay is for a product that another account has, or is said to have.
func (l *listing) accountWay() plan.Remedy {
	at := "account.role_arn" + l.line("account.role_arn")
	if l.Role == "" {
		return plan.Remedy{Name: "account", Command: "name a role of the account that has it: " + at, Cost: "the caller must be allowed to assume it"}
	}
	return plan.Remedy{Name: "account", Command: "correct " + at, Cost: "the caller must be allowed sts:AssumeRole, and the role trust it: with account.external_id, if its trust policy asks for one"}
}

// line is where a field stands, for a sentence: " (amiship.yaml:41)".
func (l *listing) line(field string) string {
	at := l.Lines[field]
	if at == "" {
		return ""
	}
	return " (" + at + ")"
}

// listed: the product has a version of that title already. It is offered once
// and never again.
func (x listings) listed(l *listing) *verdict {
	v, there := l.version()
	if !there {
		return nil
	}
	s, images := l.step, x.images(l.home.at())
	switch {
	case l.home.image == nil && !images.Known():
		return decided(s, plan.Waiting, "whose the version is shows when "+l.home.Region+" was read")
	case l.home.image == nil || v.AMI != l.home.image.ID:
		return l.titleTaken(v)
	case l.state.Entity.Val.Public(v):
		return decided(versionIs(s, v), plan.Done, "")
	case !v.Offered():
		return decided(versionIs(s, v), plan.Done, "the version is there, restricted since")
	}
	out := decided(s, plan.Waiting, "the version is there, and not yet to be seen")
	out.waitSince(s.ID, out.step.Why, l.look(), v.Created)
	return out
}

// version is the one that has our title: rather the one with our AMI.
func (l *listing) version() (world.Version, bool) {
	all := l.state.Entity.Val.Versions
	i := slices.IndexFunc(all, func(v world.Version) bool {
		return l.home.image != nil && v.Title == l.Version.Title && v.AMI == l.home.image.ID
	})
	if i >= 0 {
		return all[i], true
	}
	return l.state.Entity.Val.Version(l.Version.Title)
}

// versionIs is a listing's step, with the version that the product has.
func versionIs(s plan.Step, v world.Version) plan.Step {
	plan.Edit(&s.Action, func(c *plan.SubmitChangeSet) { c.AMI, c.Version = v.AMI, v.ID })
	return s
}

// backedBy is a listing's step, with the AMI that backs the version.
func backedBy(s plan.Step, ami string) plan.Step {
	plan.Edit(&s.Action, func(c *plan.SubmitChangeSet) { c.AMI = ami })
	return s
}

func (l *listing) titleTaken(v world.Version) *verdict {
	s := backedBy(l.step, v.AMI)
	why := fmt.Sprintf("%q has a version %q already, of %s of %s", l.state.Entity.Val.Title, v.Title, v.AMI, v.Created.Format(time.DateOnly))
	return decided(s, plan.Blocked, why).blockedBy(plan.Blocker{ID: "title/" + l.Name, Since: v.Created, Why: why + ": it is not this release's AMI", Remedies: []plan.Remedy{{
		Name: "title", Command: "give the version another title, with {build} for instance" + l.line("title"), Cost: "buyers see two versions",
	}}})
}

// notForListing: a patch of an older series, or a pre-release, is kept off a
// listing that shows the latest.
func (x listings) notForListing(l *listing) *verdict {
	if l.Only != release.OnlyLatestStable {
		return nil
	}
	why := ""
	if x.d.Version.Prerelease() {
		why = "a pre-release is not listed"
	} else if newer := x.newerListed(l); newer != "" {
		why = newer + " is newer, and the listing shows the latest"
	}
	if why == "" {
		return nil
	}
	return decided(l.step, plan.Skipped, why+" (only: "+release.OnlyLatestStable+")")
}

// submission: nothing is listed and nothing of ours is under way. What a person must decide
// shows before anything is built.
func (x listings) submission(l *listing) *verdict {
	first := x.sets.foreseenLock
	if l.ami != nil {
		first = x.unfit
	}
	if verdict := first(l); verdict != nil {
		return verdict
	}
	quota := x.versionQuota(l)
	out := quota.full
	if out == nil {
		out = x.withinQuota(l, quota.restrict)
	}
	out.include(quota.findings)
	return out
}

// withinQuota submits the version, which may take the place of others, or says what is before that.
func (x listings) withinQuota(l *listing, restrict []world.Version) *verdict {
	if l.ami == nil {
		return queued(l.step, x.beforeListing(l)...)
	}
	if l.Notes != nil {
		if missing := x.releaseNotes(l); missing != nil {
			return missing
		}
		l.Version.ReleaseNotes = l.state.Notes.Val
	}
	l.restrict, l.Version.AMI, l.step = restrict, l.ami.ID, backedBy(l.step, l.ami.ID)
	return x.sets.attempt(l)
}

// beforeListing is what a listing without an AMI waits for.
func (x listings) beforeListing(l *listing) []plan.ID {
	if s, ok := l.home.unprepared(); ok && l.home.account != "" && s != "" {
		return []plan.ID{s}
	}
	return l.home.before(x.open)
}

// releaseNotes says why the release notes that a command prints can't be submitted; nil: they can.
func (x listings) releaseNotes(l *listing) *verdict {
	notes := l.state.Notes
	err := notes.Err
	if notes.Known() {
		v := l.Version
		v.ReleaseNotes = notes.Val
		err = tooMuch(v)
	}
	var out *verdict
	switch {
	case err != "":
		out = l.refused(plan.Blocker{ID: "notes", Why: err, Remedies: []plan.Remedy{{
			Name: "notes", Command: "fix the command for release_notes" + l.line("release_notes"),
			Cost: "nothing; then run amiship release " + x.d.Tag + " again",
		}}})
	case !notes.Known():
		out = decided(l.step, plan.Waiting, "its release notes first")
	default:
		return nil
	}
	need(&out.findings, world.Query{Kind: world.LookNotes, Listing: l.Name}, notes)
	return out
}

// tooMuch says what Marketplace would refuse of a version, now that its release
// notes are there.
func tooMuch(v marketplace.Version) string {
	var out []string
	for _, f := range v.Check() {
		out = append(out, f.Field+": "+f.Text)
	}
	return strings.Join(out, "\n")
}

// unfit: AMIs that Marketplace would refuse hours later.
func (x listings) unfit(l *listing) *verdict {
	verdict, _ := record.ReadVerdict(l.ami.Tag(record.TagTested))
	switch {
	case l.ami.Encrypted:
		return l.refused(plan.Blocker{ID: "encrypted", Why: l.ami.ID + " has an encrypted snapshot: Marketplace can't copy it", Since: l.ami.Created, Remedies: []plan.Remedy{{
			Name: "unencrypted", Command: "aws ec2 disable-ebs-encryption-by-default --region " + l.home.Region,
			Cost: "snapshots made from then on are not encrypted; then build the release anew",
		}}})
	case !x.d.Untested && !verdict.OK:
		return l.refused(plan.Blocker{ID: "untested", Why: l.ami.ID + " has not passed a boot test", Since: l.ami.Created, Remedies: []plan.Remedy{{
			Name: "no-test", Command: plan.Line("amiship", "release", x.d.Tag, "--no-test"), Cost: "what was never started is offered to buyers",
		}}})
	}
	return nil
}

// refused blocks a listing; the blocker's id ends in the listing's name.
func (l *listing) refused(bl plan.Blocker) *verdict {
	out := decided(l.step, plan.Blocked, bl.Why)
	bl.ID += "/" + l.Name
	return out.blockedBy(bl)
}
