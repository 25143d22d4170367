package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
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

What a release was to be says the catalog as it was at the commit in the tag
amiship:commit of its AMIs, read from the git repository that the catalog stands
in. Where there is no such tag, or this clone has not got the commit, which is
said, it is today's catalog; values of --set count for either.

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
	b, err := a.loadSaved(ctx)
	if err != nil {
		return err
	}
	clients, err := awsapi.Load(ctx, b.Catalog.Build.Region)
	if err != nil {
		return err
	}
	var released []plan.Released
	if o.all {
		released, err = everyRelease(ctx, clients, b)
	} else {
		released, err = oneRelease(ctx, clients, b, tags[0])
	}
	if err != nil {
		return err
	}
	wants := a.wanted(ctx, b, released)
	var errs []error
	for _, r := range released {
		errs = append(errs, ofTag(r.Tag, a.repairOne(ctx, r.Tag, wants[r.Tag], o)))
	}
	return errors.Join(errs...)
}

func (a *app) repairOne(ctx context.Context, tag string, want wanted, o repairOptions) error {
	if want.err != nil {
		return withNote(want.err, want.note)
	}
	return a.shown(ctx, want.desired, scope{
		what: "repair " + tag, nothing: "nothing is to be put back", yes: o.yes, options: engine.Defaults(),
		reconcile: func(w world.World, r plan.Run) plan.Plan {
			p := plan.Repair(want.desired, w, r)
			p.Notes = append(want.notes(), p.Notes...)
			return p
		},
	})
}

// withNote adds to an error what else should be known.
func withNote(err error, note string) error {
	if note == "" {
		return err
	}
	return fmt.Errorf("%w; %s", err, note)
}

// ofTag says of which release an error is. What was printed already stays as it is.
func ofTag(tag string, err error) error {
	var quiet silent
	if err == nil || errors.As(err, &quiet) {
		return err
	}
	return fmt.Errorf("%s: %w", tag, err)
}
