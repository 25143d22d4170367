package plan

import (
	"fmt"
	"slices"
	"strings"

	"amiship/internal/marketplace"
	"amiship/internal/release"
	"amiship/internal/world"
)

// ourSet reports whether a change set was made for this release of the listing:
// its name says so, or its tags. known is false while only its tags can tell and
// were not read.
func (b *builder) ourSet(l *listing, s world.ChangeSet) (ours, known bool) {
	if _, _, ok := marketplace.ReadName(l.stem, s.Name); ok {
		return true, true
	}
	if b.r.Made[l.step.ID].AMI == s.ID {
		return true, true
	}
	facts := b.details(l, s.ID)
	tag := func(key string) string {
		v, _ := release.ReadTag(facts.Val.Tags[key])
		return v
	}
	return tag(release.TagProject) == b.d.Project && tag(release.TagTag) == b.d.Tag && tag(release.TagListing) == l.Name, facts.Known()
}

// details are those of one change set; they are read when something rests on
// them.
func (b *builder) details(l *listing, id string) world.Fact[world.SetDetails] {
	facts := b.w.Sets[id]
	need(b, world.Query{Kind: world.LookChangeSet, Listing: l.Name, Set: id}, facts)
	return facts
}

// pendingOurs: a change set for this version is under way, from whichever run:
// it is waited for, and nothing else is done.
func (b *builder) pendingOurs(l *listing) bool {
	for _, set := range l.facts.Sets.Val {
		if !set.Pending() {
			continue
		}
		if ours, _ := b.ourSet(l, set); ours {
			purpose, _, _ := marketplace.ReadName(l.stem, set.Name)
			b.underWay(l, set, purpose)
			return true
		}
	}
	return false
}

func (b *builder) underWay(l *listing, set world.ChangeSet, purpose string) {
	why := fmt.Sprintf("Marketplace has change set %s, %s, begun %s", set.ID, set.Status, world.Moment(set.Start))
	if purpose != marketplace.Validate {
		l.step.wait(set.ID, why)
		b.waitSince(l.step.ID, why, l.look(), set.Start)
		return
	}
	trial := b.trial(l)
	trial.wait(set.ID, why)
	b.waitSince(trial.ID, why, l.look(), set.Start)
	b.after(l, b.add(trial))
}

func (s *Step) wait(set, why string) { s.State, s.Set, s.Why = Waiting, set, why }

// after puts the listing's step behind another.
func (b *builder) after(l *listing, s Step) { l.step.State, l.step.After = After, []ID{s.ID} }

// trial is the step that has Marketplace try the version.
func (b *builder) trial(l *listing) Step {
	key := l.Key()
	return Step{Required: true, Action: Action{ID: stepID(Validate, key), Kind: Validate, Target: key, Title: l.Version.Title, AMI: l.step.AMI}}
}

// attempt offers the version, or says why not: first for a trial, if the catalog
// says so.
func (b *builder) attempt(l *listing) {
	if l.Validate {
		trial := b.trial(l)
		b.try(l, &trial, l.offer(marketplace.Validate))
		if trial = b.add(trial); trial.State != Done {
			b.after(l, trial)
			return
		}
	}
	b.try(l, &l.step, l.offer(marketplace.Add))
}

// offer is what a change set asks for.
type offer struct {
	purpose, digest string
	details         string          // of the version that it adds; empty: it adds none
	restrict        []world.Version // that it takes from new buyers
}

// offer asks for the release's version, and makes room for it if that was
// approved. Marketplace tries an addition alone.
func (l *listing) offer(purpose string) offer {
	o := offer{purpose: purpose, digest: l.Version.Digest(), details: l.Version.Details()}
	if purpose == marketplace.Add {
		o.restrict = l.restrict
	}
	return o
}

// try decides on one change set by what became of those before it.
func (b *builder) try(l *listing, s *Step, o offer) {
	sets := l.attempts(o)
	made, mine := b.r.Made[s.ID]
	if mine && !slices.ContainsFunc(l.facts.Sets.Val, func(c world.ChangeSet) bool { return c.ID == made.AMI }) {
		s.wait(made.AMI, "Marketplace does not show change set "+made.AMI+" yet")
		b.waitSince(s.ID, s.Why, l.look(), made.At)
		return
	}
	if b.r.Resubmit {
		sets = slices.DeleteFunc(sets, func(c world.ChangeSet) bool { return c.Status != world.Succeeded && !(mine && c.ID == made.AMI) })
	}
	switch {
	case len(sets) == 0:
	case sets[0].Status == world.Succeeded && o.purpose == marketplace.Validate:
		s.State, s.Set = Done, sets[0].ID
		return
	case sets[0].Status == world.Succeeded:
		s.wait(sets[0].ID, "Marketplace has applied "+sets[0].ID+", and does not show the version yet")
		b.waitSince(s.ID, s.Why, l.look(), sets[0].End)
		return
	case b.refused(l, s, sets):
		return
	}
	b.ready(l, s, o)
}

