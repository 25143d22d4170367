package cli

import (
	"context"
	"errors"
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
	probe bool
	approving
	callerFlags
	regions []string
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
digest in its name. Candidates with a waiver are kept.

--probe needs no catalog: it removes what carries the tag amiship:probe, which
amiship probe gives to all that it makes, in all regions of the account. A probe
that is running now loses what it has made.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag, verboseFlag),
		Args:        cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case c.probe:
				return sweepProbe{c.app, c.callerFlags, c.regions, c.yes}.run(cmd.Context())
			case c.profile != "" || len(c.regions) > 0:
				return usage(errors.New("--profile and --region are for --probe: else the catalog and AWS_PROFILE say it"))
			}
			return c.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	cmd.Flags().DurationVar(&c.older, "older", 7*24*time.Hour, "remove candidates that are older; 0s: all of them")
	cmd.Flags().BoolVar(&c.probe, "probe", false, "remove what amiship probe has left, of any project")
	cmd.Flags().StringSliceVar(&c.regions, "region", nil, "with --probe: only in `REGION`,…")
	c.callerFlags.flags(cmd)
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
	c.showSteps(d.Project, p)
	if len(p.Steps) == 0 {
		if len(p.Notes) == 0 {
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
