package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
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
		Long: `Status shows how far the open releases of the project are, what blocks them or
the next ones, from which base AMIs the next ones will be built, for how many
more the quotas are enough, and which releases there are; also what interrupted runs left behind, what is left in
enabled regions that the catalog does not name, and whether changes are paused
or frozen. With a tag it shows the AMIs of that release. It changes nothing.

The JSON of status without a tag has a schema: docs/status.schema.json.`,
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
	viewer, err := c.newViewer(ctx)
	if err != nil {
		return err
	}
	v, err := viewer.view(ctx)
	if err != nil {
		return err
	}
	if c.json {
		return firstOf(report.JSON(c.Out, v), unseen(v))
	}
	report.Status(c.Out, v)
	return unseen(v)
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
