package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

// TestElsewhere: what a project has in a region counts, and nothing of others; a region that
// could not be read is none without anything.
func TestElsewhere(t *testing.T) {
	now := time.Now()
	of := func(project string) map[string]string {
		return map[string]string{record.TagProject: record.TagValue(project)}
	}
	w := world.New()
	w.Regions["eu-west-1"] = world.Region{
		Images:    known(now, []world.Image{{ID: "ami-1", Public: true, Tags: of("p")}, {ID: "ami-2", Tags: of("p")}, {ID: "ami-3", Public: true, Tags: of("pq")}, {ID: "ami-4"}}),
		Snapshots: known(now, []world.Snapshot{{ID: "snap-1", Size: 8}, {ID: "snap-2", Size: 10}}),
		Named:     known(now, world.Parameters{All: []world.Parameter{{Name: "/p", Project: "p"}, {Name: "/q", Project: "pq"}, {Name: "/r"}}}),
	}
	w.Regions["eu-west-2"] = world.Region{Images: known(now, []world.Image{{ID: "ami-5", Tags: of("pq")}}), Named: known(now, world.Parameters{Denied: "no"})}
	w.Regions["eu-west-3"] = world.Region{Images: world.Fact[[]world.Image]{At: now, Err: "it is silent"}}
	want := []reconcile.Elsewhere{
		{Region: "eu-west-1", AMIs: 2, Public: 1, Snapshots: 2, GiB: 18, Parameters: 1},
		{Region: "eu-west-3", Err: "it is silent"},
	}
	if diff := cmp.Diff(want, reconcile.InRegions("p", []string{"eu-west-1", "eu-west-2", "eu-west-3"}, w)); diff != "" {
		t.Error(diff)
	}
}
