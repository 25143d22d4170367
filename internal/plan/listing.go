package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/release"
	"amiship/internal/world"
)

// listing is what the builder finds out about one listing.
type listing struct {
	release.Listing
	facts world.Listing
	stem  string
	title func(string) (release.Version, error) // reads the version that a title names
	// restrict are versions that go to make room for this one, in its change set.
	restrict []world.Version
	home     *place       // where the AMI that backs it must be: Marketplace's region, its account
	ami      *world.Image // that backs it; nil while it is not ready
	step     Step
}

// look is the query whose answer the listing's steps rest on.
func (l *listing) look() world.Query {
	return world.Query{Kind: world.LookListing, Listing: l.Name}
}

// newListing reads what there is of a listing, for a step of that kind.
func (b *builder) newListing(rl release.Listing, kind Kind) *listing {
	key := rl.Key()
	l := &listing{
		Listing: rl, facts: b.w.Listings[rl.Name], stem: marketplace.Stem(b.d.Project, b.d.Tag, rl.Name), title: rl.ReadsTitle(),
		step: Step{Required: true, Action: Action{ID: stepID(kind, key), Kind: kind, Target: key, Title: rl.Version.Title}},
	}
	need(b, l.look(), l.facts.Entity)
	need(b, l.look(), l.facts.Sets)
	return l
}

// listing adds the steps that lead from a private AMI to a version that buyers
// see. What Marketplace works on is waited for; what it refused, or what
// somebody else is doing to the product, is a blocker or a wait.
func (b *builder) listing(rl release.Listing) {
	l := b.newListing(rl, ChangeSet)
	b.backing(l)
	b.versionsLeft(l)
	switch {
	case !l.facts.Entity.Known() || !l.facts.Sets.Known():
		b.unreadListing(l)
	case b.listed(l), b.pendingOurs(l), b.notForListing(l):
	default:
		b.submission(l)
	}
	b.add(l.step)
}

func (b *builder) unreadListing(l *listing) {
	err := l.facts.Missed()
	if err == "" {
		l.step.State, l.step.Why = Waiting, "not read yet"
		return
	}
	l.step.State, l.step.Why = Blocked, "the product "+l.Product+" could not be read"
	ways := []Remedy{{
		Name: "again", Command: b.command(), Cost: "nothing; carries on when Marketplace answers, and the caller may ask it",
	}, {
		Name: "product", Command: "correct the listing's product" + l.line("product"),
		Cost: "aws marketplace-catalog list-entities --region us-east-1 --catalog AWSMarketplace --entity-type AmiProduct shows which the account has",
	}}
	ways = append(ways, l.accountWay())
	b.block(Blocker{ID: "listing/" + l.Name, Why: l.Product + " could not be read: " + err, Remedies: ways}, l.step.ID)
}

