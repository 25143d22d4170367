package reconcile_test

import (
	"testing"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

// TestStoppingGivesClaimsBack: wherever a run is when it is asked to stop, its claims end
// as soon as nothing is done under them. What a build's claim says of the candidate is
// written on that first, though AWS is still making it.
func TestStoppingGivesClaimsBack(t *testing.T) {
	const build, test = "us-east-1", "us-east-1/test"
	d := desired(t)
	v := d.Variants[0]
	for name, c := range map[string]struct {
		claim     string
		candidate string // its state
		inFlight  plan.ID
		ready     plan.ID // the step that is done now
		after     plan.ID // and the one that follows
	}{
		"the claim is being made":    {claim: build, inFlight: "claim/ce/amd64/us-east-1"},
		"the claim was made":         {claim: build, ready: "unclaim/ce/amd64/us-east-1"},
		"Packer is still there":      {claim: build, inFlight: "build/ce/amd64/us-east-1"},
		"AWS makes the AMI":          {claim: build, candidate: world.Pending, ready: "adopt/ce/amd64/us-east-1", after: "unclaim/ce/amd64/us-east-1"},
		"the AMI is there":           {claim: build, candidate: world.Available, ready: "adopt/ce/amd64/us-east-1", after: "unclaim/ce/amd64/us-east-1"},
		"the boot test was claimed":  {claim: test, candidate: world.Available, ready: "unclaim/ce/amd64/us-east-1/test"},
		"the boot test is under way": {claim: test, candidate: world.Available, inFlight: "test/ce/amd64/us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			m, w, r := newModel(), world.New(), plan.NewRun("mine")
			r.Stopping = true
			claim := &world.Claim{Group: "sg-1", Name: d.Owner(v).Name(), Run: "mine", Alive: m.now, Tags: map[string]string{record.TagInputs: record.TagValue(fullInputs), record.TagPackage: record.TagValue("aa")}}
			if c.claim == test {
				claim.Name = record.TestClaimName(claim.Name)
			}
			m.claims["sg-1"] = claim
			if c.candidate != "" {
				i := m.add("us-east-1", world.Image{Name: d.Owner(v).CandidateName(fullInputs), State: c.candidate, IMDSSupport: "v2.0"})
				if c.claim == test {
					i.Tags = d.OwnTags(v, record.StageCandidate)
					i.Tags[record.TagInputs], i.Tags[record.TagPackage] = record.TagValue(fullInputs), record.TagValue("aa")
				}
			}
			if c.inFlight != "" {
				r.InFlight[c.inFlight] = m.now
			}
			for range 8 {
				m.answer(&w, reconcile.Reconcile(d, w, r).Look)
			}
			p := reconcile.Reconcile(d, w, r)
			own := map[plan.ID]plan.Step{}
			for _, s := range p.Steps {
				if s.Own() && s.State == plan.Ready {
					own[s.ID] = s
				}
			}
			if _, ok := own[c.ready]; len(own) > 1 || ok != (c.ready != "") {
				t.Errorf("%d steps are ready: %v, want %q", len(own), own, c.ready)
			}
			if s, _ := p.Step(c.after); c.after != "" && (s.State != plan.Queued || !s.Own() || len(s.After) != 1 || s.After[0] != c.ready) {
				t.Errorf("%s is %s after %v", c.after, s.State, s.After)
			}
			if c.ready == "adopt/ce/amd64/us-east-1" && own[c.ready].Tags()[record.TagPackage] != record.TagValue("aa") {
				t.Errorf("the package is not recorded: %v", own[c.ready].Tags())
			}
		})
	}
}
