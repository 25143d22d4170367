package reconcile

import (
	"cmp"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// Retirement is what a retirement comes to, for the people who have to agree.
type Retirement struct {
	Project    string            `json:"project"`
	Now        time.Time         `json:"now,omitzero"`
	Groups     []Group           `json:"groups"`           // of AMIs with the same decision: those that go first, the oldest first
	Capacities []Returned        `json:"capacities"`       // by region
	Offers     []retention.Offer `json:"offers,omitempty"` // versions of listings
	Unread     []world.Query     `json:"unread,omitempty"` // facts that could not be read, and keep what they could protect
	Policies   release.Retention `json:"policies"`
	Blockers   []plan.Blocker    `json:"blockers,omitempty"` // what holds the steps that are due
	Users      []User            `json:"users,omitempty"`    // who uses AMIs that nothing else keeps, as far as that is known
	// Elsewhere is what there is in regions that the catalog does not name.
	Elsewhere []Elsewhere `json:"elsewhere,omitempty"`
}

// Group is a variant of a release in all the regions in which the same becomes of
// it.
type Group struct {
	Tag     string `json:"tag"`
	Version string `json:"version"`
	Image   string `json:"image"`
	Arch    string `json:"arch"`
	Stage   string `json:"stage"`

	Public       bool      `json:"public"`
	Created      time.Time `json:"created,omitzero"`       // the first of them
	LastLaunched time.Time `json:"last_launched,omitzero"` // the last of them
	Kept         bool      `json:"kept"`
	Why          string    `json:"why"`
	Next         plan.Kind `json:"next,omitempty"`
	Due          time.Time `json:"due,omitzero"` // the first of them
	Regions      []string  `json:"regions"`
	AMIs         []string  `json:"amis"` // in the order of Regions
}

// User is who uses an AMI.
type User struct {
	Region string `json:"region"`
	AMI    string `json:"ami"`
	Tag    string `json:"tag"`
	retention.Use
}

// Returned is what a region gets back of its quota of public AMIs.
type Returned struct {
	Region string `json:"region"`
	Public int    `json:"public"` // own AMIs that are public
	Now    int    `json:"now"`    // that the steps which are due make private
	Later  int    `json:"later"`  // that others will
}

// Summary puts together what becomes of everything.
func (t Retire) Summary(w world.World) Retirement {
	f := t.facts(w, plan.NewRun(""))
	b := newBuilder(f)
	b.apply(t.needs(f))
	decisions := t.Decisions(w)
	out := Retirement{Project: t.Project, Now: w.Now, Offers: t.Offers(w), Unread: b.finish().Missed, Policies: t.Policy}
	for _, region := range t.Regions {
		if facts := w.Regions[region].Images; facts.Known() {
			out.Capacities = append(out.Capacities, returned(region, facts.Val, decisions, w.Now))
		}
	}
	for _, d := range decisions {
		if len(d.Use.References) > 0 || d.Use.Report != nil {
			out.Users = append(out.Users, User{d.Region, d.AMI, d.Tag, d.Use})
		}
	}
	out.Groups = grouped(decisions)
	return out
}

func returned(region string, images []world.Image, decisions []retention.Decision, now time.Time) Returned {
	r := Returned{Region: region}
	for _, i := range images {
		if i.Public {
			r.Public++
		}
	}
	for _, d := range decisions {
		switch {
		case d.Region != region || !d.Public || d.Kept:
		case d.Next == plan.Deprecate || d.Due.After(now):
			r.Later++
		default:
			r.Now++
		}
	}
	return r
}

// grouped puts AMIs together that differ in their region alone.
func grouped(decisions []retention.Decision) []Group {
	type same struct {
		tag, image, arch, stage, why string
		next                         plan.Kind
		public                       bool
	}
	at := map[same]int{}
	out := []Group{}
	for _, d := range decisions {
		key := same{d.Tag, d.Image, d.Arch, d.Stage, d.Why, d.Next, d.Public}
		n, there := at[key]
		if !there {
			n = len(out)
			at[key] = n
			out = append(out, Group{
				Tag: d.Tag, Version: d.Version, Image: d.Image, Arch: d.Arch, Stage: d.Stage, Public: d.Public,
				Created: d.Created, Kept: d.Kept, Why: d.Why, Next: d.Next, Due: d.Due,
			})
		}
		out[n].add(d)
	}
	slices.SortFunc(out, compareGroups)
	return out
}

func (g *Group) add(d retention.Decision) {
	g.Regions, g.AMIs = append(g.Regions, d.Region), append(g.AMIs, d.AMI)
	if d.Created.Before(g.Created) {
		g.Created = d.Created
	}
	if d.LastLaunched.After(g.LastLaunched) {
		g.LastLaunched = d.LastLaunched
	}
	if d.Due.Before(g.Due) {
		g.Due = d.Due
	}
}

func compareGroups(x, y Group) int {
	last := map[bool]int{true: 1}
	return cmp.Or(last[x.Kept]-last[y.Kept], x.Created.Compare(y.Created), cmp.Compare(x.Tag, y.Tag),
		cmp.Compare(x.Image, y.Image), cmp.Compare(x.Arch, y.Arch), cmp.Compare(x.Stage, y.Stage), cmp.Compare(x.Why, y.Why))
}
