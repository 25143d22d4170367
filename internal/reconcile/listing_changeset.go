package reconcile

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// changeSets are the decisions about requests to change a product.
type changeSets struct{ *facts }

// isOurs reports whether a change set was made for this release of the listing:
// its name says so, or its tags. known is false while only its tags can tell and
// were not read.
func (x changeSets) isOurs(l *listing, s world.ChangeSet) (ours, known bool) {
	if x.named(l, s) {
		return true, true
	}
	details := x.w.Sets[s.ID]
	tag := func(key string) string {
		v, _ := record.ReadTag(details.Val.Tags[key])
		return v
	}
	return tag(record.TagProject) == x.d.Project && tag(record.TagTag) == x.d.Tag && tag(record.TagListing) == l.Name, details.Known()
}

// named reports whether the name of a change set says that it is ours, or this run has made it.
func (x changeSets) named(l *listing, s world.ChangeSet) bool {
	_, _, ok := marketplace.ReadName(l.stem, s.Name)
	return ok || x.r.Made[l.step.ID].ChangeSet == s.ID
}

// needOwner asks for the tags of a change set, where its name does not say whose it is.
func (x changeSets) needOwner(l *listing, s world.ChangeSet) (found findings) {
	if !x.named(l, s) {
		return x.needDetails(l, s.ID)
	}
	return found
}

// needDetails asks for what one change set requests; that is read when something rests on it.
func (x changeSets) needDetails(l *listing, id string) (found findings) {
	need(&found, world.Query{Kind: world.LookChangeSet, Listing: l.Name, Set: id}, x.w.Sets[id])
	return found
}

// needOwners asks whose the pending change sets are, up to the first of ours.
func (x changeSets) needOwners(l *listing) (found findings) {
	for _, set := range l.pending() {
		found.include(x.needOwner(l, set))
		if ours, _ := x.isOurs(l, set); ours {
			break
		}
	}
	return found
}

// pending are the change sets that lock the product.
func (l *listing) pending() []world.ChangeSet {
	return slices.DeleteFunc(slices.Clone(l.state.Sets.Val), func(s world.ChangeSet) bool { return !s.Pending() })
}

// ours: a change set for this version is under way, from whichever run:
// it is waited for, and nothing else is done.
func (x changeSets) ours(l *listing) *verdict {
	for _, set := range l.pending() {
		if ours, _ := x.isOurs(l, set); ours {
			purpose, _, _ := marketplace.ReadName(l.stem, set.Name)
			return x.underWay(l, set, purpose)
		}
	}
	return nil
}

func (x changeSets) underWay(l *listing, set world.ChangeSet, purpose string) *verdict {
	why := fmt.Sprintf("Marketplace has change set %s, %s, begun %s", set.ID, set.Status, plan.Moment(set.Start))
	if purpose != marketplace.Validate {
		return l.waiting(l.step, set.ID, why, set.Start)
	}
	return l.after(x.settle(l.waiting(l.trial(), set.ID, why, set.Start)))
}

// waiting has a step wait for Marketplace to end a change set.
func (l *listing) waiting(s plan.Step, set, why string, since time.Time) *verdict {
	s.Wait(set, why)
	out := &verdict{step: s}
	out.waitSince(s.ID, why, l.look(), since)
	return out
}

// after has the listing's step wait for another, which is settled.
func (l *listing) after(other *verdict) *verdict {
	out := queued(l.step, other.step.ID)
	out.conclude(other)
	return out
}

// trial is the step that has Marketplace try the version.
func (l *listing) trial() plan.Step {
	key := l.Key()
	return plan.Step{Required: true, Action: plan.Action{ID: plan.StepID(plan.Validate, key), Target: key, Change: plan.SubmitChangeSet{Image: plan.Image{AMI: l.step.Image().AMI}, For: plan.Validate, Title: l.Version.Title}}}
}

// attempt offers the version, or says why not: first for a trial, if the catalog
// says so.
func (x changeSets) attempt(l *listing) *verdict {
	if !l.Validate {
		return x.try(l, l.step, l.offer(marketplace.Add))
	}
	trial := x.settle(x.try(l, l.trial(), l.offer(marketplace.Validate)))
	if trial.step.State != plan.Done {
		return l.after(trial)
	}
	out := x.try(l, l.step, l.offer(marketplace.Add))
	out.conclude(trial)
	return out
}

// offer is what a change set requests.
type offer struct {
	purpose, digest string
	details         string          // of the version that it adds; empty: it adds none
	restrict        []world.Version // that it takes from new buyers
}

// offer is the release's version, in the place of others if that was
// approved. Marketplace tries an addition alone.
func (l *listing) offer(purpose string) offer {
	o := offer{purpose: purpose, digest: l.Version.Digest(), details: l.Version.Details()}
	if purpose == marketplace.Add {
		o.restrict = l.restrict
	}
	return o
}

