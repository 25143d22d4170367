package reconcile

import (
	"cmp"
	"fmt"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// Policy is the id by which a changed retention policy is approved.
const Policy plan.ID = "keep"

// policyState is how the policy of a retirement compares with that of the last one. A policy
// that has changed holds every step until a person has approved it: a number that was mistyped
// retires nothing. AWS is the record: the last policy is a tag on the newest AMI that was kept.
// A policy that was approved, or is the first, is recorded before anything else is done.
type policyState struct {
	unknown bool          // the last policy may be recorded where a region could not be read: nothing is retired
	record  *plan.Step    // that records the policy; nil: it is that of the last retirement
	changed *plan.Blocker // and not approved
}

func (t Retire) policyState(f *facts, decisions []retention.Decision) policyState {
	holder := newestOf(decisions, holdsPolicy)
	if holder == nil || t.Ended {
		return policyState{} // there is nothing, or no policy counts
	}
	last, known := t.lastPolicy(f, decisions)
	if !known {
		return policyState{unknown: true}
	}
	is := t.Policy.String()
	if last != nil && holdsPolicy(*last) && policyOn(*last) == is {
		return policyState{}
	}
	key := release.Key{Image: holder.Image, Arch: holder.Arch, Place: release.Place{Region: holder.Region}}
	s := plan.Step{State: plan.Ready, Required: true, Why: "policy of this retirement: " + is, Action: onImage(key, holder.Found, plan.RecordPolicy{
		Image: imageOf(holder.Found), Tags: plan.Tags{record.TagKeep: record.TagValue(is)},
	})}
	if last != nil && policyOn(*last) != is && f.r.Approved[Policy] != t.Policy.Digest() {
		bl := t.changed(*last)
		return policyState{record: &s, changed: &bl}
	}
	return policyState{record: &s}
}

// recordPolicy adds the step that records the policy, unless it is that of the last retirement.
func (x retirement) recordPolicy() {
	switch {
	case x.policy.unknown:
		x.note("nothing is retired while a region can't be read: the policy of the last retirement may be recorded there")
	case x.policy.changed != nil:
		x.steps = append(x.steps, x.held(*x.policy.record))
	case x.policy.record != nil:
		x.subject.add(*x.policy.record)
	}
}

// add adds a step as far as the policy allows it.
func (x retirement) add(s plan.Step) plan.Step {
	out := x.settled(s)
	switch {
	case x.policy.unknown:
		return out.step
	case x.policy.changed != nil:
		out.step = x.held(out.step)
	case x.policy.record != nil && out.step.State == plan.Ready:
		out.step.State, out.step.After = plan.Queued, append(out.step.After, x.policy.record.ID)
	}
	return x.conclude(out)
}

// held blocks a step: the policy has changed.
func (x retirement) held(s plan.Step) plan.Step {
	s.State, s.Why = plan.Blocked, cmp.Or(s.Why, "the retention policy has changed")
	x.block(*x.policy.changed, s.ID)
	return s
}

func (t Retire) changed(last retention.Decision) plan.Blocker {
	return plan.Blocker{
		ID:  string(Policy),
		Why: fmt.Sprintf("keep and retire in the catalog are not as in the last retirement. Recorded on %s in %s: %s. In the catalog: %s", last.AMI, last.Region, policyOn(last), t.Policy),
		Remedies: []plan.Remedy{plan.Approving("amiship retire", []string{plan.Approval(Policy, t.Policy.Digest())}, plan.Remedy{
			Name: "approve", Cost: "retires by the changed policy, after a confirmation; amiship retire --plan shows which AMIs",
		})},
	}
}

// policyOn is the policy that is recorded on an AMI, or "".
func policyOn(d retention.Decision) string { return d.Found.Tag(record.TagKeep) }

// lastPolicy is the newest AMI on which a policy is recorded, one that can hold the next
// before others; known is false if it may be where a region could not be read.
func (t Retire) lastPolicy(f *facts, decisions []retention.Decision) (last *retention.Decision, known bool) {
	last = newestOf(decisions, func(d retention.Decision) bool { return policyOn(d) != "" && holdsPolicy(d) })
	if last == nil {
		last = newestOf(decisions, func(d retention.Decision) bool { return policyOn(d) != "" })
	}
	for _, region := range t.Regions {
		if last == nil && !f.w.Regions[region].Images.Known() {
			return nil, false
		}
	}
	return last, true
}

// holdsPolicy reports whether a policy can be recorded on an AMI: it stays.
func holdsPolicy(d retention.Decision) bool {
	return d.Kept && d.Found.State == world.Available && record.Released(d.Stage) && d.Found.Schema() <= record.Schema
}

// newestOf is the newest AMI of some.
func newestOf(decisions []retention.Decision, which func(retention.Decision) bool) *retention.Decision {
	var newest *retention.Decision
	for i := range decisions {
		if d := &decisions[i]; which(*d) && (newest == nil || newer(*d, *newest)) {
			newest = d
		}
	}
	return newest
}

func newer(d, o retention.Decision) bool {
	return cmp.Or(d.Created.Compare(o.Created), cmp.Compare(o.Region, d.Region), cmp.Compare(o.AMI, d.AMI)) > 0
}
