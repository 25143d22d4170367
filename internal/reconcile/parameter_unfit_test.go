package reconcile_test

import (
	"slices"
	"strings"
	"testing"

	"amiship/internal/plan"
	"amiship/internal/world"
)

// TestParametersThatTakeNoVersion: what SSM would refuse after all is public blocks before
// anything is built, with its remedy; a parameter that has this version's AMI is fine.
func TestParametersThatTakeNoVersion(t *testing.T) {
	const id, name = plan.ID("parameter/ce/amd64/us-east-1/p/ce"), "/p/ce"
	secret, labeled := world.UnfitParameter{Type: "SecureString"}, world.UnfitParameter{Labels: []string{"prod"}, Version: 7}
	for what, c := range map[string]struct {
		unfit    *world.UnfitParameter
		value    string
		optional bool
		remedy   string
	}{
		"fit":               {nil, "", false, ""},
		"of another type":   {&secret, "x", false, "aws ssm delete-parameter --region us-east-1 --name /p/ce"},
		"labeled":           {&labeled, "ami-99", false, "aws ssm unlabel-parameter-version --region us-east-1 --name /p/ce --parameter-version 7 --labels prod"},
		"labeled, and done": {&labeled, "ami-0", false, ""},
		"optional":          {&secret, "x", true, "none"},
	} {
		t.Run(what, func(t *testing.T) {
			s := newStall(t)
			s.d.Variants[0].Parameters = slices.Clone(s.d.Variants[0].Parameters)
			s.d.Variants[0].Parameters[0].Latest = true
			s.d.Targets = slices.Clone(s.d.Targets)
			s.d.Targets[0].Required = !c.optional
			s.image("1.2.3", 1, func(i *world.Image) { i.Name, i.Public = "another", false })
			home(s.w, func(r *world.Region) {
				if c.unfit != nil {
					r.Params.Val[name], r.Unfit = c.value, map[string]world.UnfitParameter{name: *c.unfit}
				}
				r.Named = known(s.w.Now, world.Parameters{})
				r.Network, r.Denied = known(s.w.Now, map[string]world.Subnet(nil)), known(s.w.Now, map[string]string(nil))
			})
			p := s.plan()
			step, _ := p.Step(id)
			claim, _ := p.Step("claim/ce/amd64/us-east-1")
			n := slices.IndexFunc(p.Blockers, func(b plan.Blocker) bool { return b.ID == "parameter/us-east-1/p/ce" })
			switch {
			case c.remedy == "none" && step.State != plan.Skipped, c.remedy == "" && (n >= 0 || step.State == plan.Blocked):
				t.Errorf("the parameter is %s (%s), blockers %+v", step.State, step.Why, p.Blockers)
			case c.remedy == "" || c.remedy == "none":
			case n < 0 || step.State != plan.Blocked || claim.State == plan.Ready:
				t.Errorf("the parameter is %s, the claim %s, blockers %+v", step.State, claim.State, p.Blockers)
			case !strings.HasPrefix(p.Blockers[n].Remedies[0].Command, c.remedy):
				t.Errorf("the remedy is %s", p.Blockers[n].Remedies[0].Command)
			}
		})
	}
}
