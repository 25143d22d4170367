package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/view"
	"amiship/internal/world"
)

// blockersCmd is the command blockers.
type blockersCmd struct {
	*app
	ahead int
}

func blockersCommand(a *app) *cobra.Command {
	c := blockersCmd{app: a}
	cmd := &cobra.Command{
		Use: "blockers [TAG...]", Short: "Show what would block the next releases, and the remedies",
		Long: `Blockers checks what releases need and AWS may not have: remaining quota for
public AMIs in each region, remaining versions of each listing, change sets that
lock a listing, regions in which AMIs can't become public. Without a tag it
checks the next release of each tag pattern. It changes nothing, and exits 20 if
it finds any.

--forecast N checks N releases ahead, and so fails weeks before a release would.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Example: `  amiship blockers
  amiship blockers 17.5.1+ee.0 --json
  amiship blockers --forecast 3        # in a schedule`,
		RunE: func(cmd *cobra.Command, tags []string) error {
			if c.ahead < 1 {
				return usage(fmt.Errorf("--forecast %d: 1 or more releases", c.ahead))
			}
			return c.run(cmd.Context(), tags)
		},
	}
	cmd.Flags().IntVar(&c.ahead, "forecast", 1, "check `N` releases ahead, each like the next one")
	return cmd
}

// foreseen is what would block a release.
type foreseen struct {
	Tag        string          `json:"tag"`
	Blockers   []plan.Blocker  `json:"blockers"`
	Capacities []plan.Capacity `json:"capacities"`
	Bases      []plan.Base     `json:"bases,omitempty"`
	Notes      []string        `json:"notes,omitempty"`

	desired release.Desired
	plan    plan.Plan // the whole of it
	world   world.World
}

func (c blockersCmd) run(ctx context.Context, tags []string) error {
	all, err := c.foresee(ctx, tags, c.ahead)
	if err != nil {
		return err
	}
	of := &blockersAnswer{Releases: all}
	c.result(of, func() {
		for _, f := range all {
			report.Blockers(c.Out, f.Tag, f.plan)
		}
	})
	if of.Leftovers, err = c.leftovers(ctx); err != nil {
		return err
	}
	report.Leftovers(c.Out, of.Leftovers)
	if slices.ContainsFunc(all, func(f foreseen) bool { return len(f.Blockers) > 0 }) {
		return silent(codeBlocked)
	}
	return nil
}

// blockersAnswer has what would block each release.
type blockersAnswer struct {
	view.Header
	Releases  []foreseen `json:"releases"`
	Leftovers []string   `json:"leftovers,omitempty"`
}

// leftovers are what runs that died have left. They block nothing, and cost money.
func (c blockersCmd) leftovers(ctx context.Context) ([]string, error) {
	b, err := c.load()
	if err != nil {
		return nil, err
	}
	clients, err := loadClients(ctx, b.Catalog.Build.Region)
	if err != nil {
		return nil, err
	}
	return leftovers(ctx, clients, b.Catalog)
}

// foresee plans releases: those of the tags, or the next ones.
func (a *app) foresee(ctx context.Context, tags []string, ahead int) ([]foreseen, error) {
	desired, err := a.nextReleases(ctx, tags)
	if err != nil {
		return nil, err
	}
	return foreseeAll(ctx, desired, ahead)
}

func foreseeAll(ctx context.Context, desired []release.Desired, ahead int) ([]foreseen, error) {
	out := []foreseen{}
	if len(desired) == 0 {
		return out, nil
	}
	planner, err := newPlanner(ctx, firstRegion(desired[0]))
	if err != nil {
		return nil, err
	}
	planner.all() // the next releases need what counts against quotas
	for _, d := range desired {
		p, _, err := planner.plan(ctx, d, func(w world.World, r plan.Run) plan.Plan {
			r.Ahead = ahead - 1
			return reconcile.Reconcile(d, w, r)
		})
		if err != nil {
			return nil, err
		}
		blockers := p.Blockers
		if blockers == nil {
			blockers = []plan.Blocker{}
		}
		out = append(out, foreseen{Tag: d.Tag, Blockers: blockers, Capacities: p.Capacities, Bases: p.Bases, Notes: p.Notes, desired: d, plan: p, world: planner.World})
	}
	return out, nil
}

// nextReleases are those of the tags. Without any, one of each form: of the patch
// after the newest version that AWS has.
func (a *app) nextReleases(ctx context.Context, tags []string) ([]release.Desired, error) {
	if len(tags) > 0 {
		return a.resolve(ctx, tags)
	}
	b, err := a.load()
	if err != nil {
		return nil, err
	}
	version, err := nextVersion(ctx, b)
	if err != nil {
		return nil, err
	}
	return b.Examples(version)
}

func nextVersion(ctx context.Context, b *catalog.Bundle) (string, error) {
	clients, err := loadClients(ctx, b.Catalog.Build.Region)
	if err != nil {
		return "", err
	}
	queries := imagesOf([]string{b.Catalog.Build.Region})
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, queries)
	if err != nil {
		return "", err
	}
	return reconcile.NextVersion(b.Catalog.Project, w), unread(w, queries)
}
