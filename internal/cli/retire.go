package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/catalog"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

// retireCmd is the command retire.
type retireCmd struct {
	*app
	yes, plan, markdown bool
	unattended          bool          // no person has started it
	approving                         // keep@DIGEST, freeze@DIGEST
	region              string        // to end, which the catalog no longer names; empty: those that it names
	usage               bool          // has AWS report which other accounts use AMIs
	wait                time.Duration // for the reports
}

// spared is how many of the newest versions a run keeps that no person has started.
const spared = 2

func retireCommand(a *app) *cobra.Command {
	c := retireCmd{app: a}
	cmd := &cobra.Command{
		Use: "retire", Short: "Retire AMIs that the retention policy no longer keeps",
		Long: `Retire shows which AMIs the retention policy, keep in the catalog, no longer
keeps, asks for confirmation, and takes the next step of each AMI that is due:
it is deprecated, then made private, then disabled, then deregistered with its
snapshots. The grace periods between them are retire in the catalog; one run
takes one step of an AMI.

The newest AMI of each image is kept, and AMIs to which a parameter of the
latest version points, that a listing offers, or that were launched lately. What
could not be read protects every AMI that it may concern.

A run without confirmation, as with --yes, changes at most retire.max_per_run
AMIs, the oldest first. An unattended run also keeps the newest two versions of
each image: with --unattended, after a release (with_release), and in a
scheduled pipeline of GitLab or GitHub.

The policy of the last retirement is recorded in a tag of the newest AMI. While
keep or retire in the catalog differ from it, nothing is retired until an
operator approves the change: --approve keep@DIGEST, as the blocker shows it.

AMIs, snapshots and parameters in enabled regions that the catalog does not name
are shown. --region ends one of these in the same stages: keep does not count
there, retire does, and so does what was launched lately.

--plan shows every AMI with the reason and changes nothing; --markdown formats
it for review. Versions of listings are only shown. Where the caller may ask, it
shows what of the account refers to an AMI that will be retired, and which other
accounts use it, by the usage reports that there are. --usage has AWS make such
reports first, which takes minutes, and deletes them at the end.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag, verboseFlag),
		Example: `  amiship retire --plan --markdown > retire.md
  amiship retire --plan --usage  # and which other accounts use them
  amiship retire --unattended  # in a schedule
  amiship retire --approve keep@1f8a03b92c4d`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("wait") && !c.usage {
				return usage(errors.New("--wait goes with --usage"))
			}
			return c.run(cmd.Context())
		},
	}
	cmd.Flags().BoolVarP(&c.yes, "yes", "y", false, "do not ask for confirmation")
	cmd.Flags().BoolVar(&c.unattended, "unattended", false, "as --yes, for a schedule: keeps the newest two versions")
	cmd.Flags().StringArrayVar(&c.approve, "approve", nil, "approve a policy that differs from the last one, or run in a freeze: `keep@DIGEST` or freeze@DIGEST, as the blocker shows it")
	cmd.Flags().StringVar(&c.region, "region", "", "end `REGION`, which the catalog no longer names: nothing is kept there by policy")
	cmd.Flags().BoolVar(&c.plan, "plan", false, "show what is kept, what is retired, and why; change nothing")
	cmd.Flags().BoolVar(&c.usage, "usage", false, "have AWS report which other accounts use AMIs that nothing else keeps, wait for that, and delete the reports at the end")
	cmd.Flags().DurationVar(&c.wait, "wait", 30*time.Minute, "how long to wait for usage reports; with --usage")
	cmd.Flags().BoolVar(&c.markdown, "markdown", false, "format the plan as Markdown; with --plan")
	return cmd
}

func (c retireCmd) run(ctx context.Context) error {
	c.unattended = c.unattended || c.yes && scheduled(os.Getenv)
	c.yes = c.yes || c.unattended
	switch {
	case c.markdown && !c.plan, c.markdown && c.json:
		return usage(errors.New("--markdown goes with --plan, and not with --json"))
	case c.region != "" && c.unattended:
		return usage(errors.New("--region is for a person: not in a schedule"))
	case c.wait <= 0 && c.usage:
		return usage(errors.New("--wait is longer than nothing"))
	case c.json && !c.plan && !c.yes:
		return usage(errors.New("--json goes with --plan or --yes"))
	}
	b, err := c.loadSaved(ctx)
	if err != nil {
		return err
	}
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	s, err := c.retirement(reading(ctx, stop), b)
	if err != nil {
		return err
	}
	if !c.usage {
		return c.retire(ctx, stop, s)
	}
	made, late, err := c.reportUsage(ctx, stop, s)
	defer c.deleteReports(ctx, s, made)
	if err == nil {
		err = c.replan(reading(ctx, stop), &s)
	}
	if err != nil {
		return err
	}
	return firstOf(c.retire(ctx, stop, s), late)
}

// retire shows a retirement, and does it after a confirmation.
func (c retireCmd) retire(ctx context.Context, stop <-chan struct{}, s retirement) error {
	if s.nothingDue() && !c.plan && !c.json {
		report.NothingDue(c.Out, s.summary)
		report.Elsewhere(c.Out, s.summary.Elsewhere)
		return nil
	}
	if c.show(s); c.plan {
		return unreadRegions(s.plan)
	}
	if len(s.plan.Blockers) > 0 {
		return silent(codeBlocked)
	}
	if len(s.plan.Steps) == 0 {
		return unreadRegions(s.plan)
	}
	if err := c.held(s.plan); err != nil {
		return err
	}
	if err := c.confirm(c.yes, fmt.Sprintf("do these %d?", len(s.plan.Steps))); err != nil {
		return err
	}
	return c.doApproved(ctx, stop, s.desired, s.plan, s.toPlan)
}

// retirement is a scope with what was seen of it.
type retirement struct {
	desired release.Desired
	scope   reconcile.Retire
	toPlan  reconciler
	planner *planner
	plan    plan.Plan
	summary reconcile.Retirement
}

// nothingDue reports that all was read, and there is nothing to do or to decide.
func (s retirement) nothingDue() bool {
	return len(s.plan.Steps) == 0 && len(s.plan.Blockers) == 0 && len(s.plan.Missed) == 0 && len(s.plan.Notes) == 0
}

// retirement reads AWS: first all images, which say what parameters there are.
func (c retireCmd) retirement(ctx context.Context, b *catalog.Bundle) (retirement, error) {
	approved, err := approvals(c.approve)
	if err != nil {
		return retirement{}, usage(err)
	}
	keep := b.Retention()
	if keep == nil {
		return retirement{}, withHint(&exitError{codeCatalog, fmt.Errorf("%s does not say what is kept", c.file)},
			"keep: {public: {patches: 2, minors: 3, days: 90}} in "+c.file+" keeps the newest 2 patches of the newest 3 minors, and all that is younger than 90 days")
	}
	d, err := ofProject(b, c.approving, reconcile.Policy)
	if err != nil {
		return retirement{}, err
	}
	d.Listings = b.Listings()
	out := retirement{desired: d}
	regions, err := c.regions(b.Catalog)
	if err != nil {
		return out, err
	}
	pl, err := newPlanner(ctx, b.Catalog.Build.Region)
	if err != nil {
		return out, err
	}
	if err := pl.observer.Look(ctx, &pl.World, imagesOf(regions)); err != nil {
		return out, err
	}
	parameters := c.parametersOf(ctx, b, reconcile.Releases(out.desired.Project, pl.World))
	out.desired.Variants = []release.Variant{{Build: release.Build{Region: b.Catalog.Build.Region}, Parameters: parameters}}
	out.planner, out.scope = pl, c.limited(reconcile.Retire{
		Project: b.Catalog.Project, Regions: regions, Listings: out.desired.Listings, Parameters: parameters, Policy: *keep, Ended: c.region != "", Users: c.plan || c.usage,
	})
	out.toPlan = func(w world.World, r plan.Run) plan.Plan {
		r.Approved = approved
		return out.scope.Reconcile(w, r)
	}
	if err := c.replan(ctx, &out); err != nil {
		return out, err
	}
	if c.region == "" {
		out.summary.Elsewhere, err = elsewhere(ctx, pl.observer.Clients, b.Catalog)
	}
	return out, err
}

// replan plans by what is read by now.
func (c retireCmd) replan(ctx context.Context, s *retirement) (err error) {
	if s.plan, _, err = s.planner.plan(ctx, s.desired, s.toPlan); err != nil {
		return err
	}
	elsewhere := s.summary.Elsewhere
	s.summary = s.scope.Summary(s.planner.World)
	s.summary.Blockers, s.summary.Elsewhere = s.plan.Blockers, elsewhere
	return nil
}

// regions are those of the catalog, or the one that is to be ended.
func (c retireCmd) regions(of *catalog.Catalog) ([]string, error) {
	switch {
	case c.region == "":
		return allRegions(of), nil
	case slices.Contains(allRegions(of), c.region):
		return nil, withHint(usage(fmt.Errorf("the catalog names %s", c.region)), "take it out of regions in "+c.file+" first: a release would bring its AMIs back")
	}
	return []string{c.region}, nil
}

// limited bounds what a retirement changes that no person confirms, or has started.
func (c retireCmd) limited(t reconcile.Retire) reconcile.Retire {
	if c.yes {
		t.Limit = t.Policy.MaxPerRun
	}
	if c.unattended {
		t.Spare = spared
	}
	return t
}

// parametersOf are the parameters of releases: by today's catalog, which says what
// moves on, and those that a release got by the catalog of its own commit.
func (c retireCmd) parametersOf(ctx context.Context, b *catalog.Bundle, all []reconcile.Released) []release.Parameter {
	var tags []string
	for _, r := range all {
		tags = append(tags, r.Tag)
	}
	out := b.Parameters(tags)
	for _, want := range c.wanted(ctx, b, all) {
		for _, v := range want.desired.Variants {
			for _, p := range v.Parameters {
				if !slices.ContainsFunc(out, func(o release.Parameter) bool { return o.Name == p.Name }) {
					out = append(out, release.Parameter{Name: p.Name})
				}
			}
		}
	}
	slices.SortFunc(out, func(x, y release.Parameter) int { return strings.Compare(x.Name, y.Name) })
	return out
}

func (c retireCmd) show(s retirement) {
	of := &retireAnswer{Retirement: s.summary}
	of.add(s.plan)
	c.result(of, func() {
		if c.markdown {
			report.RetirementMarkdown(c.Out, s.summary)
			return
		}
		report.Retirement(c.Out, s.summary)
		report.Steps(c.Out, s.plan)
		report.Notes(c.Out, s.plan)
		report.Trouble(c.Out, s.plan)
		report.Elsewhere(c.Out, s.summary.Elsewhere)
	})
}
