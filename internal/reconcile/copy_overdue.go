package reconcile

import (
	"fmt"
	"time"

	"amiship/internal/plan"
	"amiship/internal/world"
)

// What AWS works on is waited for, but not for ever: beyond these times it is a blocker with
// its age and its remedies. The age is by AWS's dates, so that every run sees it.

// perSize is the size in GiB for which the time of a release's policy is meant; what is
// larger gets that much more for each further part.
const perSize = 100

// slowImage says for how long AWS has been making an image, if that is longer than it
// should take; else "". What it may be copied from tells its size while it does not show it.
func (f *facts) slowImage(i world.Image, sources ...*world.Image) string {
	limit, size := f.d.Policy.ImageWithin, i.Size
	for _, source := range sources {
		if source != nil {
			size = max(size, source.Size)
		}
	}
	limit *= time.Duration(max(1, (size+perSize-1)/perSize))
	took := f.w.Now.Sub(i.Created)
	if limit == 0 || took <= limit {
		return ""
	}
	return fmt.Sprintf("%s has been pending for %s, more than %s", i.ID, age(took), age(limit))
}

// age spells a duration in the unit that a person would use: "3 days", "7 hours".
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	default:
		return d.Round(time.Minute).String()
	}
}

// copying waits for a copy, until it takes too long: then it is a blocker where it is
// required, and left out elsewhere.
func (x copies) copying(v *variant, p *place, s plan.Step) *verdict {
	source, _ := v.released()
	slow := x.slowImage(*p.image, v.candidate, source)
	switch {
	case slow == "":
		out := decided(s, plan.Waiting, "AWS is copying "+p.image.ID)
		out.wait(s.ID, out.step.Why, pendingIn(p.at()))
		return out
	case !p.Required:
		return decided(s, plan.Skipped, slow)
	}
	out := decided(s, plan.Blocked, slow)
	ways, found := x.forSlowCopy(v, p, out.step)
	out.include(found)
	return out.blockedBy(plan.Blocker{ID: string(s.ID), Why: slow + " (" + p.Region + ")", Since: p.image.Created, Remedies: ways})
}

// forSlowCopy: another copy, no copy, or patience. The other copy may itself be blocked.
func (x copies) forSlowCopy(v *variant, p *place, s plan.Step) (out []plan.Remedy, found findings) {
	if v.source != nil {
		again := x.beginCopy(v, p, s, plan.Made{AMI: p.image.ID, Lost: true})
		found = again.findings
		again.step.Guard.Image = plan.Seen(*p.image)
		plan.Edit(&again.step.Action, func(c *plan.CopyImage) { c.Again = true })
		out = append(out, plan.Remedy{
			Name: "copy", Command: x.unblocking(string(s.ID), "copy") + " --tag " + plan.Quote(x.d.Tag), Do: []plan.Action{again.step.Action},
			Cost: "deregisters " + p.image.ID + ", and begins another copy",
		})
	}
	if p.account == "" && p.Region != v.Build.Region {
		out = append(out, x.waiving(p.Region))
	}
	return append(out, plan.Remedy{Name: "wait", Command: x.command(), Cost: "nothing; resumes when AWS has ended the copy"}), found
}

// slowCandidate blocks a build whose AMI AWS does not finish.
func (x candidates) slowCandidate(v *variant, build plan.Step, slow string) *verdict {
	key := v.Key(v.Build.Region)
	return decided(build, plan.Blocked, slow).blockedBy(plan.Blocker{ID: string(build.ID), Why: slow, Since: v.candidate.Created, Remedies: []plan.Remedy{{
		Name: "build", Command: x.unblocking(string(build.ID), "build") + " --tag " + plan.Quote(x.d.Tag), Cost: "deregisters " + v.candidate.ID + "; the next run builds anew",
		Do: []plan.Action{discarding(key, *v.candidate).Action},
	}, {
		Name: "wait", Command: x.command(), Cost: "nothing; resumes when AWS has made the AMI",
	}}})
}

// waiving is the remedy that skips a region for a while.
func (f *facts) waiving(region string) plan.Remedy {
	return plan.Remedy{
		Name: "waive", Command: plan.Line("amiship", "waive", region, "--reason", "TEXT", "--until", "DATE", "--tag", f.d.Tag),
		Cost: "the release completes without it, and a later run brings it there, until that day",
	}
}

// How long a change set may be pending: as long as the longest of the product's that have
// ended, but no less than leastSet; without any, firstSet.
const (
	leastSet = 6 * time.Hour
	firstSet = 48 * time.Hour
)

// usualSet is how long a product's change sets have taken at most, and what that rests on.
func usualSet(sets []world.ChangeSet) (time.Duration, string) {
	longest := time.Duration(0)
	for _, s := range sets {
		if s.Status == world.Succeeded || s.Status == world.SetFailed {
			longest = max(longest, s.End.Sub(s.Start))
		}
	}
	if longest == 0 {
		return firstSet, "no other has ended"
	}
	return max(longest, leastSet), "the longest before took " + age(longest)
}

// slowSet says for how long a change set has been pending, if that is longer than such sets
// take; else "".
func (x changeSets) slowSet(l *listing, set world.ChangeSet) string {
	usual, why := usualSet(l.state.Sets.Val)
	took := x.w.Now.Sub(set.Start)
	if took <= usual {
		return ""
	}
	return "for " + age(took) + ", and " + why
}

// overdue: a change set of another user has locked the product for longer than such sets
// take. Whatever the policy, waiting alone may not end it.
func (x changeSets) overdue(l *listing, s plan.Step, set world.ChangeSet, slow string) *verdict {
	ways := []plan.Remedy{{
		Name: "support", Command: "ask AWS Marketplace about " + set.ID + ": https://aws.amazon.com/marketplace/management/contact-us",
		Cost: "nothing; AWS alone can end what it is applying",
	}}
	if set.Status == world.Preparing {
		ways = append([]plan.Remedy{{
			Name: "cancel-by-hand", Command: "aws marketplace-catalog cancel-change-set --region us-east-1 --catalog AWSMarketplace --change-set-id " + set.ID,
			Cost: "ask the user who submitted it: what it changes is lost",
		}}, ways...)
	}
	return x.locked(l, s, set, ", "+slow, ways)
}
