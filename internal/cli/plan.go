package cli

import (
	"context"
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
		Long: `Plan looks at AWS and shows what is left to do for each tag. It changes nothing
and fetches no package.`,
		Example: "  amiship plan v2.42.0\n  amiship plan v2.42.0 --json | jq '.steps[] | select(.State == \"ready\")'",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, tags []string) error {
			return a.plan(cmd.Context(), tags, o)
		},
	}
	cmd.Flags().BoolVar(&o.exitCode, "exit-code", false, "exit 3 if there is something left to do")
	cmd.Flags().BoolVar(&o.steps, "steps", false, "show every step")
	return cmd
}

func (a *app) plan(ctx context.Context, tags []string, o planOptions) error {
	b, err := a.load()
	if err != nil {
		return err
	}
	var plans []plan.Plan
	for _, tag := range tags {
		d, err := catalog.Resolve(b, tag)
		if err != nil {
			return err
		}
		p, look, err := observed(ctx, d)
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
	if a.json {
		if err := report.JSON(a.Out, plans); err != nil {
			return err
		}
	}
	return planExit(plans, o)
}

func planExit(plans []plan.Plan, o planOptions) error {
	for _, p := range plans {
		switch {
		case len(p.Blockers) > 0:
			return silent(codeBlocked)
		case o.exitCode && !p.Complete():
			return silent(codeChanges)
		}
	}
	return nil
}

// observed is the plan of a release as AWS is now.
func observed(ctx context.Context, d release.Desired) (plan.Plan, report.Look, error) {
	return look(ctx, d, func(w world.World, r plan.Run) plan.Plan { return plan.Reconcile(d, w, r) })
}

// look reads until the plan lacks nothing but what only a release fetches.
func look(ctx context.Context, d release.Desired, reconcile func(world.World, plan.Run) plan.Plan) (plan.Plan, report.Look, error) {
	clients, err := awsapi.Load(ctx, firstRegion(d))
	if err != nil {
		return plan.Plan{}, report.Look{}, err
	}
	start := time.Now()
	o := observe.Observer{Clients: clients, Desired: d}
	w := world.New()
	var p plan.Plan
	for {
		p = reconcile(w, plan.NewRun(""))
		queries := readable(p.Look)
		if len(queries) == 0 {
			break
		}
		if err := o.Look(ctx, &w, queries); err != nil {
			return p, report.Look{}, err
		}
	}
	return p, report.Look{At: clients.Now(), Took: time.Since(start), Calls: clients.Calls()}, nil
}

// readable leaves out packages: planning fetches none.
func readable(look []world.Query) []world.Query {
	var out []world.Query
	for _, q := range look {
		if q.Kind != world.LookPackage {
			out = append(out, q)
		}
	}
	return out
}

func firstRegion(d release.Desired) string {
	if regions := d.BuildRegions(); len(regions) > 0 {
		return regions[0]
	}
	return "us-east-1"
}
