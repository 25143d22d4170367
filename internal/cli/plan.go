package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/engine"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

// planCmd is the command plan.
type planCmd struct {
	*app
	exitCode bool
	steps    bool
}

func planCommand(a *app) *cobra.Command {
	c := planCmd{app: a}
	cmd := &cobra.Command{
		Use:   "plan TAG...",
		Short: "Show what releases would do and what blocks them",
		Long: `Plan reads AWS and shows the remaining steps of each tag, and the totals of all
of them, as for a patch day. It changes nothing and downloads no package.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Example: `  amiship plan v2.42.0
  amiship plan 17.5.1+ee.0 17.4.4+ee.0 17.3.7+ee.0
  amiship plan v2.42.0 --json | jq '.plans[].steps[].id'`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, tags []string) error {
			return c.run(cmd.Context(), tags)
		},
	}
	cmd.Flags().BoolVar(&c.exitCode, "exit-code", false, "exit 3 if the plan has changes")
	cmd.Flags().BoolVar(&c.steps, "steps", false, "show every step")
	return cmd
}

func (c planCmd) run(ctx context.Context, tags []string) error {
	desired, err := c.resolve(ctx, tags)
	if err != nil {
		return err
	}
	planner, err := newPlanner(ctx, firstRegion(desired[0]))
	if err != nil {
		return err
	}
	if len(desired) > 1 {
		planner.all()
	}
	var plans []plan.Plan
	for _, d := range desired {
		p, look, err := planner.plan(ctx, d, reconciling(d))
		if err != nil {
			return err
		}
		p = p.WithPaths()
		plans = append(plans, p)
		if c.json {
			continue
		}
		report.Plan(c.Out, d, p, look)
		if c.steps {
			report.Steps(c.Out, p)
		}
	}
	totals := report.NewTotals(desired, plans)
	c.result(&plansAnswer{Plans: plans, Totals: &totals}, func() {
		if len(tags) > 1 {
			totals.Write(c.Out)
		}
	})
	return c.exit(plans)
}

// resolve reads the catalog at tags, of which each is named once.
func (a *app) resolve(ctx context.Context, tags []string) ([]release.Desired, error) {
	b, err := a.load()
	if err != nil {
		return nil, err
	}
	return a.resolveIn(ctx, b, tags)
}

// resolveIn resolves tags by one catalog.
func (a *app) resolveIn(ctx context.Context, b *catalog.Bundle, tags []string) ([]release.Desired, error) {
	if err := eachOnce(tags); err != nil {
		return nil, err
	}
	var out []release.Desired
	for _, tag := range tags {
		d, err := a.atTag(ctx, b, tag)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// eachOnce refuses a tag that is named twice.
func eachOnce(tags []string) error {
	seen := map[string]bool{}
	for _, tag := range tags {
		if seen[tag] {
			return usage(fmt.Errorf("%s is named twice", tag))
		}
		seen[tag] = true
	}
	return nil
}

// exit says the worst of them: that one is blocked, before what is to do.
func (c planCmd) exit(plans []plan.Plan) error {
	switch {
	case slices.ContainsFunc(plans, func(p plan.Plan) bool { return len(p.Obstacles()) > 0 }):
		return silent(codeBlocked)
	case c.exitCode && slices.ContainsFunc(plans, func(p plan.Plan) bool { return !p.Complete() }):
		return silent(codeChanges)
	}
	return nil
}

// planner plans releases one after the other, by what an observer reads.
type planner struct {
	engine.Planner
	observer observe.Observer
}

func newPlanner(ctx context.Context, region string) (*planner, error) {
	clients, err := loadClients(ctx, region)
	if err != nil {
		return nil, err
	}
	return plannerOf(clients), nil
}

func plannerOf(clients *awsapi.Clients) *planner {
	return &planner{engine.Planner{World: world.New()}, observe.Observer{Clients: clients}}
}

// all has AMIs and their permissions read of all releases at once, which takes fewer calls than those
// of each of several.
func (pl *planner) all() *planner {
	pl.Whole, pl.observer.Whole = true, true
	return pl
}

// readAll reads all AMIs of the regions of a release in which they were not read.
func (pl *planner) readAll(ctx context.Context, d release.Desired) error {
	unread := slices.DeleteFunc(d.Regions(), func(region string) bool { return !pl.World.Regions[region].Images.At.IsZero() })
	return pl.observer.Look(ctx, &pl.World, imagesOf(unread))
}

// plan plans one release, and says what that took.
func (pl *planner) plan(ctx context.Context, d release.Desired, toPlan reconciler) (plan.Plan, report.Look, error) {
	clients, start := pl.observer.Clients, time.Now()
	calls := clients.Calls()
	pl.observer.Desired = d
	if pl.Whole {
		if err := pl.readAll(ctx, d); err != nil {
			return plan.Plan{}, report.Look{}, err
		}
	}
	p, err := pl.Plan(typing(ctx, controlled(d, toPlan)), func(w *world.World, queries []world.Query) error {
		return pl.observer.Look(ctx, w, queries)
	})
	if err != nil {
		return p, report.Look{}, err
	}
	return p, report.Look{At: clients.Now(), Took: time.Since(start), Calls: clients.Calls() - calls}, nil
}

func reconciling(d release.Desired) reconciler {
	return func(w world.World, r plan.Run) plan.Plan { return reconcile.Reconcile(d, w, r) }
}

// look plans one thing.
func look(ctx context.Context, d release.Desired, toPlan reconciler) (plan.Plan, report.Look, error) {
	pl, err := newPlanner(ctx, firstRegion(d))
	if err != nil {
		return plan.Plan{}, report.Look{}, err
	}
	return pl.plan(ctx, d, toPlan)
}

func firstRegion(d release.Desired) string {
	if regions := d.BuildRegions(); len(regions) > 0 {
		return regions[0]
	}
	return "us-east-1"
}
