package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

// statusCmd is the command status.
type statusCmd struct{ *app }

func statusCommand(a *app) *cobra.Command {
	c := statusCmd{a}
	return &cobra.Command{
		Use: "status [TAG]", Short: "Show the releases of the project, or the AMIs of one",
		Long: `Status lists the releases of the project, what interrupted runs left behind,
what is left in enabled regions that the catalog does not name, whether changes
are paused or frozen, from which base AMIs the next release will be built, and
for how many more releases the quotas are enough. With a tag it shows the AMIs
of that release. It changes nothing.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Args:        cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return c.runOf(cmd.Context(), args[0])
			}
			return c.run(cmd.Context())
		},
	}
}

func (c statusCmd) runOf(ctx context.Context, tag string) error {
	d, err := c.desired(tag)
	if err != nil {
		return err
	}
	p, look, err := observed(ctx, d)
	if err != nil {
		return err
	}
	if c.json {
		return firstOf(report.JSON(c.Out, report.NewCatalog(d, p)), unreadRegions(p))
	}
	report.Plan(c.Out, d, p, look)
	report.AMIs(c.Out, d, p)
	report.Listings(c.Out, p)
	return unreadRegions(p)
}

func (c statusCmd) run(ctx context.Context) error {
	b, err := c.load()
	if err != nil {
		return err
	}
	clients, err := awsapi.Load(ctx, b.Catalog.Build.Region)
	if err != nil {
		return err
	}
	regions := allRegions(b.Catalog)
	queries := append(slices.Concat(imagesOf(regions), claimsOf(regions)), world.Query{Kind: world.LookPause, Region: b.Catalog.Build.Region})
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, queries)
	if err != nil {
		return err
	}
	rest, err := elsewhere(ctx, clients, b.Catalog)
	if err != nil {
		return err
	}
	releases := reconcile.Releases(b.Catalog.Project, w)
	if c.json {
		report.Leftovers(c.Err, reconcile.Leftovers(b.Catalog.Project, w))
		report.Elsewhere(c.Err, rest)
		return firstOf(report.JSON(c.Out, releases), unread(w, imagesOf(allRegions(b.Catalog))))
	}
	report.Releases(c.Out, b.Catalog.Project, releases, w)
	report.Leftovers(c.Out, reconcile.Leftovers(b.Catalog.Project, w))
	report.Elsewhere(c.Out, rest)
	report.Held(c.Out, plan.TypedBlockers(reconcile.Holding(b.Control(), w), typedBy(ctx).command))
	next, f, err := forecast(ctx, b, w)
	if err != nil {
		return err
	}
	report.NextBases(c.Out, next)
	report.Forecast(c.Out, f)
	return unread(w, imagesOf(allRegions(b.Catalog)))
}

// forecast plans the next releases, and says for how many the quotas are enough.
func forecast(ctx context.Context, b *catalog.Bundle, w world.World) (plans []plan.Plan, _ reconcile.Forecast, _ error) {
	next, err := b.Examples(reconcile.NextVersion(b.Catalog.Project, w))
	if err != nil {
		return nil, reconcile.Forecast{}, err
	}
	all, err := foreseeAll(ctx, next, 1)
	if err != nil {
		return nil, reconcile.Forecast{}, err
	}
	var seen world.World
	for _, f := range all {
		plans, seen = append(plans, f.plan), f.world
	}
	products := reconcile.Listed(b.Catalog.Project, b.Listings(), seen, 0)
	return plans, reconcile.NewForecast(plans, products, w, b.Catalog.Project), nil
}

func imagesOf(regions []string) []world.Query {
	var out []world.Query
	for _, r := range regions {
		out = append(out, world.Query{Kind: world.LookImages, Region: r})
	}
	return out
}

func claimsOf(regions []string) []world.Query {
	var out []world.Query
	for _, r := range regions {
		out = append(out, world.Query{Kind: world.LookClaims, Region: r})
	}
	return out
}

// leftovers are what runs that died have left in the regions of a catalog. A region that
// can't be read has none: other parts of the same answer say so.
func leftovers(ctx context.Context, clients *awsapi.Clients, c *catalog.Catalog) ([]string, error) {
	w, err := observe.Once(ctx, clients, release.Desired{Project: c.Project}, claimsOf(allRegions(c)))
	return reconcile.Leftovers(c.Project, w), err
}

// allRegions are the regions of a catalog, sorted.
func allRegions(c *catalog.Catalog) []string {
	out := slices.Concat(c.Regions.Required, c.Regions.BestEffort, []string{c.Build.Region})
	slices.Sort(out)
	return slices.Compact(out)
}
