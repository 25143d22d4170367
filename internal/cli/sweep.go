package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/reconcile"
)

// sweepCmd is the command sweep.
type sweepCmd struct {
	*app
	yes   bool
	older time.Duration
	approving
}

func sweepCommand(a *app) *cobra.Command {
	c := sweepCmd{app: a}
	cmd := &cobra.Command{
		Use: "sweep", Short: "Clean up after interrupted runs",
		Long: `Sweep shows what interrupted runs of the project left behind, asks for
confirmation, and removes it: claims of dead runs with their instances and keys,
failed AMIs, unused candidates, duplicate copies that no one can launch, and
snapshots that were not deleted with their AMI.

A run renews its claims every 30 seconds. Sweep ends a claim that was not
renewed for 2 minutes, and only after reading that twice, half a minute apart.
Of a younger claim it shows when to run sweep again.

It changes nothing that another project owns: the whole tag that names the
project is compared. What a killed build left without tags is recognized by the
digest in its name. Candidates with a waiver are kept.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag, verboseFlag),
		Args:        cobra.NoArgs,
		RunE:        func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	cmd.Flags().DurationVar(&c.older, "older", 7*24*time.Hour, "remove candidates that are older; 0s: all of them")
	c.flag(cmd)
	return cmd
}

func (c sweepCmd) run(ctx context.Context) error {
	b, err := c.load()
	if err != nil {
		return err
	}
	d, err := ofProject(b, c.approving)
	if err != nil {
		return err
	}
	s := reconcile.Sweep{Project: d.Project, Regions: allRegions(b.Catalog), Older: c.older}
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	p, _, err := look(reading(ctx, stop), d, s.Reconcile)
	if err != nil {
		return err
	}
	if err := showSteps(c.Out, p, c.json); err != nil {
		return err
	}
	if len(p.Steps) == 0 {
		if len(p.Notes) == 0 && !c.json {
			fmt.Fprintf(c.Out, "%s: nothing to clean up\n", d.Project)
		}
		return unreadRegions(p)
	}
	if err := c.held(p); err != nil {
		return err
	}
	if err := c.confirm(c.yes, fmt.Sprintf("remove these %d?", len(p.Steps))); err != nil {
		return err
	}
	return c.doApproved(ctx, stop, d, p, s.Reconcile)
}
