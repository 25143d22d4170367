package plan

import (
	"cmp"
	"slices"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Retirement is what a retirement comes to, for the people who have to agree.
type Retirement struct {
	Project  string
	Now      time.Time
	Groups   []Group       // of AMIs with the same fate: those that go first, the oldest first
	Rooms    []Returned    // by region
	Offers   []Offer       `json:",omitempty"` // versions of listings
	Unread   []world.Query `json:",omitempty"` // facts that could not be read, and keep what they could protect
	Policies release.Retention
}

// Group is a variant of a release in all the regions in which the same becomes of
// it.
type Group struct {
	Tag, Version, Image, Arch, Stage string

	Public       bool
	Created      time.Time // the first of them
	LastLaunched time.Time `json:",omitzero"` // the last of them
	Kept         bool
	Why          string
	Next         Kind      `json:",omitempty"`
	Due          time.Time `json:",omitzero"` // the first of them
	Regions      []string
	AMIs         []string // in the order of Regions
}

// Returned is what a region gets back of its quota of public AMIs.
type Returned struct {
	Region string
	Public int // own AMIs that are public
	Now    int // that the steps which are due make private
	Later  int // that others will
}

// Summary puts together what becomes of everything.
func (t Retire) Summary(w world.World) Retirement {
	b := t.builder(w, NewRun(""))
	t.look(b)
	fates := t.Fates(w)
	out := Retirement{Project: t.Project, Now: w.Now, Offers: t.Offers(w), Unread: b.finish().Missed, Policies: t.Policy}
	for _, region := range t.Regions {
		if facts := w.Regions[region].Images; facts.Known() {
			out.Rooms = append(out.Rooms, returned(region, facts.Val, fates, w.Now))
		}
	}
	out.Groups = grouped(fates)
	return out
}

func returned(region string, images []world.Image, fates []Fate, now time.Time) Returned {
	r := Returned{Region: region}
	for _, i := range images {
		if i.Public {
			r.Public++
		}
	}
	for _, f := range fates {
		switch {
		case f.Region != region || !f.Public || f.Kept:
		case f.Next == Deprecate || f.Due.After(now):
			r.Later++
		default:
			r.Now++
		}
	}
	return r
}

// grouped puts AMIs together that differ in their region alone.
func grouped(fates []Fate) []Group {
	type same struct {
		tag, image, arch, stage, why string
		next                         Kind
		public                       bool
	}
	at := map[same]int{}
	out := []Group{}
	for _, f := range fates {
		key := same{f.Tag, f.Image, f.Arch, f.Stage, f.Why, f.Next, f.Public}
		n, there := at[key]
		if !there {
			n = len(out)
			at[key] = n
			out = append(out, Group{
				Tag: f.Tag, Version: f.Version, Image: f.Image, Arch: f.Arch, Stage: f.Stage, Public: f.Public,
				Created: f.Created, Kept: f.Kept, Why: f.Why, Next: f.Next, Due: f.Due,
			})
		}
		out[n].add(f)
	}
	slices.SortFunc(out, compareGroups)
	return out
}

func (g *Group) add(f Fate) {
	g.Regions, g.AMIs = append(g.Regions, f.Region), append(g.AMIs, f.AMI)
	if f.Created.Before(g.Created) {
		g.Created = f.Created
	}
	if f.LastLaunched.After(g.LastLaunched) {
		g.LastLaunched = f.LastLaunched
	}
	if f.Due.Before(g.Due) {
		g.Due = f.Due
	}
}

func compareGroups(x, y Group) int {
	last := map[bool]int{true: 1}
	return cmp.Or(last[x.Kept]-last[y.Kept], x.Created.Compare(y.Created), cmp.Compare(x.Tag, y.Tag),
		cmp.Compare(x.Image, y.Image), cmp.Compare(x.Arch, y.Arch), cmp.Compare(x.Stage, y.Stage), cmp.Compare(x.Why, y.Why))
}
