package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"amiship/internal/reconcile"
)

// adoptCmd is the command adopt.
type adoptCmd struct {
	*app
	yes bool
	approving
}

func adoptCommand(a *app) *cobra.Command {
	c := adoptCmd{app: a}
	cmd := &cobra.Command{
		Use: "adopt", Short: "Tag AMIs made before Amiship as releases of the project",
		Long: `Adopt shows AMIs of the account that have no Amiship tags but the name of one of
the catalog's images, or all of its tags; asks for confirmation; and tags them
and their snapshots as a release of that version. From then on they are counted,
kept and retired like any other. An AMI that could be of two images, or whose
release exists already, is shown and left as it is.

Only tags are written: removing them undoes it.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag, verboseFlag),
		Example: `  amiship adopt
  amiship adopt --yes`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	c.flag(cmd)
	return cmd
}

func (c adoptCmd) run(ctx context.Context) error {
	b, err := c.load()
	if err != nil {
		return err
	}
	d, err := ofProject(b, c.approving)
	if err != nil {
		return err
	}
	s := reconcile.Adoption{Project: d.Project, Regions: allRegions(b.Catalog), Forms: b.Forms()}
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	p, _, err := look(reading(ctx, stop), d, s.Reconcile)
	if err != nil {
		return err
	}
	c.showSteps(d.Project, p)
	if len(p.Steps) == 0 {
		fmt.Fprintf(c.Err, "%s: no AMI without Amiship's tags matches the catalog\n", d.Project)
		return unreadRegions(p)
	}
	if err := c.held(p); err != nil {
		return err
	}
	if err := c.confirm(c.yes, fmt.Sprintf("tag these %d as releases of %s?", len(p.Steps), d.Project)); err != nil {
		return err
	}
	return c.doApproved(ctx, stop, d, p, s.Reconcile)
}
