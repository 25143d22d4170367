package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

func (a *app) blockersCommand() *cobra.Command {
	var ahead int
	cmd := &cobra.Command{
		Use: "blockers [TAG...]", Short: "Show what would block the next releases, and what can be done about it",
		Long: `Blockers looks at what releases need and AWS may not have: room for public AMIs
in each region, room for versions on each listing, change sets that lock a
listing, regions in which nothing can become public. Without a tag it looks at
the next release of each form of tag. It changes nothing, and exits 20 if there
are any.

--forecast N looks N releases ahead: it fails weeks before a release would.`,
		Example: `  amiship blockers
  amiship blockers 17.5.1+ee.0 --json
  amiship blockers --forecast 3        # in a schedule`,
		RunE: func(cmd *cobra.Command, tags []string) error {
			if ahead < 1 {
				return usage(fmt.Errorf("--forecast %d: 1 or more releases", ahead))
			}
			return a.blockers(cmd.Context(), tags, ahead)
		},
	}
	cmd.Flags().IntVar(&ahead, "forecast", 1, "how many releases, each like the next one, shall find room")
	return cmd
}

// foreseen is what would block a release.
type foreseen struct {
	Tag      string
	Blockers []plan.Blocker
	Rooms    []plan.Room
	Notes    []string `json:",omitempty"`

	desired release.Desired
	plan    plan.Plan // the whole of it
	world   world.World
}

func (a *app) blockers(ctx context.Context, tags []string, ahead int) error {
	all, err := a.foresee(ctx, tags, ahead)
	if err != nil {
		return err
	}
	if a.json {
		err = report.JSON(a.Out, all)
	} else {
		for _, f := range all {
			report.Blockers(a.Out, f.Tag, f.plan)
		}
	}
	if slices.ContainsFunc(all, func(f foreseen) bool { return len(f.Blockers) > 0 }) {
		return firstOf(err, silent(codeBlocked))
	}
	return err
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
	for _, d := range desired {
		p, _, err := planner.plan(ctx, d, func(w world.World, r plan.Run) plan.Plan {
			r.Ahead = ahead - 1
			return plan.Reconcile(d, w, r)
		})
		if err != nil {
			return nil, err
		}
		blockers := p.Blockers
		if blockers == nil {
			blockers = []plan.Blocker{}
		}
		out = append(out, foreseen{Tag: d.Tag, Blockers: blockers, Rooms: p.Rooms, Notes: p.Notes, desired: d, plan: p, world: planner.world})
	}
	return out, nil
}

// nextReleases are those of the tags. Without any, one of each form: of the patch
// after the newest version that AWS has.
func (a *app) nextReleases(ctx context.Context, tags []string) ([]release.Desired, error) {
	if len(tags) > 0 {
		return a.resolve(tags)
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
	clients, err := awsapi.Load(ctx, b.Catalog.Build.Region)
	if err != nil {
		return "", err
	}
	queries := imagesOf([]string{b.Catalog.Build.Region})
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, queries)
	if err != nil {
		return "", err
	}
	return plan.NextVersion(b.Catalog.Project, w), unread(w, queries)
}
