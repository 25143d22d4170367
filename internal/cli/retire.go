package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/catalog"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

type retireOptions struct{ yes, plan, markdown bool }

func (a *app) retireCommand() *cobra.Command {
	var o retireOptions
	cmd := &cobra.Command{
		Use: "retire", Short: "Take older AMIs away, step by step, by what the catalog keeps",
		Long: `Retire shows which AMIs of the project's releases are kept no longer, by keep in the
catalog, asks, and does the step of each that is due: searches stop showing it, it
becomes private, nobody can start it, it is removed with its snapshots. How long
after one another is retire in the catalog; one run does one step of an AMI.

The newest AMI of each image is kept, what a parameter points at that moves on with
releases, what a listing offers, and what somebody has started lately. What could
not be read keeps whatever it could protect.

--plan shows all of them with the reasons and changes nothing; with --markdown for
the people who have to agree. Versions of listings are only shown.`,
		Example: `  amiship retire --plan --markdown > retire.md
  amiship retire --yes        # in a schedule`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.retire(cmd.Context(), o) },
	}
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	cmd.Flags().BoolVar(&o.plan, "plan", false, "show what is kept, what goes, and why; change nothing")
	cmd.Flags().BoolVar(&o.markdown, "markdown", false, "show it as Markdown; with --plan")
	return cmd
}

func (a *app) retire(ctx context.Context, o retireOptions) error {
	switch {
	case o.markdown && !o.plan, o.markdown && a.json:
		return usage(errors.New("--markdown goes with --plan, and not with --json"))
	case a.json && !o.plan && !o.yes:
		return usage(errors.New("--json goes with --plan or --yes"))
	}
	b, err := a.load()
	if err != nil {
		return err
	}
	ctx, stop, cancel := interrupts(ctx)
	defer cancel()
	s, err := a.retirement(ctx, b)
	if err != nil {
		return err
	}
	if err := a.showRetirement(s, o); err != nil || o.plan {
		return firstOf(err, unreadRegions(s.plan))
	}
	if len(s.plan.Steps) == 0 {
		return unreadRegions(s.plan)
	}
	if err := a.confirm(o.yes, fmt.Sprintf("do these %d?", len(s.plan.Steps))); err != nil {
		return err
	}
	return firstOf(a.doApproved(ctx, stop, s.desired, s.plan, s.scope.Reconcile), unreadRegions(s.plan))
}

// retirement is a scope with what was seen of it.
type retirement struct {
	desired release.Desired
	scope   plan.Retire
	plan    plan.Plan
	summary plan.Retirement
}

// retirement looks: first at all images, which say what parameters there are.
func (a *app) retirement(ctx context.Context, b *catalog.Bundle) (retirement, error) {
	keep := b.Retention()
	if keep == nil {
		return retirement{}, withHint(&exitError{codeCatalog, fmt.Errorf("%s does not say what is kept", a.file)},
			"keep: {public: {patches: 2, minors: 3, days: 90}} in "+a.file+" keeps the newest 2 patches of the newest 3 minors, and all that is younger than 90 days")
	}
	out := retirement{desired: release.Desired{Project: b.Catalog.Project, Listings: b.Listings()}}
	regions := allRegions(b.Catalog)
	pl, err := newPlanner(ctx, b.Catalog.Build.Region)
	if err != nil {
		return out, err
	}
	if err := pl.observer.Look(ctx, &pl.world, imagesOf(regions)); err != nil {
		return out, err
	}
	moving := b.Moving(tagsOf(out.desired.Project, pl.world))
	out.desired.Variants = []release.Variant{{Build: release.Build{Region: b.Catalog.Build.Region}, Parameters: moving}}
	out.scope = plan.Retire{
		Project: b.Catalog.Project, Regions: regions, Listings: out.desired.Listings, Parameters: len(moving) > 0, Policy: *keep,
	}
	if out.plan, _, err = pl.plan(ctx, out.desired, out.scope.Reconcile); err != nil {
		return out, err
	}
	out.summary = out.scope.Summary(pl.world)
	return out, nil
}

// tagsOf are the tags of a project's releases that a world shows.
func tagsOf(project string, w world.World) []string {
	var out []string
	for _, r := range plan.Releases(project, w) {
		out = append(out, r.Tag)
	}
	slices.Sort(out)
	return out
}

func (a *app) showRetirement(s retirement, o retireOptions) error {
	switch {
	case a.json:
		return report.JSON(a.Out, s.summary)
	case o.markdown:
		report.RetirementMarkdown(a.Out, s.summary)
	default:
		report.Retirement(a.Out, s.summary)
		report.Steps(a.Out, s.plan)
	}
	return nil
}