// try decides on one change set by what became of those before it.
func (x changeSets) try(l *listing, s plan.Step, o offer) *verdict {
	sets := l.attempts(o)
	made, mine := x.r.Made[s.ID]
	if mine && !slices.ContainsFunc(l.state.Sets.Val, func(c world.ChangeSet) bool { return c.ID == made.ChangeSet }) {
		return l.waiting(s, made.ChangeSet, "Marketplace does not show change set "+made.ChangeSet+" yet", made.At)
	}
	if x.r.Resubmit {
		sets = slices.DeleteFunc(sets, func(c world.ChangeSet) bool { return c.Status != world.Succeeded && !(mine && c.ID == made.ChangeSet) })
	}
	if len(sets) == 0 {
		return x.ready(l, s, o)
	}
	last := sets[0]
	switch {
	case last.Status == world.Succeeded && o.purpose == marketplace.Validate:
		s.Set = last.ID
		return decided(s, plan.Done, "")
	case last.Status == world.Succeeded:
		return l.waiting(s, last.ID, "Marketplace has applied "+last.ID+", and does not show the version yet", last.End)
	}
	s.Set = last.ID
	if refused := x.refused(l, s, sets); refused != nil {
		return refused
	}
	return x.ready(l, s, o)
}

// attempts are the ended change sets for exactly this, the newest first.
func (l *listing) attempts(o offer) []world.ChangeSet {
	return slices.DeleteFunc(slices.Clone(l.state.Sets.Val), func(c world.ChangeSet) bool {
		p, d, ok := marketplace.ReadName(l.stem, c.Name)
		return c.Pending() || !ok || p != o.purpose || d != o.digest
	})
}

// ready: the change set can be submitted, unless another user's locks the
// product. The token is the same in every run, and another after each failure.
func (x changeSets) ready(l *listing, s plan.Step, o offer) *verdict {
	if locked := x.lockedByOther(l, s); locked != nil {
		return locked
	}
	var overtaken []string
	if o.purpose != marketplace.Restrict {
		t := x.turn(l)
		if behind := x.inOrder(l, s, t); behind != nil {
			return behind
		}
		overtaken = t.overtaken
	}
	entity := l.state.Entity.Val
	options := plan.Options(o.restrict)
	parts := append([]string{"changeset", o.purpose, entity.Revision, o.digest}, options...)
	for _, spent := range l.attempts(o) {
		parts = append(parts, spent.ID)
	}
	s.State, s.Guard.Product = plan.Ready, entity.Revision
	plan.Edit(&s.Action, func(c *plan.SubmitChangeSet) {
		c.AMI, c.Details, c.Options = l.Version.AMI, o.details, options
		c.SetName, c.Token = marketplace.ChangeSetName(l.stem, o.purpose, o.digest), token(parts...)[:maxToken]
		c.Tags = map[string]string{
			record.TagProject: record.TagValue(x.d.Project), record.TagTag: record.TagValue(x.d.Tag), record.TagListing: record.TagValue(l.Name),
		}
	})
	out := &verdict{step: s}
	for _, why := range overtaken {
		out.note("%s: goes ahead of an older release: %s", l.Name, why)
	}
	return out
}

// maxToken is the shorter of two lengths that are reported for a request token
// of the Catalog API: 36 and 64 characters.
const maxToken = 36

// refused: the last attempt came to nothing. What Marketplace broke is offered
// again, a few times; what it refused, or a user cancelled, waits for a person.
func (x changeSets) refused(l *listing, s plan.Step, sets []world.ChangeSet) *verdict {
	last := sets[0]
	switch {
	case last.Status == world.Cancelled:
		why := fmt.Sprintf("change set %s was cancelled %s", last.ID, plan.Moment(last.End))
		return decided(s, plan.Blocked, why).blockedBy(plan.Blocker{ID: "cancelled/" + l.Name, Why: why, Since: last.End, Remedies: []plan.Remedy{x.resubmit("offers the version again")}})
	case last.FailureCode == world.ServerFault && serverFaults(sets) <= l.Retries:
		return nil
	}
	return x.explain(l, s, sets)
}

// serverFaults counts how often in a row Marketplace failed by its own fault.
func serverFaults(sets []world.ChangeSet) int {
	n := slices.IndexFunc(sets, func(c world.ChangeSet) bool { return c.FailureCode != world.ServerFault })
	if n < 0 {
		return len(sets)
	}
	return n
}

func (x changeSets) resubmit(cost string) plan.Remedy {
	return plan.Remedy{Name: "resubmit", Command: x.command() + " --resubmit", Cost: cost}
}

// explain says what was wrong with a change set, and what to change.
func (x changeSets) explain(l *listing, s plan.Step, sets []world.ChangeSet) *verdict {
	last := sets[0]
	details := x.w.Sets[last.ID]
	bl := plan.Blocker{ID: "changeset/" + l.Name, Since: last.End, Why: "change set " + last.ID + " failed " + plan.Moment(last.End) + ": " + last.FailureCode}
	if n := serverFaults(sets); n > 0 {
		bl.Why += fmt.Sprintf(", Marketplace's own fault, %d times in a row", n)
	}
	if details.Missed() {
		bl.Why += "; why could not be read: " + details.Err
	}
	for _, e := range details.Val.Errors() {
		why, way := x.failure(l, e)
		bl.Why += "\n" + why
		bl.Remedies = append(bl.Remedies, way...)
	}
	for _, text := range controlTexts(details.Val.Controls) {
		bl.Why += "\n" + text
	}
	if details.Val.Unassessed != "" {
		bl.Why += "\nthe controls that failed could not be read: " + details.Val.Unassessed
	}
	bl.Remedies = append(bl.Remedies, x.resubmit("offers the version again, as it is, once what was wrong is fixed"))
	out := decided(s, plan.Blocked, strings.ReplaceAll(bl.Why, "\n", "; ")).blockedBy(bl)
	out.include(x.needDetails(l, last.ID))
	return out
}
