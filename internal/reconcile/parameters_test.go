package reconcile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// TestParametersGoWithTheirAMI: an AMI is removed once no parameter of the project
// names it. What another user has written, or pointed elsewhere, stays.
func TestParametersGoWithTheirAMI(t *testing.T) {
	own := []release.Parameter{{Name: "/p/1.0.0/amd64"}}
	named := func(all ...world.Parameter) func(*attic) {
		return func(a *attic) { a.named.All = all }
	}
	param := "ready delete-parameter/ce/amd64/us-east-1/p/1.0.0/amd64"
	for name, c := range map[string]struct {
		world func(*attic)
		want  []string
		note  string
	}{
		"none names it":         {func(*attic) {}, []string{"ready remove"}, ""},
		"its own":               {func(a *attic) { a.params["/p/1.0.0/amd64"] = "ami-1" }, []string{param, "queued remove"}, ""},
		"its own names another": {func(a *attic) { a.params["/p/1.0.0/amd64"] = "ami-9" }, []string{"ready remove"}, ""},
		"by a name of an older catalog": {
			named(world.Parameter{Name: "/old/1.0.0", AMI: "ami-1", Project: "p"}),
			[]string{"ready delete-parameter/ce/amd64/us-east-1/old/1.0.0", "queued remove"},
			"",
		},
		"another user's": {
			named(world.Parameter{Name: "/team/base", AMI: "ami-1"}, world.Parameter{Name: "/q/1", AMI: "ami-1", Project: "q"}),
			[]string{"ready remove"},
			"parameter /team/base in us-east-1 names ami-1",
		},
		"they may not be listed": {func(a *attic) {
			a.named.Denied, a.params["/p/1.0.0/amd64"] = "AccessDeniedException: ssm:DescribeParameters", "ami-1"
		}, []string{param, "queued remove"}, "ssm:DescribeParameters"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttic()
			a.add("1.2.0", 10)
			a.add("1.0.0", 400, a.stage(record.StageDisabled, 90))
			c.world(a)
			a.policy.Public.Minors = 1
			scope := a.scope()
			scope.Parameters = own
			p := scope.Reconcile(a.world(), plan.NewRun("run"))
			if diff := cmp.Diff(c.want, stepsOf(p)); diff != "" {
				t.Error(diff)
			}
			if notes := strings.Join(p.Notes, "\n"); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
				t.Errorf("notes %q, want %q", notes, c.note)
			}
		})
	}
}

// TestTheRecycleBinIsNamed: before an AMI is removed it is said whether it can be
// restored; that this can't be read holds nothing.
func TestTheRecycleBinIsNamed(t *testing.T) {
	for want, f := range map[string]func(*attic) world.Fact[[]world.BinRule]{
		"the Recycle Bin keeps it for 7 days, and it counts in the quotas until then": func(a *attic) world.Fact[[]world.BinRule] {
			return known(a.now, []world.BinRule{{Days: 7, Tags: []world.BinTag{{Key: record.TagProject, Value: "1:p"}}}})
		},
		"no rule of the Recycle Bin covers it: it cannot be restored": func(a *attic) world.Fact[[]world.BinRule] {
			return known(a.now, []world.BinRule{{Days: 7, Tags: []world.BinTag{{Key: record.TagProject, Value: "1:q"}}}})
		},
		"could not be read: AccessDeniedException: rbin:ListRules": func(a *attic) world.Fact[[]world.BinRule] {
			return world.Fact[[]world.BinRule]{At: a.now, Err: "AccessDeniedException: rbin:ListRules"}
		},
	} {
		a := newAttic()
		a.add("1.2.0", 10)
		a.add("1.1.0", 300)
		a.add("1.0.0", 400, a.stage(record.StageDisabled, 90))
		w := a.world()
		r := w.Regions["us-east-1"]
		r.Bin = f(a)
		w.Regions["us-east-1"] = r
		p := a.scope().Reconcile(w, plan.NewRun("run"))
		if len(p.Steps) != 1 || p.Steps[0].State != plan.Ready || !strings.Contains(p.Steps[0].Why, want) || len(p.Missed) > 0 {
			t.Errorf("%+v, missed %v, want %q", p.Steps, p.Missed, want)
		}
	}
}

// TestUnlistedParametersKeep: while a region's parameters can't be listed, nothing is
// removed there.
func TestUnlistedParametersKeep(t *testing.T) {
	a := newAttic()
	a.add("1.2.0", 10)
	a.add("1.1.0", 300)
	a.add("1.0.0", 400, a.stage(record.StageDisabled, 90))
	w := a.world()
	r := w.Regions["us-east-1"]
	r.Named = world.Fact[world.Parameters]{At: a.now, Err: "InternalServerError"}
	w.Regions["us-east-1"] = r
	if p := a.scope().Reconcile(w, plan.NewRun("run")); len(p.Steps) > 0 || len(p.Missed) != 1 {
		t.Errorf("steps %v, missed %v", stepsOf(p), p.Missed)
	}
	r.Named = world.Fact[world.Parameters]{}
	w.Regions["us-east-1"] = r
	if p := a.scope().Reconcile(w, plan.NewRun("run")); len(p.Steps) > 0 || len(p.Look) != 1 || p.Look[0].Kind != world.LookNamed {
		t.Errorf("steps %v, looks %v", stepsOf(p), p.Look)
	}
}

// stepsOf shortens the ids of removals.
func stepsOf(p plan.Plan) []string {
	var out []string
	for _, s := range p.Steps {
		id, _, _ := strings.Cut(string(s.ID), "/ce/amd64/us-east-1/ami-")
		out = append(out, fmt.Sprint(s.State, " ", id))
	}
	return out
}

// TestProtectedAMIsAreNotDeregistered: whatever would deregister an AMI is blocked
// beforehand, and says what lifts the protection.
func TestProtectedAMIsAreNotDeregistered(t *testing.T) {
	for protection, want := range map[string]string{
		"enabled-without-cooldown": "aws ec2 disable-image-deregistration-protection --region us-east-1 --image-id ami-0",
		world.CoolingDown:          "amiship sweep",
		"":                         "",
	} {
		a := newAttic()
		a.add("1.2.0", 10, func(i *world.Image) {
			i.Tags[record.TagStage], i.Name = record.TagValue(record.StageCandidate), "amiship-p-ce-amd64-1.2.0-0123456789ab"
			i.State, i.Protection = world.Failed, protection
		})
		w := a.world()
		r := w.Regions["us-east-1"]
		r.Claims = known(a.now, []world.Claim(nil))
		w.Regions["us-east-1"] = r
		p := reconcile.Sweep{Project: "p", Regions: []string{"us-east-1"}}.Reconcile(w, plan.NewRun("run"))
		if len(p.Steps) != 1 || (p.Steps[0].State == plan.Blocked) != (want != "") {
			t.Fatalf("%q: %+v", protection, p.Steps)
		}
		if want != "" && (len(p.Blockers) != 1 || p.Blockers[0].Remedies[0].Command != want) {
			t.Errorf("%q: %+v, want %s", protection, p.Blockers, want)
		}
	}
}
