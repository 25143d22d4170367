package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status [TAG]", Short: "Show the releases that AWS has, or the AMIs of one",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.statusOf(cmd.Context(), args[0])
			}
			return a.status(cmd.Context())
		},
	}
}

func (a *app) statusOf(ctx context.Context, tag string) error {
	d, err := a.desired(tag)
	if err != nil {
		return err
	}
	p, look, err := observed(ctx, d)
	if err != nil {
		return err
	}
	if a.json {
		return report.JSON(a.Out, report.NewCatalog(d, p))
	}
	report.Plan(a.Out, d, p, look)
	report.AMIs(a.Out, d, p)
	report.Listings(a.Out, p)
	return nil
}

func (a *app) status(ctx context.Context) error {
	b, err := a.load()
	if err != nil {
		return err
	}
	clients, err := awsapi.Load(ctx, b.Catalog.Build.Region)
	if err != nil {
		return err
	}
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, imagesOf(allRegions(b.Catalog)))
	if err != nil {
		return err
	}
	releases := plan.Releases(b.Catalog.Project, w)
	if a.json {
		return report.JSON(a.Out, releases)
	}
	report.Releases(a.Out, b.Catalog.Project, releases, w)
	f, err := a.forecast(ctx, b, w)
	if err != nil {
		return err
	}
	report.Forecast(a.Out, f)
	return nil
}

// forecast is for how many releases there is room.
func (a *app) forecast(ctx context.Context, b *catalog.Bundle, w world.World) (plan.Forecast, error) {
	next, err := b.Examples(plan.NextVersion(b.Catalog.Project, w))
	if err != nil {
		return plan.Forecast{}, err
	}
	all, err := foreseeAll(ctx, next, 1)
	if err != nil {
		return plan.Forecast{}, err
	}
	var plans []plan.Plan
	var seen world.World
	for _, f := range all {
		plans, seen = append(plans, f.plan), f.world
	}
	products := plan.Listed(b.Catalog.Project, b.Listings(), seen, 0)
	return plan.NewForecast(plans, products, w, b.Catalog.Project), nil
}

func imagesOf(regions []string) []world.Query {
	var out []world.Query
	for _, r := range regions {
		out = append(out, world.Query{Kind: world.LookImages, Region: r})
	}
	return out
}

// allRegions are the regions of a catalog, sorted.
func allRegions(c *catalog.Catalog) []string {
	out := slices.Concat(c.Regions.Required, c.Regions.BestEffort, []string{c.Build.Region})
	slices.Sort(out)
	return slices.Compact(out)
}
