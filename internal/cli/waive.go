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
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

// waiveCmd is the command waive.
type waiveCmd struct {
	*app
	tag, why, until string
	undo            bool
	approving
}

func waiveCommand(a *app) *cobra.Command {
	c := waiveCmd{app: a}
	cmd := &cobra.Command{
		Use: "waive REGION --reason TEXT --until DATE", Short: "Temporarily make a required region optional",
		Long: `Waive records on the candidates of a release, or of all releases in progress,
that a required region is optional until the end of a day, UTC. The release
completes without the region and keeps its candidates; release --all-open adds
the region once it answers. After that day the region is required again. The
build region can't be waived, nor the region of Marketplace while there are
listings.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag, verboseFlag),
		Example: `  amiship waive eu-west-3 --reason "outage until Thursday" --until 2026-12-03
  amiship waive eu-west-3 --undo`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	flags.StringVar(&c.why, "reason", "", "why: `TEXT` (required)")
	flags.StringVar(&c.until, "until", "", "the last `DAY`, such as 2026-12-31 (required)")
	flags.StringVar(&c.tag, "tag", "", "only for this release's `TAG`")
	flags.BoolVar(&c.undo, "undo", false, "remove the waiver")
	c.flag(cmd)
	return cmd
}

func (c waiveCmd) run(ctx context.Context, region string) error {
	b, err := c.load()
	if err != nil {
		return err
	}
	waiver, err := c.waiver(b, region)
	if err != nil {
		return usage(err)
	}
	d, err := ofProject(b, c.approving)
	if err != nil {
		return err
	}
	d.Tag = c.tag
	x := reconcile.Waiving{Project: d.Project, Tag: c.tag, Builds: []string{b.Catalog.Build.Region}, Waiver: waiver, Undo: c.undo}
	p, _, err := look(ctx, d, x.Reconcile)
	switch {
	case err != nil:
		return err
	case p.Skip != "":
		return withHint(errors.New(p.Skip), "amiship status shows which releases have candidates")
	case !c.undo && !waiver.InForce(p.Now):
		return usage(fmt.Errorf("--until %s is over: AWS has %s", c.until, plan.Moment(p.Now)))
	}
	c.toChange(d.Project, p)
	return c.do(ctx, d, x)
}

// do does it without a question: what it changes can be taken back.
func (c waiveCmd) do(ctx context.Context, d release.Desired, x reconcile.Waiving) error {
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	o := runOptions{Options: engine.Defaults(), progress: c.progress(release.Desired{})}
	p, outcome, err := c.runAlone(ctx, stop, d, o, func(w world.World, r plan.Run) plan.Plan { return x.Reconcile(w, r) })
	if err != nil {
		return err
	}
	c.changed(p, outcome)
	for _, s := range p.Steps {
		fmt.Fprintf(c.Out, "%s  %s: waived: %s\n", s.State, s.Image().Name, noneIfEmpty(plan.As[plan.RecordWaiver](s.Action).Waivers))
	}
	fmt.Fprintf(c.Out, "%s %s: %s\n", d.Project, d.Tag, o.progress.Sum())
	report.Trouble(c.Out, p)
	c.hints(p)
	return firstOf(outcomeError(outcome), unreadRegions(p))
}

func noneIfEmpty(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

// waiver checks what was typed against the catalog.
func (c waiveCmd) waiver(b *catalog.Bundle, region string) (record.Waiver, error) {
	cat := b.Catalog
	switch {
	case !slices.Contains(cat.Regions.Required, region):
		return record.Waiver{}, fmt.Errorf("%s is not a required region: known are %s", region, strings.Join(cat.Regions.Required, ", "))
	case region == cat.Build.Region:
		return record.Waiver{}, fmt.Errorf("%s can't be waived: the builds are there", region)
	case region == marketplace.Region && len(cat.Listings) > 0:
		return record.Waiver{}, fmt.Errorf("%s can't be waived: listings need their AMIs there", region)
	case c.undo:
		return record.Waiver{Region: region}, nil
	case strings.TrimSpace(c.why) == "" || c.until == "":
		return record.Waiver{}, errors.New("waive needs --reason TEXT and --until DATE")
	}
	until, err := record.ParseDay(c.until)
	return record.Waiver{Region: region, Until: until, Why: c.why}, err
}
