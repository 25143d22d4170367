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
	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

type waiveOptions struct {
	tag, why, until string
	undo            bool
}

func (a *app) waiveCommand() *cobra.Command {
	var o waiveOptions
	cmd := &cobra.Command{
		Use: "waive REGION --reason TEXT --until DATE", Short: "Let releases do without a required region for a while",
		Long: `Waive notes on the candidates of a release, or of all that are under way, that one
of the required regions is not waited for: until the end of that day, UTC, it is
best effort. The release completes without it, keeps its candidates, and brings
the region along once it answers: release --all-open does so. After that day the
region is required again. The region of the builds can't be waived, nor
Marketplace's while there are listings.`,
		Example: `  amiship waive eu-west-3 --reason "outage, AWS says Thursday" --until 2026-12-03
  amiship waive eu-west-3 --undo`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.waive(cmd.Context(), args[0], o) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.why, "reason", "", "why (required)")
	flags.StringVar(&o.until, "until", "", "the last day, such as 2026-12-31 (required)")
	flags.StringVar(&o.tag, "tag", "", "for this release alone")
	flags.BoolVar(&o.undo, "undo", false, "take it back")
	return cmd
}

func (a *app) waive(ctx context.Context, region string, o waiveOptions) error {
	b, err := a.load()
	if err != nil {
		return err
	}
	waiver, err := waiverOf(b, region, o)
	if err != nil {
		return usage(err)
	}
	d := release.Desired{Project: b.Catalog.Project, Tag: o.tag}
	x := plan.Waiving{Project: d.Project, Tag: o.tag, Builds: []string{b.Catalog.Build.Region}, Waiver: waiver, Undo: o.undo}
	p, _, err := look(ctx, d, x.Reconcile)
	switch {
	case err != nil:
		return err
	case p.Skip != "":
		return withHint(errors.New(p.Skip), "amiship status shows which releases have candidates")
	case !o.undo && !waiver.InForce(p.Now):
		return usage(fmt.Errorf("--until %s is over: AWS has %s", o.until, world.Moment(p.Now)))
	}
	return a.note(ctx, d, x)
}

// note does it without a question: what it changes can be taken back.
func (a *app) note(ctx context.Context, d release.Desired, x plan.Waiving) error {
	ctx, stop, cancel := interrupts(ctx)
	defer cancel()
	p, outcome, err := a.runAlone(ctx, stop, d, releaseOptions{Options: engine.Defaults()}, func(w world.World, r plan.Run) plan.Plan { return x.Reconcile(w, r) })
	if err != nil {
		return err
	}
	for _, s := range p.Steps {
		fmt.Fprintf(a.Out, "%s  %s: waived: %s\n", s.State, s.Name, noneIfEmpty(s.Value))
	}
	report.Trouble(a.Out, p)
	a.hints(p)
	return firstOf(outcomeError(outcome), unreadRegions(p))
}

func noneIfEmpty(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// waiverOf checks what was typed against the catalog.
func waiverOf(b *catalog.Bundle, region string, o waiveOptions) (release.Waiver, error) {
	c := b.Catalog
	switch {
	case !slices.Contains(c.Regions.Required, region):
		return release.Waiver{}, fmt.Errorf("%s is not a required region: %s", region, strings.Join(c.Regions.Required, ", "))
	case region == c.Build.Region:
		return release.Waiver{}, fmt.Errorf("%s can't be waived: the builds are there", region)
	case region == marketplace.Region && len(c.Listings) > 0:
		return release.Waiver{}, fmt.Errorf("%s can't be waived: listings need their AMIs there", region)
	case o.undo:
		return release.Waiver{Region: region}, nil
	case strings.TrimSpace(o.why) == "" || o.until == "":
		return release.Waiver{}, errors.New("waive needs --reason TEXT and --until DATE")
	}
	until, err := release.ParseDay(o.until)
	return release.Waiver{Region: region, Until: until, Why: o.why}, err
}
