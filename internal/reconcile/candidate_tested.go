package reconcile

import (
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// testAfter adds a step that comes before the boot test, and the test after it; copies come
// after the test.
func (x candidates) testAfter(v *variant, prior plan.Step) {
	if prior.Kind() != plan.Build || x.d.Untested {
		v.prior = append(v.prior, prior.ID)
	}
	if x.d.Untested {
		return
	}
	key := v.Key(v.Build.Region)
	test := x.add(plan.Step{State: plan.Queued, After: []plan.ID{prior.ID}, Required: true, Action: plan.Action{ID: plan.StepID(plan.Test, key), Target: key, Change: plan.BootTest{}}})
	v.prior = append(v.prior, test.ID)
}

// test adds the boot test of a complete candidate: until it has passed, nothing is copied.
// The verdict is a tag of the candidate, so that it is known to later runs; it stands as long
// as the checks are the same.
func (x candidates) test(v *variant) {
	key := v.Key(v.Build.Region)
	test := plan.Step{State: plan.Queued, Required: true, Action: plan.Action{
		ID: plan.StepID(plan.Test, key), Target: key,
		Change: plan.BootTest{Image: plan.Image{AMI: v.candidate.ID}, Claim: v.testing.name, Tags: x.tags(v, record.StageCandidate, nil)},
	}}
	verdict, known := record.ReadVerdict(v.candidate.Tag(record.TagTested))
	same := known && verdict.Checks == v.ChecksDigest()
	_, now := x.r.Made[test.ID]
	switch {
	case known && verdict.OK && (same || v.anyRelease()):
		test.State = plan.Done
		x.claims.clear(v, v.testing)
		if x.claims.foreign(v.testing) { // it copies what it has tested, and this run would only do the same
			v.prior = append(v.prior, plan.StepID(plan.Unclaim, key, v.testing.ends...))
		}
	case same && !verdict.OK && (now || !x.r.Retest):
		test.State, test.Why = plan.Blocked, verdict.Why
		x.block(x.testFailed(v, verdict.Why), test.ID)
		x.claims.clear(v, v.testing)
	case now:
		test.State, test.Why = plan.Waiting, "AWS does not show the verdict yet"
		x.wait(test.ID, test.Why, x.query(key.Place))
	default:
		test = x.claimTest(v, test)
	}
	if test = x.add(test); test.State != plan.Done {
		v.prior = append(v.prior, test.ID)
	}
}

// claimTest adds the claim of a boot test, and returns the test.
func (x candidates) claimTest(v *variant, test plan.Step) plan.Step {
	claim := plan.Step{State: plan.Ready, Required: true, Action: plan.Action{
		ID: plan.StepID(plan.Claim, test.Target, v.testing.ends...), Target: test.Target,
		Change: plan.TakeClaim{Claim: v.testing.name, Tags: test.Tags()},
	}}
	test.After = []plan.ID{claim.ID}
	claim, test = x.claims.begin(v, v.testing, claim, test)
	x.add(claim)
	return test
}

func (x candidates) testFailed(v *variant, why string) plan.Blocker {
	again := "amiship release " + x.d.Tag
	return plan.Blocker{
		ID: "test/" + v.Image + "/" + v.Arch, Why: v.candidate.ID + " failed its boot test: " + why,
		Remedies: []plan.Remedy{
			{Name: "retest", Command: again + " --retest", Cost: "starts two machines from the same candidate again"},
			{Name: "rebuild", Command: again + " --rebuild", Cost: "removes the candidate and builds it anew"},
		},
	}
}

// requireIMDS makes a candidate require IMDSv2, before it is tested.
func (x candidates) requireIMDS(v *variant) {
	x.testAfter(v, x.add(v.imds(v.candidate, v.Key(v.Build.Region), true, record.StageCandidate)))
}

func (v *variant) asksForIMDS(i *world.Image) bool {
	return i != nil && v.Build.IMDSSupport != "" && i.IMDSSupport != v.Build.IMDSSupport
}

func (v *variant) imds(i *world.Image, key release.Key, required bool, ends ...string) plan.Step {
	return plan.Step{State: plan.Ready, Required: required, Action: plan.Action{
		ID: plan.StepID(plan.IMDS, key, ends...), Target: key, Guard: plan.Guard{Image: plan.Seen(*i)},
		Change: plan.RequireIMDS{Image: plan.Image{AMI: i.ID}, Support: v.Build.IMDSSupport},
	}}
}
