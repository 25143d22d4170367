package engine_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/world"
)

// asking is a reconciler that asks for facts until each is there, or was tried.
func asking(queries ...world.Query) func(world.World, plan.Run) plan.Plan {
	return func(w world.World, _ plan.Run) (p plan.Plan) {
		for _, q := range queries {
			known := map[world.Kind]bool{
				world.LookImages: w.Regions[q.Region].Images.Known(), world.LookParams: w.Regions[q.Region].Params.Known(),
				world.LookBase: w.Bases[q.Variant].Known(), world.LookNotes: w.Listings[q.Listing].Notes.Known(), world.LookPause: w.Pause.Known(),
			}
			if !known[q.Kind] {
				p.Look = append(p.Look, q)
			}
		}
		return p
	}
}

// reading reads whatever is asked for, and notes what that was.
func reading(asked *[]world.Kind) func(*world.World, []world.Query) error {
	return func(w *world.World, queries []world.Query) error {
		w.Now = noon
		for _, q := range queries {
			*asked = append(*asked, q.Kind)
			r := w.Regions[q.Region]
			switch q.Kind {
			case world.LookImages:
				r.Images.At = noon
			case world.LookParams:
				r.Params.At = noon
			case world.LookBase:
				w.Bases[q.Variant] = world.Fact[world.Base]{At: noon}
			case world.LookPause:
				w.Pause.At = noon
			}
			w.Regions[q.Region] = r
		}
		return nil
	}
}

// TestPlannerReadsOnce: what is of one release is read for each, the rest for all; what only
// a run fetches is left to it.
func TestPlannerReadsOnce(t *testing.T) {
	queries := []world.Query{
		{Kind: world.LookImages, Region: "us-east-1"},
		{Kind: world.LookParams, Region: "us-east-1"},
		{Kind: world.LookPause, Region: "us-east-1"},
		{Kind: world.LookBase, Variant: "ce/arm64"},
		{Kind: world.LookPackage, Variant: "ce/arm64"},
		{Kind: world.LookNotes, Listing: "l"},
	}
	planner := engine.Planner{World: world.New()}
	for i, want := range [][]world.Kind{
		{world.LookImages, world.LookParams, world.LookPause, world.LookBase},
		{world.LookParams, world.LookBase},
	} {
		var asked []world.Kind
		p, err := planner.Plan(asking(queries...), reading(&asked))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, asked); diff != "" {
			t.Errorf("release %d: %s", i, diff)
		}
		if diff := cmp.Diff(queries[4:], p.Look); diff != "" {
			t.Errorf("release %d leaves to a run: %s", i, diff)
		}
	}
	if planner.World.Now != noon {
		t.Errorf("by AWS's clock it is %s", planner.World.Now)
	}
}

// TestPlannerEndsWithTheRead: what cannot be read at all ends it.
func TestPlannerEndsWithTheRead(t *testing.T) {
	planner := engine.Planner{World: world.New()}
	refused := errors.New("refused")
	_, err := planner.Plan(asking(world.Query{Kind: world.LookImages}), func(*world.World, []world.Query) error { return refused })
	if !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
}
