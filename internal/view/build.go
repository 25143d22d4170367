package view

import (
	"cmp"
	"maps"
	"slices"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Sources is what a view is made from.
type Sources struct {
	Header
	Project string
	Targets []release.Target // of the catalog
	// World has the images of all regions of the catalog, and of listings what their plans
	// rest on.
	World world.World
	// Open are the releases that were begun and are not complete, in the order in which
	// listings get them; Next are the ones that come next, one of each form.
	Open      []Planned
	Next      []plan.Plan
	Products  []reconcile.Product
	Holding   []plan.Blocker // the pause and the freezes
	Leftovers []string
	Elsewhere []reconcile.Elsewhere
	// Typed is a command as this person types it; nil: as it is.
	Typed func(command string) string
}

// Planned is a release, and what is left to do for it.
type Planned struct {
	Tag     string
	Desired release.Desired
	Plan    plan.Plan
	Err     string // why it could not be planned; the others are empty then
}

// New makes a view.
func New(s Sources) View {
	if s.Typed == nil {
		s.Typed = func(command string) string { return command }
	}
	forecast := reconcile.NewForecast(s.Next, s.Products, s.World, s.Project)
	v := View{
		Header: s.Header, Project: s.Project, Releases: s.releases(), Blockers: s.blockers(), Holds: holds(s.Holding),
		Quotas: s.quotas(forecast), Listings: s.listings(forecast), EveryDays: forecast.Every.Hours() / 24,
		Leftovers: s.leftovers(), Elsewhere: s.Elsewhere, Unread: s.unread(), Notes: s.notes(), NextBases: s.nextBases(),
	}
	v.Schema = Schema
	v.Headline, v.Level = v.headline()
	return v
}

// releases are all that the world shows, and those of the plans that it does not show yet.
func (s Sources) releases() []Release {
	planned := map[string]Planned{}
	for _, p := range s.Open {
		planned[p.Tag] = p
	}
	out := []Release{}
	for _, r := range reconcile.Releases(s.Project, s.World) {
		past := s.past(r)
		if p, open := planned[r.Tag]; open {
			past = s.open(p, past)
			delete(planned, r.Tag)
		}
		out = append(out, past)
	}
	for _, tag := range slices.Sorted(maps.Keys(planned)) {
		out = append(out, s.open(planned[tag], Release{Tag: tag, Version: planned[tag].Desired.Version.Text}))
	}
	slices.SortStableFunc(out, func(x, y Release) int { return cmp.Compare(rankOf(x.State), rankOf(y.State)) })
	return out
}

// rankOf puts releases that are open first.
func rankOf(s ReleaseState) int {
	if s.IsOpen() {
		return 0
	}
	return 1
}

// unread are the regions and listings that AWS did not tell about.
func (s Sources) unread() []Unread {
	var out []Unread
	for _, name := range slices.Sorted(maps.Keys(s.World.Regions)) {
		if err := s.World.Regions[name].Images.Err; err != "" {
			out = append(out, Unread{name, err, s.World.Throttled[world.Query{Kind: world.LookImages, Region: name}]})
		}
	}
	for _, p := range s.Products {
		if p.Err != "" {
			out = append(out, Unread{"listing " + p.Name, p.Err, s.World.Throttled[world.Query{Kind: world.LookListing, Listing: p.Name}]})
		}
	}
	return out
}

func (s Sources) leftovers() []Leftover {
	var out []Leftover
	for _, what := range s.Leftovers {
		out = append(out, Leftover{What: what, Command: s.Typed("amiship sweep")})
	}
	return out
}

// notes are those of the next releases: those of open ones stand beside them.
func (s Sources) notes() []string {
	var out []string
	for _, p := range s.Next {
		for _, note := range p.Notes {
			if !slices.Contains(out, note) {
				out = append(out, note)
			}
		}
	}
	return out
}

// nextBases are what the next releases will be built from, each once.
func (s Sources) nextBases() []Base {
	var out []Base
	for _, p := range s.Next {
		for _, b := range bases(p) {
			if !slices.Contains(out, b) {
				out = append(out, b)
			}
		}
	}
	return out
}
