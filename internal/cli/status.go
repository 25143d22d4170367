package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/view"
	"amiship/internal/world"
)

// statusCmd is the command status.
type statusCmd struct{ *app }

func statusCommand(a *app) *cobra.Command {
	c := &statusCmd{a}
	cmd := &cobra.Command{
		Use: "status [TAG]", Short: "Show the releases of the project, or the AMIs of one",
		Long: `Status shows how far the open releases of the project are, what blocks them or
the next ones, from which base AMIs the next ones will be built, for how many
more the quotas are enough, and which releases there are; also what interrupted
runs left behind, what is left in enabled regions that the catalog does not
name, and whether changes are paused or frozen. With a tag it shows the AMIs of
that release. It changes nothing.

A bundle can have a catalog for each partition of AWS, such as AWS GovCloud
(US), whose account is another: a release is shown with all of its partitions.
` + severalHelp + `

The JSON of status without a tag has a schema: docs/status.schema.json. With
several catalogs its views are a list of them.`,
		Example: `  amiship status
  amiship status v2.42.0
  amiship status -f amiship.yaml -f amiship-gov.yaml@gov
  amiship status --fleet fleet.yaml`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Args:        cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := c.parts(cmd.Context())
			switch {
			case err != nil:
				return err
			case len(args) == 1:
				return c.runOf(cmd.Context(), all, args[0])
			}
			return c.run(cmd.Context(), all)
		},
	}
	c.fleetFlag(cmd)
	return cmd
}

func (c *statusCmd) runOf(ctx context.Context, all []part, tag string) error {
	var whole []report.Part
	var missed error
	for _, p := range all {
		d, err := c.atTag(ctx, p.bundle, tag)
		var unmatched *catalog.TagError
		switch {
		case len(whole) > 0 && errors.As(err, &unmatched):
			c.noted.note(c.Err, filepath.Base(p.bundle.File)+": "+err.Error())
			continue
		case err != nil:
			return err
		}
		toDo, look, err := plannerOf(p.clients).plan(p.context(ctx), d, reconciling(d))
		if err != nil {
			return err
		}
		whole, missed = append(whole, report.Part{Desired: d, Plan: toDo, Look: look}), errors.Join(missed, unreadRegions(toDo))
	}
	c.result(&catalogAnswer{Catalog: report.NewCatalog(whole...)}, func() {
		for _, p := range whole {
			report.Plan(c.Out, p.Desired, p.Plan, p.Look)
		}
		report.AMIs(c.Out, whole...)
		for _, p := range whole {
			report.Listings(c.Out, p.Plan)
		}
	})
	return missed
}

// catalogAnswer is catalog.json with a header.
type catalogAnswer struct {
	view.Header
	report.Catalog
}

func (c *statusCmd) run(ctx context.Context, all []part) error {
	var views []view.View
	var missed error
	for _, p := range all {
		v, err := c.viewer(p).view(p.context(ctx))
		switch {
		case err != nil && len(all) == 1:
			return err
		case err != nil: // the others are shown all the same
			v = view.Unseen(p.bundle.Catalog.Project, described(err))
			err = fmt.Errorf("%s: %w", p.bundle.Catalog.Project, err)
		default:
			err = unseen(v)
		}
		views, missed = append(views, v), errors.Join(missed, err)
	}
	if len(views) == 1 {
		c.result(answer(&views[0]), func() { report.Status(c.Out, views[0]) })
		return missed
	}
	f := view.Together(view.Header{}, views)
	c.result(&f, func() { report.Fleet(c.Out, f) })
	return missed
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
