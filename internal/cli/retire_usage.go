package cli

import (
	"context"
	"slices"
	"time"

	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

// reportUsage has AWS report which other accounts use the AMIs that nothing else keeps, and waits
// for that. made are the reports that are deleted at the end; late says that some are missing.
func (c retireCmd) reportUsage(ctx context.Context, stop <-chan struct{}, s retirement) (made reconcile.DeleteReports, late, err error) {
	made = reconcile.DeleteReports{Project: s.desired.Project, IDs: map[string]bool{}}
	toPlan := reconcile.UsageReports{Retire: s.scope}.Reconcile
	shown, _, err := s.planner.plan(reading(ctx, stop), s.desired, toPlan)
	if report.Notes(c.Err, shown); err != nil || shown.Complete() {
		return made, nil, err
	}
	o := runOptions{Options: engine.Defaults(), progress: c.progress(release.Desired{})}
	o.Wait = c.wait
	p, outcome, err := c.runOnly(ctx, stop, s.desired, o, shown, nil, toPlan)
	for _, step := range p.Steps {
		if id := plan.As[plan.CreateUsageReport](step.Action).Report; id != "" {
			made.IDs[id] = true
			made.Regions = append(made.Regions, step.Target.Region)
		}
	}
	slices.Sort(made.Regions)
	made.Regions = slices.Compact(made.Regions)
	if err != nil || outcome == engine.Interrupted {
		return made, nil, firstOf(err, outcomeError(outcome))
	}
	report.Trouble(c.Err, p)
	for name, region := range s.planner.World.Regions {
		region.Usage = world.Fact[world.Usage]{}
		s.planner.World.Regions[name] = region
	}
	return made, outcomeError(outcome), nil
}

// lateDeletion is how long the deletion of reports may take, after an interrupt too.
const lateDeletion = time.Minute

// deleteReports deletes the reports that this command has made. What is left is a sweep's.
func (c retireCmd) deleteReports(ctx context.Context, s retirement, made reconcile.DeleteReports) {
	if len(made.IDs) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lateDeletion)
	defer cancel()
	shown, _, err := look(ctx, s.desired, made.Reconcile)
	if err == nil {
		o := runOptions{Options: engine.Defaults(), progress: c.progress(release.Desired{})}
		shown, _, err = c.runOnly(ctx, nil, s.desired, o, shown, nil, made.Reconcile)
		report.Trouble(c.Err, shown)
	}
	if err != nil || !shown.Complete() {
		c.log().Warn("usage reports are left: amiship sweep deletes them after a day, AWS after 30", "reports", len(made.IDs), "err", err)
	}
}