// accountWay is for a product that another account has, or is said to have.
func (l *listing) accountWay() Remedy {
	at := "account.role_arn" + l.line("account.role_arn")
	if l.Role == "" {
		return Remedy{Name: "account", Command: "name a role of the account that has it: " + at, Cost: "the caller must be allowed to assume it"}
	}
	return Remedy{Name: "account", Command: "correct " + at, Cost: "the caller must be allowed sts:AssumeRole, and the role trust it"}
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
func (b *builder) listed(l *listing) bool {
	v, there := l.version()
	if !there {
		return false
	}
	s, images := &l.step, b.own(l.home)
	switch {
	case l.home.image == nil && !images.Known():
		s.State, s.Why = Waiting, "whose the version is shows when "+l.home.Region+" was read"
	case l.home.image == nil || v.AMI != l.home.image.ID:
		b.titleTaken(l, v)
	case l.facts.Entity.Val.Public(v):
		s.State, s.AMI, s.Value = Done, v.AMI, v.ID
	case !v.Offered():
		s.State, s.AMI, s.Value, s.Why = Done, v.AMI, v.ID, "the version is there, restricted since"
	default:
		s.State, s.Why = Waiting, "the version is there, and not yet to be seen"
		b.waitSince(s.ID, s.Why, l.look(), v.Created)
	}
	return true
}

// version is the one that has our title: rather the one with our AMI.
func (l *listing) version() (world.Version, bool) {
	all := l.facts.Entity.Val.Versions
	i := slices.IndexFunc(all, func(v world.Version) bool {
		return l.home.image != nil && v.Title == l.Version.Title && v.AMI == l.home.image.ID
	})
	if i >= 0 {
		return all[i], true
	}
	return l.facts.Entity.Val.Version(l.Version.Title)
}

func (b *builder) titleTaken(l *listing, v world.Version) {
	l.step.State, l.step.AMI = Blocked, v.AMI
	l.step.Why = fmt.Sprintf("%q has a version %q already, of %s of %s", l.facts.Entity.Val.Title, v.Title, v.AMI, v.Created.Format(time.DateOnly))
	b.block(Blocker{ID: "title/" + l.Name, Since: v.Created, Why: l.step.Why + ": it is not this release's AMI", Remedies: []Remedy{{
		Name: "title", Command: "give the version another title, with {build} for instance" + l.line("title"), Cost: "buyers see two versions",
	}}}, l.step.ID)
}

// notForListing: a patch of an older series, or a pre-release, is kept off a
// listing that shows the latest.
func (b *builder) notForListing(l *listing) bool {
	if l.Only != release.OnlyLatestStable {
		return false
	}
	why := ""
	if b.d.Version.Prerelease() {
		why = "a pre-release is not listed"
	} else if newer := b.newerListed(l); newer != "" {
		why = newer + " is newer, and the listing shows the latest"
	}
	if why == "" {
		return false
	}
	l.step.State, l.step.Why = Skipped, why+" (only: "+release.OnlyLatestStable+")"
	return true
}

// submission: nothing is listed and nothing of ours is under way.
func (b *builder) submission(l *listing) {
	s := &l.step
	switch {
	case l.ami == nil && (b.foreseenLock(l) || b.full(l)): // they show before anything is built
	case l.ami == nil:
		s.State, s.After = After, b.beforeListing(l)
	case b.unfit(l):
	case l.Notes != nil && !b.haveNotes(l):
	default:
		l.Version.AMI = l.ami.ID
		s.AMI = l.ami.ID
		b.attempt(l)
	}
}

// beforeListing is what a listing without an AMI waits for.
func (b *builder) beforeListing(l *listing) []ID {
	if l.home.account != "" && l.home.copied.ID != "" {
		return []ID{l.home.copied.ID}
	}
	return []ID{Gate}
}

// haveNotes reports whether the release notes are there that a command prints.
func (b *builder) haveNotes(l *listing) bool {
	need(b, world.Query{Kind: world.LookNotes, Listing: l.Name}, l.facts.Notes)
	err := l.facts.Notes.Err
	if err == "" && l.facts.Notes.Known() {
		l.Version.ReleaseNotes = l.facts.Notes.Val
		err = tooMuch(l.Version)
	}
	switch {
	case err != "":
		b.refuse(l, Blocker{ID: "notes", Why: err, Remedies: []Remedy{{
			Name: "notes", Command: "mend the command for release_notes" + l.line("release_notes"),
			Cost: "nothing; then run amiship release " + b.d.Tag + " again",
		}}})
	case !l.facts.Notes.Known():
		l.step.State, l.step.Why = Waiting, "its release notes first"
	}
	return err == "" && l.facts.Notes.Known()
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
func (b *builder) unfit(l *listing) bool {
	verdict, _ := release.ReadVerdict(l.ami.Tag(release.TagTested))
	switch {
	case l.ami.Encrypted:
		b.refuse(l, Blocker{ID: "encrypted", Why: l.ami.ID + " has an encrypted snapshot: Marketplace can't copy it", Since: l.ami.Created, Remedies: []Remedy{{
			Name: "unencrypted", Command: "aws ec2 disable-ebs-encryption-by-default --region " + l.home.Region,
			Cost: "snapshots made from then on are not encrypted; then build the release anew",
		}}})
	case !b.d.Untested && !verdict.OK:
		b.refuse(l, Blocker{ID: "untested", Why: l.ami.ID + " has not passed a boot test", Since: l.ami.Created, Remedies: []Remedy{{
			Name: "no-test", Command: "amiship release " + b.d.Tag + " --no-test", Cost: "what was never started is offered to buyers",
		}}})
	default:
		return b.full(l)
	}
	return true
}

// refuse blocks a listing; the blocker's id ends in the listing's name.
func (b *builder) refuse(l *listing, bl Blocker) {
	l.step.State, l.step.Why = Blocked, bl.Why
	bl.ID += "/" + l.Name
	b.block(bl, l.step.ID)
}
