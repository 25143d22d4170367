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
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/world"
)

// withdrawCmd is the command withdraw.
type withdrawCmd struct {
	*app
	engine.Options
	why      string
	yes      bool
	restrict bool
	resubmit bool
	override bool
}

func withdrawCommand(a *app) *cobra.Command {
	c := withdrawCmd{app: a, Options: engine.Defaults()}
	cmd := &cobra.Command{
		Use: "withdraw TAG --reason TEXT", Short: "Withdraw a defective release",
		Long: `Withdraw shows the AMIs of a release, asks for confirmation, and withdraws them:
each is tagged with the reason and made private. All permissions to launch it
and to use its snapshots are revoked, those of accounts, organizations,
organizational units and the public. They are recorded in the tags
amiship:taken, amiship:taken.2 and so on of the AMI and of each snapshot.
Parameters of the latest version are rolled back to the version before. A change
set that would list the release is canceled while that is possible. Neither
release nor repair publishes it again.

Running instances are unaffected. --restrict also restricts its versions on
Marketplace: that can't be undone, new buyers can't get them, and existing
buyers are owed 90 days of support. Marketplace never restricts the last public
version of a product.

A pause or a freeze holds it like any other change. --override-pause withdraws
all the same: a defective release may be why changes are paused.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag, verboseFlag),
		Example:     `  amiship withdraw v2.42.0 --reason "loses data when the disk is full"`,
		Args:        cobra.ExactArgs(1),
		RunE:        func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.why, "reason", "", "what is wrong with it: `TEXT` (required)")
	flags.BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	flags.BoolVar(&c.restrict, "restrict", false, "also restrict its versions on Marketplace")
	flags.BoolVar(&c.resubmit, "resubmit", false, "submit restrictions again that Marketplace rejected")
	flags.BoolVar(&c.override, "override-pause", false, "withdraw although changes are paused or frozen")
	flags.DurationVar(&c.Wait, "wait", c.Wait, "how long to wait when nothing else is left to do; then exit 75")
	flags.DurationVar(&c.Poll, "poll", c.Poll, "time between two polls of something pending")
	return cmd
}

func (c withdrawCmd) run(ctx context.Context, tag string) error {
	if strings.TrimSpace(c.why) == "" {
		return usage(errors.New("withdraw needs --reason TEXT: it is what others find on the AMIs"))
	}
	b, err := c.load()
	if err != nil {
		return err
	}
	d, err := c.recalled(b, tag)
	if err != nil {
		return err
	}
	d.Control.Override = c.override
	x := reconcile.Withdrawal{Desired: d, Why: c.why, Restrict: c.restrict}
	return c.shown(ctx, d, scope{
		what: "withdraw " + tag, nothing: "nothing is left to withdraw", absent: "amiship status lists the releases that there are", yes: c.yes, options: c.Options, always: x.Later(),
		toPlan: func(w world.World, r plan.Run) plan.Plan {
			r.Resubmit = c.resubmit
			return x.Reconcile(w, r)
		},
	})
}

// recalled is what there may be of a release: what the catalog says, in all of its
// regions. A tag that the catalog no longer accepts can be withdrawn too.
func (a *app) recalled(b *catalog.Bundle, tag string) (release.Desired, error) {
	d, err := catalog.Resolve(b, tag)
	var unknown *catalog.TagError
	switch {
	case errors.As(err, &unknown):
		fmt.Fprintf(a.Err, "amiship: %v: its AMIs are found by their tags, its parameters stay\n", err)
		d = release.Desired{Project: b.Catalog.Project, Tag: tag, Listings: b.Listings(), Control: b.Control()}
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
