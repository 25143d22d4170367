package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// freshFor is for how long a look at a listing is good enough to be stopped by
// it: whoever locked the product may be done.
const freshFor = time.Minute

// lockedByOthers: a change set of somebody else locks the product. The listing's
// policy says what comes of it. APPLYING can only be waited for.
func (b *builder) lockedByOthers(l *listing, s *Step) bool {
	for _, set := range l.facts.Sets.Val {
		if !set.Pending() {
			continue
		}
		if _, known := b.ourSet(l, set); !known {
			b.behind(l, s, set, "it is not known whose it is")
			return true
		}
		switch {
		case l.Pending == release.PendingWait, l.Pending == release.PendingCancel && set.Status == world.Applying:
			b.behind(l, s, set, b.whose(set.ID)+b.contents(set.ID))
		case l.Pending == release.PendingCancel:
			b.cancel(l, s, set)
		default:
			b.stopped(l, s, set, nil)
		}
		return true
	}
	return false
}

// foreseenLock: while the AMI is made, it shows already that somebody will have to
// decide about a change set.
func (b *builder) foreseenLock(l *listing) bool {
	for _, set := range l.facts.Sets.Val {
		if !set.Pending() {
			continue
		}
		if _, known := b.ourSet(l, set); !known || l.Pending == release.PendingWait {
			continue
		}
		var ways []Remedy
		if c := b.cancelling(l, set); l.Pending == release.PendingCancel {
			if set.Status == world.Applying || b.approved(c) {
				continue
			}
			ways = []Remedy{b.approval(c)}
		}
		b.stopped(l, &l.step, set, ways)
		return true
	}
	return false
}

// behind waits in line.
func (b *builder) behind(l *listing, s *Step, set world.ChangeSet, what string) {
	s.wait(set.ID, fmt.Sprintf("in line behind %s: %s", set.ID, describe(set, what)))
	b.waitSince(s.ID, s.Why, l.look(), set.Start)
}

func describe(set world.ChangeSet, what string) string {
	return fmt.Sprintf("%q, %s, begun %s, %s", set.Name, set.Status, world.Moment(set.Start), what)
}

// whose says what the tags of a change set tell of who made it: Marketplace says
// nothing else.
func (b *builder) whose(id string) string {
	tags := b.w.Sets[id].Val.Tags
	if tag, schema := release.ReadTag(tags[release.TagTag]); schema > 0 {
		project, _ := release.ReadTag(tags[release.TagProject])
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
func (b *builder) contents(id string) string {
	var parts []string
	for _, c := range b.w.Sets[id].Val.Changes {
		text := c.Type
		if about := subject(c.Details); about != "" {
			text += " (" + about + ")"
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, " and ")
}

// subject is what the details of a change are about, where they say it shortly.
func subject(details string) string {
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

// stopped: somebody must decide. What was read a while ago is read again first.
func (b *builder) stopped(l *listing, s *Step, set world.ChangeSet, ways []Remedy) {
	if b.w.Now.Sub(l.facts.Sets.At) > freshFor {
		b.ask(l.look())
	}
	s.State, s.Set = Blocked, set.ID
	s.Why = fmt.Sprintf("change set %s locks the product: %s", set.ID, describe(set, b.whose(set.ID)+b.contents(set.ID)))
	ways = append(ways, Remedy{Name: "wait", Command: b.command(), Cost: "nothing; carries on when it has ended"})
	b.block(Blocker{ID: "pending/" + l.Name, Why: s.Why, Since: set.Start, Remedies: ways}, s.ID)
}

// ask has a fact read again.
func (b *builder) ask(q world.Query) {
	if b.look == nil {
		b.look = map[world.Query]bool{}
	}
	b.look[q] = true
}

// cancel takes somebody else's change set away, if a person has approved of
// exactly this one.
func (b *builder) cancel(l *listing, s *Step, set world.ChangeSet) {
	c := b.cancelling(l, set)
	if !b.approved(c) {
		b.stopped(l, s, set, []Remedy{b.approval(c)})
		return
	}
	s.State, s.After = After, []ID{b.add(c).ID}
}

// cancelling is the step that takes a change set away.
func (b *builder) cancelling(l *listing, set world.ChangeSet) Step {
	key := l.Key()
	return Step{State: Ready, Required: true, Action: Action{
		ID: stepID(Cancel, key, set.ID), Kind: Cancel, Target: key, Name: set.Name, Set: set.ID, Seen: SeenSet(set.ID, b.w.Sets[set.ID].Val),
	}}
}

// approved reports whether a person has allowed exactly this step.
func (b *builder) approved(s Step) bool { return b.r.Approved[s.ID] == s.Seen }

func (b *builder) approval(c Step) Remedy {
	return Remedy{
		Name: "cancel", Command: fmt.Sprintf("amiship release %s --approve %s@%s", b.d.Tag, c.ID, c.Seen),
		Cost: "cancels that change set, whoever made it; theirs is lost",
	}
}

// SeenSet is the digest of what was shown of a change set: it can be approved
// to cancel exactly that.
func SeenSet(id string, d world.SetDetails) string {
	text, err := json.Marshal(struct {
		ID      string
		Changes []world.Change
	}{id, d.Changes})
	if err != nil {
		panic(err) // texts
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
