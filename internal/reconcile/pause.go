package reconcile

import (
	"cmp"
	"slices"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// The ids of the blockers that hold everything.
const (
	pauseBlocker  = "pause"
	freezeBlocker = string(plan.FreezeStep)
)

// Controlled returns the plan as far as a pause and the catalog's freezes allow it:
// while changes are held, every step that is ready is blocked, and what this run has
// claimed and not begun to use is given back. Whether there is a pause is read once
// everything else that can be read was, and something is left to do.
func Controlled(p plan.Plan, c release.ChangeControl, w world.World, r plan.Run) plan.Plan {
	reading := slices.ContainsFunc(p.Look, func(q world.Query) bool { return !q.Fetched() })
	if c.Override || reading || !changesAnything(p) {
		return p
	}
	q := world.Query{Kind: world.LookPause, Region: c.Region}
	if w.Pause.At.IsZero() {
		p.Look = append(slices.Clone(p.Look), q)
		return p
	}
	if w.Pause.Missed() {
		p.Missed = append(slices.Clone(p.Missed), q)
	}
	for _, bl := range Holding(c, w) {
		p = heldBy(p, bl)
	}
	if p.Held {
		p = givenBack(p, w, r)
	}
	return p
}

// changesAnything reports whether a step is left that could change something.
func changesAnything(p plan.Plan) bool {
	return slices.ContainsFunc(p.Steps, plan.Step.Pending)
}

// Holding are the blockers of a pause and of a freeze in force.
func Holding(c release.ChangeControl, w world.World) []plan.Blocker {
	var out []plan.Blocker
	switch pause := w.Pause.Val; {
	case w.Pause.Missed():
		out = append(out, unreadPause(c.Region, w.Pause.Err))
	case pause.InForce(w.Now):
		out = append(out, plan.Blocker{ID: pauseBlocker, Why: plan.PausedSince(pause, ""), Since: pause.Since, Remedies: []plan.Remedy{{
			Name: "resume", Command: "amiship resume", Cost: "every run of the project makes changes again",
		}}})
	}
	if f, ok := c.Frozen(w.Now); ok {
		out = append(out, plan.Blocker{ID: freezeBlocker, Why: plan.Frozen(f), Since: f.From, Remedies: []plan.Remedy{plan.Approving(plan.SameCommand, []string{plan.Approval(plan.FreezeStep, f.Digest())}, plan.Remedy{
			Name: "approve", Cost: "this run makes its changes all the same",
		}), {
			Name: "wait", Command: "run it again after " + plan.Moment(f.To), Cost: "nothing",
		}}})
	}
	return out
}

// unreadPause: what could not be read may say that nothing is to be changed.
func unreadPause(region, err string) plan.Blocker {
	return plan.Blocker{ID: pauseBlocker, Why: "whether changes are paused could not be read: " + err, Remedies: []plan.Remedy{{
		Name: "allow", Command: "allow ssm:GetParameters in " + region + " in the IAM policy of the current caller", IAM: []string{"ssm:GetParameters"},
		Cost: "nothing; or run the same command again when SSM answers",
	}}}
}

// heldBy holds what the plan would start.
func heldBy(p plan.Plan, bl plan.Blocker) plan.Plan {
	p.Held, p.Steps = true, slices.Clone(p.Steps)
	for i, s := range p.Steps {
		if s.State == plan.Ready && !s.Own() {
			p.Steps[i].State, p.Steps[i].Why = plan.Blocked, "held: "+bl.ID
		}
		if s.Pending() && s.State != plan.Running {
			bl.Holds = append(bl.Holds, s.ID)
		}
	}
	p.Blockers = append(slices.Clone(p.Blockers), bl)
	slices.SortFunc(p.Blockers, func(x, y plan.Blocker) int { return cmp.Compare(x.ID, y.ID) })
	return p
}

// givenBack adds the end of each claim of this run under which nothing was begun.
// One under which something runs ends with that, as ever.
func givenBack(p plan.Plan, w world.World, r plan.Run) plan.Plan {
	for _, claim := range p.Steps {
		made, mine := r.Made[claim.ID]
		if claim.Kind() != plan.Claim || !mine || claim.State != plan.Done {
			continue
		}
		work, ends := plan.StepID(plan.Build, claim.Target), []string(nil)
		if claim.ClaimsTest() {
			work, ends = plan.StepID(plan.Test, claim.Target), []string{plan.TestClaim}
		}
		give := plan.Step{State: plan.Ready, Required: true, Action: plan.Action{
			ID: plan.StepID(plan.Unclaim, claim.Target, ends...), Target: claim.Target,
			Change: plan.EndClaim{Claim: plan.As[plan.TakeClaim](claim.Action).Claim, Group: made.Claim, Own: true},
		}}
		_, ending := p.Step(give.ID)
		if s, _ := p.Step(work); s.State == plan.Blocked && !ending {
			p.Steps = append(p.Steps, known(give, w, r))
		}
	}
	slices.SortFunc(p.Steps, plan.CompareSteps)
	return p
}
