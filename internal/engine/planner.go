package engine

import (
	"slices"

	"amiship/internal/plan"
	"amiship/internal/world"
)

// Planner makes plans that are only shown, one release after the other. What it
// has read of regions for one serves the next.
type Planner struct {
	World world.World // what was read so far: world.New() at first
	// Whole: AMIs and their permissions are read of all releases, and serve each.
	Whole bool
}

// Plan reads until the plan asks for nothing more, but for what only a run
// fetches: packages, and notes that a command prints. An error is the read's.
func (p *Planner) Plan(
	toPlan func(world.World, plan.Run) plan.Plan, read func(*world.World, []world.Query) error,
) (plan.Plan, error) {
	p.World = ofAll(p.World, p.Whole)
	for {
		out := toPlan(p.World, plan.NewRun(""))
		queries := slices.DeleteFunc(slices.Clone(out.Look), world.Query.Fetched)
		if len(queries) == 0 {
			return out, nil
		}
		if err := read(&p.World, queries); err != nil {
			return out, err
		}
	}
}

// ofAll is a world without the facts that only one release needs: its variants',
// its parameters, its notes, and its AMIs with their permissions, where those of all were not read.
func ofAll(w world.World, whole bool) world.World {
	out := world.New()
	out.Now = w.Now
	for name, region := range w.Regions {
		region.Params, region.Release, region.Namesakes = world.Fact[map[string]string]{}, world.Fact[[]world.Image]{}, world.Fact[[]world.Image]{}
		if !whole {
			region.Grants = nil
		}
		out.Regions[name] = region
	}
	for name, l := range w.Listings {
		l.Notes = world.Fact[string]{}
		out.Listings[name] = l
	}
	out.Sets, out.SellerImages, out.Access = w.Sets, w.SellerImages, w.Access
	out.Throttled, out.Pause = w.Throttled, w.Pause
	return out
}
