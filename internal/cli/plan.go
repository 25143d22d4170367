package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

type planOptions struct {
	exitCode bool
	steps    bool
}

func (a *app) planCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "plan TAG...",
		Short: "Show what releases would do, where they stand, and what would block them",
		Long: `Plan looks at AWS and shows what is left to do for each tag, and for all of them
together: what a patch day comes to. It changes nothing and fetches no package.`,
		Example: `  amiship plan v2.42.0
  amiship plan 17.5.1+ee.0 17.4.4+ee.0 17.3.7+ee.0
  amiship plan v2.42.0 --json | jq '.Plans[].Steps[] | select(.State == "ready")'`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, tags []string) error {
			return a.plan(cmd.Context(), tags, o)
		},
	}
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "exit 3 if there is something left to do")
	cmd.Flags().BoolVar(&o.steps, "steps", false, "show every step")
	return cmd
}

func (a *app) plan(ctx context.Context, tags []string, o planOptions) error {
	desired, err := a.resolve(tags)
	if err != nil {
		return err
	}
	planner, err := newPlanner(ctx, firstRegion(desired[0]))
	if err != nil {
		return err
	}
	var plans []plan.Plan
	for _, d := range desired {
		p, look, err := planner.plan(ctx, d, reconciling(d))
		if err != nil {
			return err
		}
		plans = append(plans, p)
		if !a.json {
			report.Plan(a.Out, d, p, look)
		}
		if o.steps && !a.json {
			report.Steps(a.Out, p)
		}
	}
	totals := report.NewTotals(desired, plans)
	switch {
	case a.json:
		err = report.JSON(a.Out, plansJSON{plans, totals})
	case len(tags) > 1:
		totals.Write(a.Out)
	}
	return firstOf(err, planExit(plans, o))
}

// plansJSON is what `plan --json` prints.
type plansJSON struct {
	Plans  []plan.Plan
	Totals report.Totals
}

// resolve reads the catalog at tags, of which each is named once.
func (a *app) resolve(tags []string) ([]release.Desired, error) {
	b, err := a.load()
	if err != nil {
		return nil, err
	}
	if err := eachOnce(tags); err != nil {
		return nil, err
	}
	var out []release.Desired
	for _, tag := range tags {
		d, err := catalog.Resolve(b, tag)
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

// planExit says the worst of them: that one is blocked, before what is to do.
func planExit(plans []plan.Plan, o planOptions) error {
	switch {
	case slices.ContainsFunc(plans, func(p plan.Plan) bool { return len(p.Blockers) > 0 }):
		return silent(codeBlocked)
	case o.exitCode && slices.ContainsFunc(plans, func(p plan.Plan) bool { return !p.Complete() }):
		return silent(codeChanges)
	}
	return nil
}

// planner plans releases one after the other. What it has read of regions for
// one serves the next.
type planner struct {
	observer observe.Observer
	world    world.World
}

func newPlanner(ctx context.Context, region string) (*planner, error) {
	clients, err := awsapi.Load(ctx, region)
	if err != nil {
		return nil, err
	}
	return &planner{observe.Observer{Clients: clients}, world.New()}, nil
}

// plan reads until the plan lacks nothing but what only a release fetches.
func (pl *planner) plan(ctx context.Context, d release.Desired, reconcile func(world.World, plan.Run) plan.Plan) (plan.Plan, report.Look, error) {
	clients, start := pl.observer.Clients, time.Now()
	calls := clients.Calls()
	pl.observer.Desired = d
	pl.forget()
	var p plan.Plan
	for {
		p = reconcile(pl.world, plan.NewRun(""))
		queries := readable(p.Look)
		if len(queries) == 0 {
			break
		}
		if err := pl.observer.Look(ctx, &pl.world, queries); err != nil {
			return p, report.Look{}, err
		}
	}
	return p, report.Look{At: clients.Now(), Took: time.Since(start), Calls: clients.Calls() - calls}, nil
}

// forget drops the facts that were asked for one release alone: its variants',
// its parameters and its notes. The others are everybody's.
func (pl *planner) forget() {
	fresh := world.New()
	fresh.Now = pl.world.Now
	for name, region := range pl.world.Regions {
		region.Params = world.Fact[map[string]string]{}
		fresh.Regions[name] = region
	}
	for name, l := range pl.world.Listings {
		l.Notes = world.Fact[string]{}
		fresh.Listings[name] = l
	}
	fresh.Sets, fresh.Abroad = pl.world.Sets, pl.world.Abroad
	pl.world = fresh
}

// observed is the plan of a release as AWS is now.
func observed(ctx context.Context, d release.Desired) (plan.Plan, report.Look, error) {
	return look(ctx, d, reconciling(d))
}

func reconciling(d release.Desired) func(world.World, plan.Run) plan.Plan {
	return func(w world.World, r plan.Run) plan.Plan { return plan.Reconcile(d, w, r) }
}

// look plans one thing.
func look(ctx context.Context, d release.Desired, reconcile func(world.World, plan.Run) plan.Plan) (plan.Plan, report.Look, error) {
	pl, err := newPlanner(ctx, firstRegion(d))
	if err != nil {
		return plan.Plan{}, report.Look{}, err
	}
	return pl.plan(ctx, d, reconcile)
}

// readable leaves out packages, and notes that a command prints: planning
// fetches and runs nothing.
func readable(look []world.Query) []world.Query {
	return slices.DeleteFunc(slices.Clone(look), world.Query.Fetched)
}

func firstRegion(d release.Desired) string {
	if regions := d.BuildRegions(); len(regions) > 0 {
		return regions[0]
	}
	return "us-east-1"
}
