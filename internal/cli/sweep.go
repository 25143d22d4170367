package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
)

type sweepOptions struct {
	yes   bool
	older time.Duration
}

func (a *app) sweepCommand() *cobra.Command {
	var o sweepOptions
	cmd := &cobra.Command{
		Use: "sweep", Short: "Remove what runs that died have left over",
		Long: `Sweep shows what is left over of the project's releases, asks, and removes it:
claims of dead runs with their instances and keys, AMIs that failed, candidates
that nobody has used for a while, second copies that nobody can see.

Nothing is touched that does not carry the project's tags or a candidate's name.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.sweep(cmd.Context(), o) },
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().DurationVar(&o.older, "older", 7*24*time.Hour, "candidates of this age go too; 0s: all of them")
	return cmd
}

func (a *app) sweep(ctx context.Context, o sweepOptions) error {
	b, err := a.load()
	if err != nil {
		return err
	}
	d := release.Desired{Project: b.Catalog.Project}
	s := plan.Sweep{Project: d.Project, Regions: allRegions(b.Catalog), Older: o.older}
	ctx, stop, cancel := interrupts(ctx)
	defer cancel()
	p, _, err := look(ctx, d, s.Reconcile)
	if err != nil {
		return err
	}
	report.Steps(a.Out, p)
	if len(p.Steps) == 0 {
		fmt.Fprintf(a.Out, "%s: nothing is left over\n", d.Project)
		return unreadRegions(p)
	}
	if err := a.confirm(o.yes, fmt.Sprintf("remove these %d?", len(p.Steps))); err != nil {
		return err
	}
	return a.doApproved(ctx, stop, d, p, s.Reconcile)
}
