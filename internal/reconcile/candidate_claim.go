package reconcile

import (
	"fmt"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// claims are the decisions about what runs claim.
type claims struct{ subject }

// mine reports whether this run holds a claim.
func (x claims) mine(slot claimSlot) bool { return slot.claim != nil && slot.claim.Run == x.r.ID }

// foreign reports whether another run that is alive holds it.
func (x claims) foreign(slot claimSlot) bool {
	return slot.claim != nil && !x.mine(slot) && !slot.claim.Dead()
}

// end ends a claim, if there is one. The caller knows that it is this
// run's, or dead. One that a stopping run gives back is ended by giveBack.
func (x claims) end(v *variant, slot claimSlot) {
	if !x.givenBack(v, slot) {
		x.endAfter(v, slot, slices.Clone(v.prior))
	}
}

func (x claims) endAfter(v *variant, slot claimSlot, after []plan.ID) {
	if slot.claim == nil || x.mine(slot) && x.inUse(v, slot) {
		return
	}
	s := x.ending(v, slot)
	s.State, s.After = plan.Ready, after
	if len(after) > 0 {
		s.State = plan.Queued
	}
	x.add(s)
}

// inUse reports whether this run is doing what a claim is for: what is made under it
// would end with it, though another run has done the same meanwhile.
func (x claims) inUse(v *variant, slot claimSlot) bool {
	key, work := v.Key(v.Build.Region), plan.Build
	if len(slot.ends) > 0 {
		work = plan.Test
	}
	return x.inFlight(plan.StepID(plan.Claim, key, slot.ends...), plan.StepID(work, key))
}

// ending is the step that ends a claim.
func (x claims) ending(v *variant, slot claimSlot) plan.Step {
	key := v.Key(v.Build.Region)
	return plan.Step{Required: true, Action: plan.Action{
		ID: plan.StepID(plan.Unclaim, key, slot.ends...), Target: key,
		Change: plan.EndClaim{Claim: slot.claim.Name, Group: slot.claim.Group, Own: x.mine(slot), Tags: x.d.Owner(v.Variant).Tags()},
	}}
}

// clear ends a claim that is not needed, or waits for the run that is about to: until
// then there are instances, and nothing else would say whose.
func (x claims) clear(v *variant, slot claimSlot) {
	if !x.foreign(slot) {
		x.end(v, slot)
		return
	}
	s := x.ending(v, slot)
	s.State, s.Why = plan.Waiting, "another run ("+slot.claim.Run+") is about to end its claim"
	x.waitClaim(x.add(s), slot)
}

// givenBack reports whether a run that was asked to stop ends a claim of its own: once
// nothing is done under it.
func (x claims) givenBack(v *variant, slot claimSlot) bool {
	ending := plan.StepID(plan.Unclaim, v.Key(v.Build.Region), slot.ends...)
	return x.r.Stopping && x.mine(slot) && !x.inUse(v, slot) && !x.inFlight(ending)
}

// ofHome are those of a variant's build region.
func (x claims) ofHome(v *variant) world.Fact[[]world.Claim] {
	all := x.w.Regions[v.Build.Region].Claims
	need(x.findings, world.Query{Kind: world.LookClaims, Region: v.Build.Region}, all)
	return all
}

// unread: it is unknown whether a run that died has left instances.
func (x claims) unread(v *variant, err string) {
	key := v.Key(v.Build.Region)
	s := plan.Step{Required: true, Action: plan.Action{ID: plan.StepID(plan.Unclaim, key), Target: key, Change: plan.EndClaim{}}}
	verdict := x.throttled(s, world.Query{Kind: world.LookClaims, Region: v.Build.Region})
	if verdict == nil {
		verdict = decided(s, plan.Blocked, "claims could not be read").blockedBy(x.unreadable(v.Build.Region, err))
	}
	x.decide(verdict)
}

// waitClaim waits for the end of another run's claim: by that run, or of its lease.
func (x *findings) waitClaim(s plan.Step, slot claimSlot) {
	look := world.Query{Kind: world.LookClaims, Region: s.Target.Region}
	if slot.claim.Expired() && slot.claim.Group != "" {
		x.waitUnshown(s.ID, s.Why+"; "+watching(*slot.claim), look)
		return
	}
	x.wait(s.ID, s.Why, look)
}

// watching says what becomes of a claim whose lease seems to be over.
func watching(c world.Claim) string {
	how := "it was not renewed for " + c.Since.Sub(c.Alive).Round(time.Second).String()
	if c.Alive.IsZero() {
		how = "it does not say when it was renewed"
	}
	return how + ", and is ended if a read after " + c.Due().UTC().Format(time.TimeOnly) + " UTC shows the same"
}

// ofAnother says that a security group has the claim's name, and is another owner's by
// its tags; "" if there is none.
func (x claims) ofAnother(region string, slot claimSlot) string {
	for _, c := range x.w.Regions[region].Claims.Val {
		if c.Name == slot.name && !slot.owns(c.Name, c.Tags) {
			return fmt.Sprintf("%s has the name of the claim, %s, and its tags name another owner: %s", c.Group, c.Name, record.OwnerOf(c.Tags))
		}
	}
	return ""
}

// begin decides whether something long can be claimed, or begun: it returns both steps.
func (x claims) begin(v *variant, slot claimSlot, claim, work plan.Step) (plan.Step, plan.Step) {
	home := v.Build.Region
	all := x.ofHome(v)
	throttled := x.throttled(claim, world.Query{Kind: world.LookClaims, Region: home})
	_, made := x.r.Made[claim.ID]
	_, making := x.r.InFlight[claim.ID]
	failure, over := x.r.Failed[work.ID]
	switch {
	case over && failure.Retry.IsZero():
		claim.State = plan.Queued
		work.State, work.After, work.Why, work.Code = plan.Failed, nil, failure.Err, failure.Code
		if x.mine(slot) {
			x.end(v, slot)
		}
	case all.At.IsZero():
		claim.State, claim.Why = plan.Waiting, "claims not read yet"
	case throttled != nil:
		x.include(throttled.findings)
		claim = throttled.step
	case all.Missed():
		claim.State, claim.Why = plan.Blocked, all.Err
		x.block(x.unreadable(home, all.Err), claim.ID)
	case making: // what another run made under it before is not all read yet
	case made:
		claim.State, work.State, work.After = plan.Done, plan.Ready, nil
	case slot.claim == nil && x.ofAnother(home, slot) != "":
		claim.State, claim.Why = plan.Blocked, x.ofAnother(home, slot)
		x.block(taggedOtherwise(claim), claim.ID)
	case slot.claim == nil:
	case x.mine(slot), slot.claim.Dead(): // mine, and its answer got lost: no run has the key
		claim.State, claim.After = plan.Queued, []plan.ID{plan.StepID(plan.Unclaim, v.Key(home), slot.ends...)}
		x.end(v, slot)
	default:
		claim.State = plan.Waiting
		claim.Why = "another run (" + slot.claim.Run + ") is at it"
		x.waitClaim(claim, slot)
	}
	return claim, work
}

// taggedOtherwise blocks a claim: something has a name that is this owner's, and the
// tags of another.
func taggedOtherwise(claim plan.Step) plan.Blocker {
	return plan.Blocker{ID: "owner/" + claim.Target.String(), Why: claim.Why, Remedies: []plan.Remedy{{
		Name: "restore", Command: "aws ec2 describe-tags --region " + claim.Target.Region + " --filters Name=key,Values='amiship:*'",
		Cost: "shows the tags; the user who changed them must restore them, or delete what carries them",
	}}}
}
