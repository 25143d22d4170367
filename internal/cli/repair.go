package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/world"
)

type repairOptions struct{ yes, all bool }

func (a *app) repairCommand() *cobra.Command {
	var o repairOptions
	cmd := &cobra.Command{
		Use: "repair TAG | --all", Short: "Put back what was taken from complete releases",
		Long: `Repair shows what AWS or somebody has taken from the AMIs of a release since it
was complete, asks, and puts it back: public permission, shares, parameters. It
builds and copies nothing, publishes nothing that was withdrawn or is no longer
kept, and leaves releases alone that are not complete.

AWS deprecates public AMIs two years after they were made; that can't be lifted,
and repair only says so.`,
		Args: func(_ *cobra.Command, args []string) error { return tagOrEvery(args, o.all) },
		RunE: func(cmd *cobra.Command, args []string) error { return a.repair(cmd.Context(), args, o) },
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&o.all, "all", false, "every release that AWS has")
	return cmd
}

// tagOrEvery: one tag, or all.
func tagOrEvery(args []string, all bool) error {
	if all && len(args) > 0 {
		return usage(errors.New("name a tag, or --all"))
	}
	if all {
		return nil
	}
	return cobra.ExactArgs(1)(nil, args)
}

func (a *app) repair(ctx context.Context, tags []string, o repairOptions) error {
	b, err := a.load()
	if err != nil {
		return err
	}
	if o.all {
		clients, err := awsapi.Load(ctx, b.Catalog.Build.Region)
		if err != nil {
			return err
		}
		released, err := everyRelease(ctx, clients, b)
		if err != nil {
			return err
		}
		for _, r := range released {
			tags = append(tags, r.Tag)
		}
	}
	var errs []error
	for _, tag := range tags {
		d, err := catalog.Resolve(b, tag)
		if err == nil {
			err = a.shown(ctx, d, scope{
				what: "repair " + tag, nothing: "nothing is to be put back", yes: o.yes, options: engine.Defaults(),
				reconcile: func(w world.World, r plan.Run) plan.Plan { return plan.Repair(d, w, r) },
			})
		}
		errs = append(errs, ofTag(tag, err))
	}
	return errors.Join(errs...)
}

// ofTag says of which release an error is. What was printed already stays as it is.
func ofTag(tag string, err error) error {
	var quiet silent
	if err == nil || errors.As(err, &quiet) {
		return err
	}
	return fmt.Errorf("%s: %w", tag, err)
}
