package plan

import (
	"cmp"
	"strings"

	"amiship/internal/release"
)

// CompareSteps orders steps as a release goes through them.
func CompareSteps(x, y Step) int {
	return cmp.Or(
		x.Kind().Compare(y.Kind()),
		x.Target.Compare(y.Target), cmp.Compare(x.ID, y.ID))
}

// StepID is the id of a step: its kind, its target, and what else tells it from others:
// "copy/prometheus/amd64/eu-west-1".
func StepID(k Kind, t release.Key, more ...string) ID {
	return ID(strings.Join(append([]string{string(k), t.String()}, more...), "/"))
}

// TestClaim is what the ids of the steps end in that begin and end a boot test.
const TestClaim = "test"

// ClaimsTest tells the claim of a boot test from that of a build.
func (a Action) ClaimsTest() bool { return a.ID == StepID(Claim, a.Target, TestClaim) }

// removesCandidate tells the end of a candidate from that of what was replaced.
func (a Action) removesCandidate() bool {
	return a.Kind() == Remove && a.ID == StepID(Remove, a.Target)
}

// GateStep is the step that others wait for which may only be done once every required
// AMI of the release exists and is shared.
const GateStep ID = "gate"

// Pending reports whether something is left to do for a step.
func (s Step) Pending() bool { return s.State != Done && s.State != Skipped && !s.Kind().Passive() }

// Wait makes a step wait for a change set, by its id.
func (s *Step) Wait(set, why string) { s.State, s.Set, s.Why = Waiting, set, why }

// FreezeStep is what an approval of a freeze names: "freeze@DIGEST".
const FreezeStep ID = "freeze"

// RestrictStep is what an approval to restrict versions of a listing names.
func RestrictStep(listing release.Key) ID { return StepID(Restrict, listing) }
