package reconcile_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

func TestForecast(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	w := world.New()
	w.Now = now
	var images []world.Image
	for i, days := range []int{1, 1, 11, 21, 31, 41, 51, 300} { // two of one day; the last does not count
		images = append(images, world.Image{State: world.Available, Created: now.AddDate(0, 0, -days), Tags: map[string]string{
			record.TagProject: "1:p", record.TagTag: record.TagValue(string(rune('a' + i))), record.TagStage: "1:release",
		}})
	}
	w.Regions["us-east-1"] = world.Region{Images: known(now, images)}
	next := []plan.Plan{
		{Capacities: []plan.Capacity{{Region: "eu-west-1", Limit: 20, Used: 8, Each: 2}, {Region: "us-east-1", Limit: 9, Used: 8, Each: 2}}},
		{Capacities: []plan.Capacity{{Region: "eu-west-1", Limit: 20, Used: 8, Each: 1}, {Region: "us-east-1", Limit: 9, Used: 8, Each: 1}}},
	}
	got := reconcile.NewForecast(next, []reconcile.Product{{Name: "premium", Left: 3}}, w, "p")
	want := reconcile.Forecast{
		Regions:  []reconcile.Outlook{{"us-east-1", 0, now}, {"eu-west-1", 4, now.AddDate(0, 0, 40)}},
		Listings: []reconcile.Outlook{{"premium", 3, now.AddDate(0, 0, 30)}},
		Every:    10 * 24 * time.Hour,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if none := reconcile.NewForecast(next[:1], nil, world.New(), "p"); none.Every != 0 || !none.Regions[0].Until.IsZero() {
		t.Errorf("a rate without releases: %+v", none)
	}
}
