package plan

import (
	"amiship/internal/release"
	"amiship/internal/world"
)

// testAfter puts the boot test behind a step that comes before it; copies come
// after the test.
func (b *builder) testAfter(v *variant, prior Step) {
	if b.d.Untested {
		v.prior = append(v.prior, prior.ID)
		return
	}
	key := v.Key(v.Build.Region)
	test := b.add(Step{State: After, After: []ID{prior.ID}, Required: true, Action: Action{ID: stepID(Test, key), Kind: Test, Target: key}})
	v.prior = append(v.prior, test.ID)
}

// tested adds the boot test of a complete candidate, and reports whether it may
// be copied. The verdict is a tag of the candidate, so that it is known to later
// runs; it stands as long as the checks are the same.
func (b *builder) tested(v *variant) bool {
	if b.d.Untested {
		return true
	}
	key := v.Key(v.Build.Region)
	test := Step{State: After, Required: true, Action: Action{
		ID: stepID(Test, key), Kind: Test, Target: key, AMI: v.candidate.ID, Name: v.testing.name,
		Tags: b.tags(v, release.StageCandidate, nil),
	}}
	verdict, known := release.ReadVerdict(v.candidate.Tag(release.TagTested))
	same := known && verdict.Checks == v.ChecksDigest()
	_, now := b.r.Made[test.ID]
	switch {
	case known && verdict.OK && (same || v.anyRelease()):
		test.State = Done
		b.endTest(v)
	case same && !verdict.OK && (now || !b.r.Retest):
		test.State, test.Why = Blocked, verdict.Why
		b.block(b.testFailed(v, verdict.Why), test.ID)
		b.endTest(v)
	case now:
		test.State, test.Why = Waiting, "AWS does not show the verdict yet"
		b.wait(test.ID, test.Why, world.Query{Kind: world.LookImages, Region: v.Build.Region})
	default:
		b.claimTest(v, &test)
	}
	test = b.add(test)
	if test.State != Done {
		v.prior = append(v.prior, test.ID)
	}
	return test.State == Done
}

// endTest ends the claim of a test that is over, or waits for the run that is
// about to: nothing would be left to say whose its machines are.
func (b *builder) endTest(v *variant) {
	if !b.foreign(v.testing) {
		b.unclaim(v, v.testing)
		return
	}
	key := v.Key(v.Build.Region)
	s := b.add(Step{State: Waiting, Required: true, Why: "another run (" + v.testing.claim.Run + ") is ending its test", Action: Action{
		ID: stepID(Unclaim, key, v.testing.ends...), Kind: Unclaim, Target: key, Name: v.testing.name, Group: v.testing.claim.Group,
	}})
	b.wait(s.ID, s.Why, world.Query{Kind: world.LookClaims, Region: v.Build.Region})
}

func (b *builder) claimTest(v *variant, test *Step) {
	claim := Step{State: Ready, Required: true, Action: Action{
		ID: stepID(Claim, test.Target, v.testing.ends...), Kind: Claim, Target: test.Target, Name: v.testing.name, Tags: test.Tags,
	}}
	test.After = []ID{claim.ID}
	b.claimState(v, v.testing, &claim, test)
	b.add(claim)
}

func (b *builder) testFailed(v *variant, why string) Blocker {
	again := "amiship release " + b.d.Tag
	return Blocker{
		ID: "test/" + v.Image + "/" + v.Arch, Why: v.candidate.ID + " failed its boot test: " + why,
		Remedies: []Remedy{
			{Name: "retest", Command: again + " --retest", Cost: "starts two machines from the same candidate again"},
			{Name: "rebuild", Command: again + " --rebuild", Cost: "removes the candidate and builds it anew"},
		},
	}
}

// imdsStep makes a copy ask for IMDSv2, if the catalog wants it and the copy
// has not inherited it.
func (b *builder) imdsStep(v *variant, p *place) {
	p.imds = Step{State: Done}
	if p.copied.State == Done && v.asksForIMDS(p.image) {
		p.imds = b.add(v.imds(p.image, p.key(v), p.Required))
	}
}

// candidateIMDS does the same for a candidate, before it is tested.
func (b *builder) candidateIMDS(v *variant) bool {
	if !v.asksForIMDS(v.candidate) {
		return true
	}
	s := b.add(v.imds(v.candidate, v.Key(v.Build.Region), true, release.StageCandidate))
	v.prior = append(v.prior, s.ID)
	b.testAfter(v, s)
	return false
}

func (v *variant) asksForIMDS(i *world.Image) bool {
	return i != nil && v.Build.IMDSSupport != "" && i.IMDSSupport != v.Build.IMDSSupport
}

func (v *variant) imds(i *world.Image, key release.Key, required bool, ends ...string) Step {
	return Step{State: Ready, Required: required, Action: Action{
		ID: stepID(IMDS, key, ends...), Kind: IMDS, Target: key, AMI: i.ID, Value: v.Build.IMDSSupport, Seen: seen(*i),
	}}
}
