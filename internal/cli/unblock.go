package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/apply"
	"amiship/internal/awsapi"
	"amiship/internal/packer"
	"amiship/internal/plan"
	"amiship/internal/report"
	"amiship/internal/source"
)

type unblockOptions struct {
	yes   bool
	tag   string
	ahead int
}

func (a *app) unblockCommand() *cobra.Command {
	var o unblockOptions
	cmd := &cobra.Command{
		Use: "unblock BLOCKER [REMEDY]", Short: "Clear one of the blockers, after showing how",
		Long: `Unblock does one remedy of one blocker, as amiship blockers and amiship plan name
them: it shows what will be changed, and asks. Without a terminal it needs --yes.
What it changes is read again just before; if that is no longer as it was shown,
nothing is done.`,
		Example: `  amiship unblock quota/eu-west-3 raise
  amiship unblock quota/eu-west-3 demote --tag 17.5.1+ee.0 --yes`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.unblock(cmd.Context(), args[0], append(args[1:], "")[0], o)
		},
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&o.tag, "tag", "", "the release that is blocked; without it, the next one of each form")
	cmd.Flags().IntVar(&o.ahead, "forecast", 1, "make room for so many releases")
	return cmd
}

func (a *app) unblock(ctx context.Context, id, name string, o unblockOptions) error {
	var tags []string
	if o.tag != "" {
		tags = []string{o.tag}
	}
	all, err := a.foresee(ctx, tags, max(1, o.ahead))
	if err != nil {
		return err
	}
	found, bl, err := blockerOf(all, id)
	if err != nil {
		return err
	}
	remedy, err := remedyOf(bl, name)
	if err != nil {
		return err
	}
	report.Remedy(a.Out, bl, remedy)
	if err := a.confirm(o.yes, "do it?"); err != nil {
		return err
	}
	return a.remedy(ctx, found, remedy)
}

// blockerOf finds a blocker in what was foreseen.
func blockerOf(all []foreseen, id string) (foreseen, plan.Blocker, error) {
	var ids []string
	for _, f := range all {
		for _, bl := range f.Blockers {
			if bl.ID == id {
				return f, bl, nil
			}
			ids = append(ids, bl.ID)
		}
	}
	if len(ids) == 0 {
		return foreseen{}, plan.Blocker{}, fmt.Errorf("there is no blocker %s: nothing is blocked", id)
	}
	slices.Sort(ids)
	return foreseen{}, plan.Blocker{}, withHint(usage(fmt.Errorf("there is no blocker %s", id)), "there is "+strings.Join(slices.Compact(ids), ", "))
}

// remedyOf finds the remedy of a name; without a name, the first that unblock can
// do.
func remedyOf(bl plan.Blocker, name string) (plan.Remedy, error) {
	var names []string
	for _, r := range bl.Remedies {
		if len(r.Do) > 0 && (name == "" || r.Name == name) {
			return r, nil
		}
		if len(r.Do) == 0 && r.Name == name {
			return r, fmt.Errorf("%s of %s is not done from here: %s (%s)", name, bl.ID, r.Command, r.Cost)
		}
		names = append(names, r.Name)
	}
	return plan.Remedy{}, withHint(usage(fmt.Errorf("%s has no remedy %s that unblock can do", bl.ID, name)), "its remedies: "+strings.Join(names, ", "))
}

// remedy does what was shown, one after the other.
func (a *app) remedy(ctx context.Context, f foreseen, r plan.Remedy) error {
	clients, err := awsapi.Load(ctx, firstRegion(f.desired))
	if err != nil {
		return err
	}
	doer := &apply.Applier{Clients: clients, Desired: f.desired, Packer: packer.Runner{}, RunID: runID(), Secret: source.Secret, Log: a.log(), Poll: time.Second}
	defer doer.Close()
	for i, act := range r.Do {
		res, err := doer.Do(ctx, act)
		if err != nil {
			return fmt.Errorf("%d of %d done: %w", i, len(r.Do), withChanged(err))
		}
		fmt.Fprintf(a.Out, "done  %s %s\n", act.ID, res.Made)
	}
	return nil
}

func withChanged(err error) error {
	if errors.Is(err, apply.ErrChanged) {
		return withHint(err, "amiship blockers shows how it is now")
	}
	return err
}
