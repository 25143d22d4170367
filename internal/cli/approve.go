package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/terminal"
	"amiship/internal/world"
)

// scope is a change that is shown, confirmed, and then done by the loop.
type scope struct {
	what, nothing string
	yes           bool
	options       engine.Options
	toPlan        reconciler
	always        []plan.ID // approved, even if they show only later
	absent        string    // what to type where there is nothing of it; empty: that is fine
}

// shown does of a scope what a person has seen and approved of.
func (a *app) shown(ctx context.Context, d release.Desired, s scope) error {
	ctx, stop, cancel := a.interrupts(ctx)
	defer cancel()
	p, _, err := look(reading(ctx, stop), d, s.toPlan)
	if err != nil {
		return err
	}
	a.showSteps(d.Project, p)
	if p.Complete() && p.Skip != "" && s.absent != "" && len(p.Missed) == 0 {
		return withHint(fmt.Errorf("%s: %s", s.what, p.Skip), s.absent)
	}
	if p.Complete() {
		fmt.Fprintf(a.Out, "%s: %s%s\n", s.what, s.nothing, because(p.Skip))
		return unreadRegions(p)
	}
	if err := a.held(p); err != nil {
		return err
	}
	if err := a.confirm(s.yes, s.what+": do this?"); err != nil {
		return err
	}
	o := runOptions{Options: s.options, progress: a.progress(release.Desired{})}
	p, outcome, err := a.runOnly(ctx, stop, d, o, p, s.always, s.toPlan)
	if err != nil {
		return err
	}
	a.changed(p, outcome)
	report.Trouble(a.Out, p)
	ended := string(outcome)
	if outcome == engine.Complete && len(p.Missed) > 0 {
		ended = "incomplete" // what could not be read has no steps
	}
	fmt.Fprintf(a.Out, "%s: %s; %s\n", s.what, ended, o.progress.Sum())
	a.hints(p)
	return firstOf(outcomeError(outcome), unreadRegions(p))
}

// showSteps shows the steps that a person confirms, and answers with them.
func (a *app) showSteps(project string, p plan.Plan) {
	report.Steps(a.Out, p)
	report.Notes(a.Out, p)
	a.toChange(project, p)
}

// doApproved does the steps of a plan that was shown, and no others.
func (a *app) doApproved(ctx context.Context, stop <-chan struct{}, d release.Desired, shown plan.Plan, toPlan reconciler) error {
	o := runOptions{Options: engine.Defaults(), progress: a.progress(release.Desired{})}
	p, outcome, err := a.runOnly(ctx, stop, d, o, shown, nil, toPlan)
	if err != nil {
		return err
	}
	a.changed(p, outcome)
	report.Trouble(a.Out, p)
	fmt.Fprintf(a.Out, "%s: %s\n", d.Project, o.progress.Sum())
	a.hints(p)
	// Of what can't be read there are no steps, neither done nor failed.
	return firstOf(outcomeError(outcome), unreadRegions(p))
}

// runOnly is runAlone of no other steps than those of the plan that was shown, and of those
// that may show only later. What could not be read then counts as missed to the end: of what
// is there nothing was shown, so nothing is done, even if it can be read by now.
func (a *app) runOnly(
	ctx context.Context, stop <-chan struct{}, d release.Desired, o runOptions, shown plan.Plan, later []plan.ID, toPlan reconciler,
) (plan.Plan, engine.Outcome, error) {
	approved := slices.Concat(stepIDs(shown), later)
	p, outcome, err := a.runAlone(ctx, stop, d, o, func(w world.World, r plan.Run) plan.Plan { return toPlan(w, r).Only(approved) })
	for _, q := range shown.Missed {
		if !slices.Contains(p.Missed, q) {
			p.Missed = append(slices.Clip(p.Missed), q)
		}
	}
	return p, outcome, err
}

func because(skip string) string {
	if skip == "" {
		return ""
	}
	return ": " + skip
}

func stepIDs(p plan.Plan) []plan.ID {
	var out []plan.ID
	for _, s := range p.Steps {
		out = append(out, s.ID)
	}
	return slices.Clip(out)
}

// unreadRegions is an error where a plan is not of everything.
func unreadRegions(p plan.Plan) error {
	var errs []error
	said := map[string]bool{}
	for _, q := range p.Missed {
		if what := q.Kind.Noun() + " of " + q.Region + q.Listing; !said[what] {
			said[what] = true
			errs = append(errs, errors.New(what+" could not be read"))
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return withHint(errors.Join(errs...), "run the command again: what is there was neither shown nor changed")
}

// confirm asks at a terminal, unless yes was said before; elsewhere only --yes will
// do.
func (a *app) confirm(yes bool, question string) error {
	if yes {
		return nil
	}
	in := terminal.Of(a.In)
	if in == nil {
		return withHint(usage(errors.New("there is no terminal to ask at")), "--yes does what was shown")
	}
	fmt.Fprintf(a.Err, "%s [y/N] ", question)
	a.flush()
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil || !strings.EqualFold(strings.TrimSpace(answer), "y") {
		return errors.New("nothing was changed")
	}
	return nil
}
