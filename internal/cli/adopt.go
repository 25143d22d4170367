package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
)

func (a *app) adoptCommand() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "adopt", Short: "Tag AMIs that were made before Amiship as releases of the project",
		Long: `Adopt shows own AMIs without Amiship's tags that have the name of one of the
catalog's images, or all of its tags, asks, and tags them and their snapshots as a
release of that version. From then on they are counted, kept and retired like any
other. What looks like two images, or like a release that is there, is named and
left as it is.

Only tags are written; whoever takes them away has what was there before.`,
		Example: `  amiship adopt
  amiship adopt --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.adopt(cmd.Context(), yes) },
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (a *app) adopt(ctx context.Context, yes bool) error {
	b, err := a.load()
	if err != nil {
		return err
	}
	d := release.Desired{Project: b.Catalog.Project}
	s := plan.Adoption{Project: d.Project, Regions: allRegions(b.Catalog), Forms: b.Forms()}
	ctx, stop, cancel := interrupts(ctx)
	defer cancel()
	p, _, err := look(ctx, d, s.Reconcile)
	if err != nil {
		return err
	}
	if a.json {
		err = report.JSON(a.Out, p)
	} else {
		report.Steps(a.Out, p)
		report.Notes(a.Out, p)
	}
	if len(p.Steps) == 0 {
		fmt.Fprintf(a.Err, "%s: no AMI without Amiship's tags looks like the project's\n", d.Project)
		return firstOf(err, unreadRegions(p))
	}
	if err := a.confirm(yes, fmt.Sprintf("tag these %d as releases of %s?", len(p.Steps), d.Project)); err != nil {
		return err
	}
	return firstOf(err, a.doApproved(ctx, stop, d, p, s.Reconcile))
}
