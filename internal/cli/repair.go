package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/world"
)

// repairCmd is the command repair.
type repairCmd struct {
	*app
	yes, all bool
	approving
}

func repairCommand(a *app) *cobra.Command {
	c := repairCmd{app: a}
	cmd := &cobra.Command{
		Use: "repair TAG | --all", Short: "Restore permissions and parameters of completed releases",
		Long: `Repair shows which public permissions, shares and parameters of a completed
release were removed by AWS or another user, asks for confirmation, and restores
them. It builds and copies nothing, and leaves releases alone that were
withdrawn, have expired or are not complete. An operator has to run it: in a
scheduled pipeline it refuses to, since an AMI that was made private by hand,
because of a leak for instance, must not become public again by itself. verify
reports it.

TAG is compared with the catalog at the commit in the tag amiship:commit of its
AMIs, read from the git repository of the catalog. Without that tag, or if this
clone lacks the commit, it uses today's catalog and says so. Values of --set
apply to both.

AWS deprecates public AMIs two years after their creation. That can't be undone;
repair only reports it.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag, verboseFlag),
		Args:        func(_ *cobra.Command, args []string) error { return tagOrEvery(args, c.all) },
		RunE:        func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	cmd.Flags().BoolVar(&c.all, "all", false, "every release of the project")
	c.flag(cmd)
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

func (c repairCmd) run(ctx context.Context, tags []string) error {
	if scheduled(os.Getenv) {
		return withHint(usage(errors.New("repair refuses to run in a schedule: it makes AMIs public that may have been made private on purpose")),
			"amiship verify --all --as PROFILE reports what differs, in a schedule too; a person runs repair")
	}
	b, err := c.loadSaved(ctx)
	if err != nil {
		return err
	}
	clients, err := loadClients(ctx, b.Catalog.Build.Region)
	if err != nil {
		return err
	}
	var released []reconcile.Released
	if c.all {
		released, err = everyRelease(ctx, clients, b)
	} else {
		released, err = oneRelease(ctx, clients, b, tags[0])
	}
	if err != nil {
		return err
	}
	control, err := c.control(b.Control()) // today's, whichever catalog a release was made by
	if err != nil {
		return err
	}
	c.result(&changesAnswer{Project: b.Catalog.Project, changing: changing{Changes: []changes{}}}, nothing)
	wants := c.wanted(ctx, b, released)
	var errs []error
	for _, r := range released {
		errs = append(errs, ofTag(r.Tag, c.repairOne(ctx, r.Tag, wants[r.Tag], control)))
	}
	return errors.Join(errs...)
}

func (c repairCmd) repairOne(ctx context.Context, tag string, want wanted, today release.ChangeControl) error {
	if want.err != nil {
		return withNote(want.err, want.note)
	}
	want.desired.Control = today
	return c.shown(ctx, want.desired, scope{
		what: "repair " + tag, nothing: "nothing to restore", yes: c.yes, options: engine.Defaults(),
		toPlan: func(w world.World, r plan.Run) plan.Plan {
			p := reconcile.Repair(want.desired, w, r)
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
