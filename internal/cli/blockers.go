package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
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

--forecast N checks N releases ahead, and so fails weeks before a release would.
` + severalHelp,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Example: `  amiship blockers
  amiship blockers --fleet fleet.yaml
  amiship blockers 17.5.1+ee.0 --json
  amiship blockers --forecast 3        # in a schedule`,
		RunE: func(cmd *cobra.Command, tags []string) error {
			if c.ahead < 1 {
				return usage(fmt.Errorf("--forecast %d: 1 or more releases", c.ahead))
			}
			return c.run(cmd.Context(), tags)
		},
	}
	c.fleetFlag(cmd)
	cmd.Flags().IntVar(&c.ahead, "forecast", 1, "check `N` releases ahead, each like the next one")
	return cmd
}

// foreseen is what would block a release.
type foreseen struct {
	Project    string          `json:"project"`
	Tag        string          `json:"tag"`
	Blockers   []plan.Blocker  `json:"blockers"`
	Capacities []plan.Capacity `json:"capacities"`
	Bases      []plan.Base     `json:"bases,omitempty"`
	Notes      []string        `json:"notes,omitempty"`

	desired release.Desired
	plan    plan.Plan // the whole of it
	world   world.World
	again   func(others map[string]int) plan.Plan // beside what others need
}

func (c blockersCmd) run(ctx context.Context, tags []string) error {
	parts, err := c.parts(ctx)
	if err != nil {
		return err
	}
	of := &blockersAnswer{Releases: []foreseen{}}
	byAccount := map[string][]int{} // releases, by the account that they are of
	for _, p := range parts {
		all, err := c.foreseePart(ctx, p, tags, len(parts) > 1)
		if err != nil {
			return err
		}
		account := ""
		if len(parts) > 1 {
			account = identity(ctx, p.clients).Account
		}
		for _, f := range all {
			byAccount[account] = append(byAccount[account], len(of.Releases))
			of.Releases = append(of.Releases, f)
		}
	}
	for account, releases := range byAccount {
		if account != "" {
			beside(of.Releases, releases)
		}
	}
	c.result(of, func() {
		for _, f := range of.Releases {
			report.Blockers(c.Out, f.Tag, f.plan)
		}
	})
	for _, p := range parts { // what runs that died have left blocks nothing, and costs money
		left, err := leftovers(ctx, p.clients, p.bundle.Catalog)
		if err != nil {
			return err
		}
		of.Leftovers = append(of.Leftovers, left...)
	}
	report.Leftovers(c.Out, of.Leftovers)
	if slices.ContainsFunc(of.Releases, func(f foreseen) bool { return len(f.Blockers) > 0 }) {
		return silent(codeBlocked)
	}
	return nil
}

// foreseePart plans releases of one catalog: those of the tags, or the next ones. Of several
// catalogs, those count that have the tag.
func (c blockersCmd) foreseePart(ctx context.Context, p part, tags []string, among bool) ([]foreseen, error) {
	desired, err := c.namedOrNext(ctx, p.clients, p.bundle, tags)
	var unmatched *catalog.TagError
	if among && errors.As(err, &unmatched) {
		c.noted.note(c.Err, p.bundle.Catalog.Project+": "+err.Error())
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return foreseeAll(p.context(ctx), p.clients, desired, c.ahead)
}

// beside plans releases of one account again, each beside those of the other projects.
func beside(all []foreseen, of []int) {
	needs := map[string]map[string]int{} // public AMIs by project and region: its releases come together
	for _, i := range of {
		f := all[i]
		if needs[f.Project] == nil {
			needs[f.Project] = map[string]int{}
		}
		for _, c := range f.Capacities {
			needs[f.Project][c.Region] += c.Needed
		}
	}
	for _, i := range of {
		others := map[string]int{}
		for project, regions := range needs {
			for region, n := range regions {
				if project != all[i].Project {
					others[region] += n
				}
			}
		}
		if len(others) > 0 {
			all[i] = all[i].among(others)
		}
	}
}

// blockersAnswer has what would block each release.
type blockersAnswer struct {
	view.Header
	Releases  []foreseen `json:"releases"`
	Leftovers []string   `json:"leftovers,omitempty"`
}

// foresee plans releases: those of the tags, or the next ones.
func (a *app) foresee(ctx context.Context, tags []string, ahead int) ([]foreseen, error) {
	b, err := a.load()
	if err != nil {
		return nil, err
	}
	clients, err := loadClients(ctx, b.Catalog.Build.Region)
	if err != nil {
		return nil, err
	}
	desired, err := a.namedOrNext(ctx, clients, b, tags)
	if err != nil {
		return nil, err
	}
	return foreseeAll(ctx, clients, desired, ahead)
}

func foreseeAll(ctx context.Context, clients *awsapi.Clients, desired []release.Desired, ahead int) ([]foreseen, error) {
	out := []foreseen{}
	planner := plannerOf(clients).all() // the next releases need what counts against quotas
	for _, d := range desired {
		run := func(w world.World, r plan.Run) plan.Plan {
			r.Ahead = ahead - 1
			return reconcile.Reconcile(d, w, r)
		}
		var last plan.Run
		p, _, err := planner.plan(ctx, d, func(w world.World, r plan.Run) plan.Plan {
			last = r
			return run(w, r)
		})
		if err != nil {
			return nil, err
		}
		w := planner.World
		again := func(others map[string]int) plan.Plan {
			last.Others = others
			return typing(ctx, controlled(d, run))(w, last)
		}
		out = append(out, foresaw(foreseen{Project: d.Project, Tag: d.Tag, desired: d, world: w, again: again}, p))
	}
	return out, nil
}

// foresaw has the plan of it.
func foresaw(f foreseen, p plan.Plan) foreseen {
	f.plan, f.Blockers, f.Capacities, f.Bases, f.Notes = p, p.Blockers, p.Capacities, p.Bases, p.Notes
	if f.Blockers == nil {
		f.Blockers = []plan.Blocker{}
	}
	return f
}

// among is what is foreseen where other projects' releases need public AMIs too, by region.
func (f foreseen) among(others map[string]int) foreseen { return foresaw(f, f.again(others)) }

// namedOrNext are the releases of the tags. Without any, they are those that come next, one of
// each form: of the patch after the newest version that AWS has.
func (a *app) namedOrNext(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle, tags []string) ([]release.Desired, error) {
	if len(tags) > 0 {
		return a.resolveIn(ctx, b, tags)
	}
	queries := imagesOf([]string{b.Catalog.Build.Region})
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, queries)
	if err != nil {
		return nil, err
	}
	if err := unread(w, queries); err != nil {
		return nil, err
	}
	return b.Examples(reconcile.NextVersion(b.Catalog.Project, w))
}
