package reconcile_test

import (
	"maps"
	"slices"
	"testing"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

// TestNothingIsTakenFromUnderIt: a run begins what a claim is for when all that its claim
// has it read is read, and keeps the claim while it does it, though another run has done
// the same meanwhile.
func TestNothingIsTakenFromUnderIt(t *testing.T) {
	d := desired(t)
	v := d.Variants[0]
	forBuild, forTest := d.Owner(v).Name(), record.TestClaimName(d.Owner(v).Name())
	const build, test = plan.ID("build/ce/amd64/us-east-1"), plan.ID("test/ce/amd64/us-east-1")
	const buildClaim, testClaim = plan.ID("claim/ce/amd64/us-east-1"), plan.ID("claim/ce/amd64/us-east-1/test")
	passed := map[string]string{record.TagTested: record.TagValue(record.Verdict{OK: true, Checks: v.ChecksDigest()}.String())}
	for name, c := range map[string]struct {
		claim     string // that the run holds
		made      plan.ID
		doing     plan.ID
		candidate bool
		tags      map[string]string // of the candidate
		released  bool
		ready     plan.ID // what can be begun
		kept      bool
	}{
		"built by nobody":                 {claim: forBuild, made: buildClaim, ready: build, kept: true},
		"claimed, not read yet":           {claim: forBuild, made: buildClaim, doing: buildClaim, kept: true},
		"building, released meanwhile":    {claim: forBuild, made: buildClaim, doing: build, released: true, kept: true},
		"released before it could build":  {claim: forBuild, made: buildClaim, released: true},
		"tested by nobody":                {claim: forTest, made: testClaim, candidate: true, ready: test, kept: true},
		"test is claimed, not read yet":   {claim: forTest, made: testClaim, doing: testClaim, candidate: true, kept: true},
		"testing, tested meanwhile":       {claim: forTest, made: testClaim, doing: test, candidate: true, tags: passed, kept: true},
		"testing, released meanwhile":     {claim: forTest, made: testClaim, doing: test, candidate: true, released: true, kept: true},
		"tested before it could be begun": {claim: forTest, made: testClaim, candidate: true, tags: passed},
	} {
		t.Run(name, func(t *testing.T) {
			m, w, run := newModel(), world.New(), plan.NewRun("mine")
			m.claims["sg-1"] = &world.Claim{Group: "sg-1", Name: c.claim, Run: "mine", Alive: m.now}
			run.Made[c.made] = plan.Made{Claim: "sg-1", Region: "us-east-1", At: m.now}
			if c.doing != "" {
				run.InFlight[c.doing] = m.now
			}
			if c.candidate {
				tags := d.OwnTags(v, record.StageCandidate)
				tags[record.TagInputs], tags[record.TagPackage], tags[record.TagBase] = record.TagValue(fullInputs), record.TagValue("aa"), record.TagValue("ami-base")
				maps.Copy(tags, c.tags)
				m.add("us-east-1", world.Image{Name: d.Owner(v).CandidateName(fullInputs), State: world.Available, Tags: tags, IMDSSupport: v.Build.IMDSSupport})
			}
			if c.released {
				m.add("eu-west-1", world.Image{Name: v.Name, State: world.Available, Tags: d.OwnTags(v, record.StageRelease)})
			}
			m.answer(&w, everything(d))
			p := reconcile.Reconcile(d, w, run)
			for len(p.Look) > 0 {
				m.answer(&w, p.Look)
				p = reconcile.Reconcile(d, w, run)
			}
			for _, id := range []plan.ID{build, test} {
				if s, _ := p.Step(id); (s.State == plan.Ready) != (id == c.ready) {
					t.Errorf("%s is %s (after %s: %s), want that of %q alone ready", id, s.State, s.After, s.Why, c.ready)
				}
			}
			gives := slices.ContainsFunc(p.Steps, func(s plan.Step) bool {
				return s.Kind() == plan.Unclaim && plan.As[plan.EndClaim](s.Action).Group == "sg-1"
			})
			if gives == c.kept {
				t.Errorf("gives the claim back: %v, want %v: %+v", gives, !c.kept, p.Steps)
			}
		})
	}
}
