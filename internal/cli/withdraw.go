package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"amiship/internal/catalog"
	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

type withdrawOptions struct {
	engine.Options
	why      string
	yes      bool
	restrict bool
	resubmit bool
}

func (a *app) withdrawCommand() *cobra.Command {
	o := withdrawOptions{Options: engine.Defaults()}
	cmd := &cobra.Command{
		Use: "withdraw TAG --reason TEXT", Short: "Recall a release for a defect",
		Long: `Withdraw shows what there is of a release, asks, and takes it back: each AMI is
marked with the reason, and then private; whoever could launch it stands in its
tag amiship:taken. Parameters of the latest version name the one before again. A
change set that would list it is cancelled while that is possible. Neither release
nor repair publishes it a second time.

Machines that run from it go on. With --restrict its versions on Marketplace are
taken from new buyers too: that can't be undone, and owes those who have it 90
days of support. The last public version of a product Marketplace does not let go.`,
		Example: `  amiship withdraw v2.42.0 --reason "loses data when the disk is full"`,
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.withdraw(cmd.Context(), args[0], o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.why, "reason", "", "what is wrong with it (required)")
	flags.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	flags.BoolVar(&o.restrict, "restrict", false, "restrict its versions on Marketplace too")
	flags.BoolVar(&o.resubmit, "resubmit", false, "offer Marketplace a restriction again that it refused")
	flags.DurationVar(&o.Wait, "wait", o.Wait, "how long to stay when only waits are left; then exit 75")
	flags.DurationVar(&o.Poll, "poll", o.Poll, "time between two looks at something pending")
	return cmd
}

func (a *app) withdraw(ctx context.Context, tag string, o withdrawOptions) error {
	if strings.TrimSpace(o.why) == "" {
		return usage(errors.New("withdraw needs --reason TEXT: it is what others find on the AMIs"))
	}
	b, err := a.load()
	if err != nil {
		return err
	}
	d, err := a.recalled(b, tag)
	if err != nil {
		return err
	}
	x := plan.Withdrawal{Desired: d, Why: o.why, Restrict: o.restrict}
	return a.shown(ctx, d, scope{
		what: "withdraw " + tag, nothing: "nothing is left to withdraw", yes: o.yes, options: o.Options, always: x.Later(),
		reconcile: func(w world.World, r plan.Run) plan.Plan {
			r.Resubmit = o.resubmit
			return x.Reconcile(w, r)
		},
	})
}

// recalled is what there may be of a release: what the catalog says, in all of its
// regions. A tag that it takes no more can be recalled too.
func (a *app) recalled(b *catalog.Bundle, tag string) (release.Desired, error) {
	d, err := catalog.Resolve(b, tag)
	var unknown *catalog.TagError
	switch {
	case errors.As(err, &unknown):
		fmt.Fprintf(a.Err, "amiship: %v: its AMIs are found by their tags, its parameters stay\n", err)
		d = release.Desired{Project: b.Catalog.Project, Tag: tag, Listings: b.Listings()}
	case err != nil:
		return release.Desired{}, err
	}
	for _, region := range allRegions(b.Catalog) {
		if !slices.ContainsFunc(d.Targets, func(t release.Target) bool { return t.Region == region }) {
			d.Targets = append(d.Targets, release.Target{Region: region})
		}
	}
	return d, nil
}