// attempts are the ended change sets for exactly this, the newest first.
func (l *listing) attempts(o offer) []world.ChangeSet {
	return slices.DeleteFunc(slices.Clone(l.facts.Sets.Val), func(c world.ChangeSet) bool {
		p, d, ok := marketplace.ReadName(l.stem, c.Name)
		return c.Pending() || !ok || p != o.purpose || d != o.digest
	})
}

// ready: the change set can be submitted, unless somebody else's locks the
// product. The token is the same in every run, and another after each failure.
func (b *builder) ready(l *listing, s *Step, o offer) {
	if b.lockedByOthers(l, s) {
		return
	}
	entity := l.facts.Entity.Val
	s.Options = options(o.restrict)
	parts := append([]string{"changeset", o.purpose, entity.Revision, o.digest}, s.Options...)
	for _, spent := range l.attempts(o) {
		parts = append(parts, spent.ID)
	}
	s.State, s.AMI, s.Seen, s.Value = Ready, l.Version.AMI, entity.Revision, o.details
	s.Name, s.Token = marketplace.ChangeSetName(l.stem, o.purpose, o.digest), token(parts...)[:maxToken]
	s.Tags = map[string]string{
		release.TagProject: release.TagValue(b.d.Project), release.TagTag: release.TagValue(b.d.Tag), release.TagListing: release.TagValue(l.Name),
	}
}

// maxToken is the shorter of two lengths that are reported for a request token
// of the Catalog API: 36 and 64 characters.
const maxToken = 36

// refused: the last attempt came to nothing. What Marketplace broke is offered
// again, a few times; what it refused, or somebody cancelled, waits for a person.
func (b *builder) refused(l *listing, s *Step, sets []world.ChangeSet) bool {
	last := sets[0]
	s.Set = last.ID
	switch {
	case last.Status == world.Cancelled:
		s.State, s.Why = Blocked, fmt.Sprintf("change set %s was cancelled %s", last.ID, world.Moment(last.End))
		b.block(Blocker{ID: "cancelled/" + l.Name, Why: s.Why, Since: last.End, Remedies: []Remedy{b.resubmit("offers the version again")}}, s.ID)
		return true
	case last.FailureCode == world.ServerFault && b.faults(sets) <= l.Retries:
		return false
	}
	b.explain(l, s, sets)
	return true
}

// faults counts how often in a row Marketplace failed by its own fault.
func (b *builder) faults(sets []world.ChangeSet) int {
	n := slices.IndexFunc(sets, func(c world.ChangeSet) bool { return c.FailureCode != world.ServerFault })
	if n < 0 {
		return len(sets)
	}
	return n
}

func (b *builder) resubmit(cost string) Remedy {
	return Remedy{Name: "resubmit", Command: b.command() + " --resubmit", Cost: cost}
}

// explain says what was wrong with a change set, and what to change.
func (b *builder) explain(l *listing, s *Step, sets []world.ChangeSet) {
	last := sets[0]
	s.State, s.Why = Blocked, "change set "+last.ID+" failed"
	facts := b.details(l, last.ID)
	bl := Blocker{ID: "changeset/" + l.Name, Since: last.End, Why: s.Why + " " + world.Moment(last.End) + ": " + last.FailureCode}
	if n := b.faults(sets); n > 0 {
		bl.Why += fmt.Sprintf(", Marketplace's own fault, %d times in a row", n)
	}
	if facts.Missed() {
		bl.Why += "; why could not be read: " + facts.Err
	}
	for _, e := range facts.Val.Errors() {
		why, way := b.meaning(l, e)
		bl.Why += "\n" + why
		bl.Remedies = append(bl.Remedies, way...)
	}
	bl.Remedies = append(bl.Remedies, b.resubmit("offers the version again, as it is, once what was wrong is mended"))
	s.Why = strings.ReplaceAll(bl.Why, "\n", "; ")
	b.block(bl, s.ID)
}
