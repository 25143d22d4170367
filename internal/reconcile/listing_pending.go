package reconcile

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// freshFor is for how long a read of a listing is good enough to be stopped by
// it: the user who locked the product may be done.
const freshFor = time.Minute

// lockedByOther: a pending change set that this release did not submit locks the product. The listing's
// policy says what comes of it. APPLYING can only be waited for.
func (x changeSets) lockedByOther(l *listing, s plan.Step) *verdict {
	pending := l.pending()
	if len(pending) == 0 {
		return nil
	}
	set := pending[0]
	_, known := x.isOurs(l, set)
	switch {
	case x.ofProject(set):
		return x.inLine(l, s, set, x.submitter(set.ID)+x.contents(set.ID))
	case !known:
		return x.inLine(l, s, set, "it is not known whose it is")
	case l.Pending == release.PendingWait, l.Pending == release.PendingCancel && set.Status == world.Applying:
		return x.inLine(l, s, set, x.submitter(set.ID)+x.contents(set.ID))
	case l.Pending == release.PendingCancel:
		return x.cancelled(l, s, set)
	}
	return x.locked(l, s, set, "", nil)
}

// ofProject reports whether another release of the project has submitted a change set:
// its end is waited for, whatever the policy about other users says.
func (x changeSets) ofProject(set world.ChangeSet) bool {
	return marketplace.IsOurs(x.d.Project, set.Name)
}

// foreseenLock: while the AMI is made, it shows already that a person will have to
// decide about a change set: by the policy, or as it does not end.
func (x changeSets) foreseenLock(l *listing) *verdict {
	for _, set := range l.pending() {
		_, known := x.isOurs(l, set)
		waits := !known || x.ofProject(set) || l.Pending == release.PendingWait || l.Pending == release.PendingCancel && set.Status == world.Applying
		slow, cancel := x.slowSet(l, set), x.cancelling(l, set)
		switch {
		case waits && slow != "":
			return x.overdue(l, l.step, set, slow)
		case waits, l.Pending == release.PendingCancel && x.approved(cancel):
		case l.Pending == release.PendingCancel:
			return x.locked(l, l.step, set, "", []plan.Remedy{x.approval(cancel)})
		default:
			return x.locked(l, l.step, set, "", nil)
		}
	}
	return nil
}

// inLine waits for the end of a change set, but not for ever.
func (x changeSets) inLine(l *listing, s plan.Step, set world.ChangeSet, what string) *verdict {
	if slow := x.slowSet(l, set); slow != "" {
		return x.overdue(l, s, set, slow)
	}
	return l.waiting(s, set.ID, fmt.Sprintf("in line behind %s: %s", set.ID, describe(set, what)), set.Start)
}

func describe(set world.ChangeSet, what string) string {
	return fmt.Sprintf("%q, %s, begun %s, %s", set.Name, set.Status, plan.Moment(set.Start), what)
}

// submitter says what the tags of a change set tell of who made it: Marketplace says
// nothing else.
func (x changeSets) submitter(id string) string {
	tags := x.w.Sets[id].Val.Tags
	if tag, schema := record.ReadTag(tags[record.TagTag]); schema > 0 {
		project, _ := record.ReadTag(tags[record.TagProject])
		return "made by Amiship for " + project + " " + tag + ": "
	}
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		parts = append(parts, key+"="+tags[key])
	}
	if len(parts) == 0 {
		return ""
	}
	return "tagged " + strings.Join(parts, " ") + ": "
}

// contents says what a change set asks for: "AddDeliveryOptions (17.4.9 Release)".
func (x changeSets) contents(id string) string {
	var parts []string
	for _, c := range x.w.Sets[id].Val.Changes {
		text := c.Type
		if what := about(c.Details); what != "" {
			text += " (" + what + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ")
}

// about is what the details of a change are about, where they say it shortly.
func about(details string) string {
	var d struct {
		Version           struct{ VersionTitle string }
		DeliveryOptionIds []string //nolint:revive // AWS's spelling
	}
	if json.Unmarshal([]byte(details), &d) != nil {
		return ""
	}
	if n := len(d.DeliveryOptionIds); n > 0 {
		return fmt.Sprintf("%d of its delivery options", n)
	}
	return d.Version.VersionTitle
}

// locked: a person must decide. What was read a while ago is read again first. more is said
// of the change set.
func (x changeSets) locked(l *listing, s plan.Step, set world.ChangeSet, more string, ways []plan.Remedy) *verdict {
	s.Set = set.ID
	why := fmt.Sprintf("change set %s locks the product: %s", set.ID, describe(set, x.submitter(set.ID)+x.contents(set.ID))) + more
	ways = append(ways, plan.Remedy{Name: "wait", Command: x.command(), Cost: "nothing; resumes when it has ended"})
	out := decided(s, plan.Blocked, why).blockedBy(plan.Blocker{ID: "pending/" + l.Name, Why: why, Since: set.Start, Remedies: ways})
	if x.w.Now.Sub(l.state.Sets.At) > freshFor {
		out.refresh(l.look())
	}
	return out
}

// cancelled cancels another user's change set first, if a person has approved of
// exactly this one.
func (x changeSets) cancelled(l *listing, s plan.Step, set world.ChangeSet) *verdict {
	cancel := x.cancelling(l, set)
	if !x.approved(cancel) {
		return x.locked(l, s, set, "", []plan.Remedy{x.approval(cancel)})
	}
	first := x.settled(cancel)
	out := queued(s, first.step.ID)
	out.conclude(first)
	return out
}

// cancelling is the step that cancels a change set.
func (x changeSets) cancelling(l *listing, set world.ChangeSet) plan.Step {
	key := l.Key()
	return plan.Step{State: plan.Ready, Required: true, Action: plan.Action{
		ID: plan.StepID(plan.Cancel, key, set.ID), Target: key, Guard: plan.Guard{ChangeSet: plan.SeenSet(set.ID, x.w.Sets[set.ID].Val)},
		Change: plan.CancelChangeSet{Image: plan.Image{AMI: l.Version.AMI}, SetName: set.Name, ChangeSet: set.ID},
	}}
}

func (x changeSets) approval(c plan.Step) plan.Remedy {
	return plan.Approving(plan.Line("amiship", "release", x.d.Tag), []string{plan.Approval(c.ID, c.Guard.ChangeSet)}, plan.Remedy{
		Name: "cancel", Cost: "cancels that change set, whoever made it; theirs is lost",
	})
}
