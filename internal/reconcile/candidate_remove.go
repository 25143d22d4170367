package reconcile

import (
	"slices"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// removeCandidates removes the candidates once the release is complete: every
// required step is done, nothing optional is still under way, and every fact was read.
// planned are the other steps.
func removeCandidates(f *facts, variants []*variant, waived []record.Waiver, planned []plan.Step, allRead bool) findings {
	x := f.subject()
	planned = slices.Clone(planned)
	unfinished := beforeRemoval(planned)
	complete := allRead && len(unfinished) == 0
	for _, v := range variants {
		if v.candidate == nil {
			continue
		}
		key := v.Key(v.Build.Region)
		s := plan.Step{State: plan.Queued, Required: true, After: unfinished, Action: plan.Action{
			ID: plan.StepID(plan.Remove, key), Target: key, Guard: plan.Guard{Image: plan.Seen(*v.candidate)},
			Change: plan.RemoveImage{Image: plan.Image{AMI: v.candidate.ID, Name: v.candidate.Name}},
		}}
		waiver, kept := keptByWaiver(waived, planned)
		switch {
		case complete && kept:
			s.State, s.After, s.Why = plan.Skipped, nil, "stays: "+waiver.Region+" is waived until "+waiver.Day()
		case complete:
			s.State = plan.Ready
		}
		planned = append(planned, x.add(s))
	}
	return *x.findings
}

// beforeRemoval returns the steps that keep a candidate: the gate, until it is open; then all
// that are not done.
func beforeRemoval(planned []plan.Step) []plan.ID {
	var out []plan.ID
	for _, s := range planned {
		switch {
		case s.State == plan.Done || s.State == plan.Skipped:
		case s.ID == plan.GateStep:
			return []plan.ID{plan.GateStep}
		default:
			out = append(out, s.ID)
		}
	}
	return out
}

func discarding(key release.Key, i world.Image) plan.Step {
	return plan.Step{State: plan.Ready, Required: true, Action: plan.Action{
		ID: plan.StepID(plan.Discard, key, i.ID), Target: key, Guard: plan.Guard{Image: plan.Seen(i)},
		Change: plan.DiscardImage{Image: plan.Image{AMI: i.ID, Name: i.Name}},
	}}
}
