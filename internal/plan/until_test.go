package plan_test

import (
	"testing"

	"amiship/internal/plan"
)

// TestOnlyKeepsWhatIsBlocked: what was approved may be behind what can't be read any longer,
// so a plan with a blocker is not complete, whatever was approved.
func TestOnlyKeepsWhatIsBlocked(t *testing.T) {
	step := func(id plan.ID, s plan.State) plan.Step {
		return plan.Step{Action: plan.Action{ID: id}, State: s}
	}
	p := plan.Plan{Steps: []plan.Step{step("close/a", plan.Done), step("close/b", plan.Ready), step("withdraw/eu-west-1", plan.Blocked)}}
	got := p.Only([]plan.ID{"close/a", "close/eu-west-1"})
	if len(got.Steps) != 2 || got.Steps[1].ID != "withdraw/eu-west-1" || got.Complete() {
		t.Errorf("kept %+v, complete: %v", got.Steps, got.Complete())
	}
}
