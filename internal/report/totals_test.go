package report_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
)

// patchDay is five releases: two to do, which share a predecessor and want the
// same name, one blocked in one region more, one complete, one that is none.
func patchDay() ([]release.Desired, []plan.Plan) {
	var desired []release.Desired
	var plans []plan.Plan
	add := func(tag, name, skip string, steps ...plan.Step) *plan.Plan {
		desired = append(desired, release.Desired{Project: "product", Tag: tag, Variants: []release.Variant{{Image: "ce", Arch: "amd64", Name: name}}})
		plans = append(plans, plan.Plan{Project: "product", Tag: tag, Skip: skip, Steps: steps})
		return &plans[len(plans)-1]
	}
	step := func(k plan.Kind, region string, s plan.State) plan.Step {
		return plan.Step{Action: plan.Action{ID: plan.ID(string(k) + "/ce/amd64/" + region), Target: key(region), Change: k.Change()}, State: s}
	}
	all := func(state plan.State, more ...plan.Step) []plan.Step {
		return append([]plan.Step{
			step(plan.Claim, "us-east-1", state), step(plan.Build, "us-east-1", state), step(plan.Test, "us-east-1", state),
			step(plan.Copy, "us-east-1", state), step(plan.Copy, "eu-west-1", state),
			step(plan.Publish, "us-east-1", state), step(plan.Publish, "eu-west-1", state),
			step(plan.Parameter, "us-east-1", state),
		}, more...)
	}
	replaced := step(plan.Remove, "us-east-1", plan.Queued)
	replaced.Change = plan.RemoveImage{Image: plan.Image{AMI: "ami-old"}}
	add("1.2.3+ce.1", "Product 1.2.3", "", all(plan.Queued, replaced, step(plan.Copy, "ap-south-1", plan.Skipped))...)
	add("1.2.3+ce.2", "Product 1.2.3", "", all(plan.Queued, replaced)...)
	add("1.1.9+ce.0", "Product 1.1.9", "", all(plan.Queued, step(plan.Publish, "sa-east-1", plan.Blocked))...).
		Blockers = []plan.Blocker{{ID: "region/sa-east-1", Holds: []plan.ID{"copy/ce/amd64/sa-east-1"}}}
	add("1.0.0+ce.0", "Product 1.0.0", "", all(plan.Done)...)
	add("1.2.3+ce.0", "Product 1.2.3", "1.2.3+ce.1 has replaced it")
	return desired, plans
}

func TestTotals(t *testing.T) {
	totals := report.NewTotals(patchDay())
	var text, program bytes.Buffer
	totals.Write(&text)
	golden(t, "totals.txt", text.Bytes())
	if err := report.JSON(&program, totals); err != nil {
		t.Fatal(err)
	}
	golden(t, "totals.json", program.Bytes())
}

func TestTotalsOfNothing(t *testing.T) {
	got := report.NewTotals([]release.Desired{{Tag: "v1"}}, []plan.Plan{{Tag: "v1"}})
	want := report.Totals{Tags: []report.TagTotal{{Tag: "v1"}}, Kinds: []report.KindTotal{}, PublicAMIs: map[string]int{}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
