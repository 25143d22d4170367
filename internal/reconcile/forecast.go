package reconcile

import (
	"cmp"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/world"
)

// Forecast is for how many releases there is capacity, and until when that will do.
type Forecast struct {
	Regions  []Outlook // for public AMIs
	Listings []Outlook // for versions
	// Every is how long it was from one release to the next, of the last ones; zero:
	// there are too few to tell.
	Every time.Duration
}

// Outlook is what is left in one region, or of one listing.
type Outlook struct {
	Where string
	Left  int       // releases
	Until time.Time `json:",omitzero"` // when the last of them will have come, at the rate of the last ones
}

// lately is how many of the last releases their rate is taken from.
const lately = 6

// NewForecast puts together what the next releases, one of each form, were
// planned to need: a day on which all of them come is one release.
func NewForecast(next []plan.Plan, products []Product, w world.World, project string) Forecast {
	f := Forecast{Every: rate(Releases(project, w))}
	for region, r := range Together(next) {
		if r.Each > 0 {
			f.Regions = append(f.Regions, f.outlook(region, max(0, r.Free())/r.Each, w.Now))
		}
	}
	for _, p := range products {
		if p.Err != "" {
			continue
		}
		f.Listings = append(f.Listings, f.outlook(p.Name, p.Left, w.Now))
	}
	least := func(x, y Outlook) int { return cmp.Or(cmp.Compare(x.Left, y.Left), cmp.Compare(x.Where, y.Where)) }
	slices.SortFunc(f.Regions, least)
	slices.SortFunc(f.Listings, least)
	return f
}

// Together adds up what several releases need in each region.
func Together(plans []plan.Plan) map[string]plan.Capacity {
	out := map[string]plan.Capacity{}
	for _, p := range plans {
		for _, r := range p.Capacities {
			if have, ok := out[r.Region]; ok {
				r.Each += have.Each
			}
			out[r.Region] = r
		}
	}
	return out
}

func (f Forecast) outlook(where string, left int, now time.Time) Outlook {
	o := Outlook{Where: where, Left: left}
	if f.Every > 0 {
		o.Until = now.Add(time.Duration(left) * f.Every)
	}
	return o
}

// rate is the mean time from one day with releases to the next.
func rate(releases []Released) time.Duration {
	var days []time.Time
	for _, r := range releases { // the newest first
		day := r.Since.Truncate(24 * time.Hour)
		if len(days) == 0 || !days[len(days)-1].Equal(day) {
			days = append(days, day)
		}
	}
	days = days[:min(len(days), lately)]
	if len(days) < 2 {
		return 0
	}
	return days[0].Sub(days[len(days)-1]) / time.Duration(len(days)-1)
}
