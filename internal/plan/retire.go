package plan

import (
	"cmp"
	"slices"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Retire is what a retirement looks at, and by which policy.
type Retire struct {
	Project  string
	Regions  []string
	Listings []release.Listing // all of the project
	// Parameters says that there are some that move on from release to release;
	// what they point at is kept.
	Parameters bool
	Policy     release.Retention
}

// Fate is what becomes of an AMI of the project.
type Fate struct {
	Region, AMI, Name   string
	Image, Arch         string
	Tag, Version, Stage string
	Public              bool
	Created             time.Time
	LastLaunched        time.Time `json:",omitzero"`
	Retired             time.Time `json:",omitzero"` // when it was found to be kept no longer
	Kept                bool
	Why                 string
	// Next is the step that comes next, when it is Due. Of what is kept: none.
	Next Kind      `json:",omitempty"`
	Due  time.Time `json:",omitzero"`

	image world.Image
}

// Reconcile lists the steps that are due: one for each AMI that is kept no longer.
// Nothing is due as long as a fact is missing that somebody could still read; a
// fact that can't be read keeps whatever it could protect.
func (t Retire) Reconcile(w world.World, r Run) Plan {
	b := t.builder(w, r)
	t.look(b)
	if len(b.look) > 0 {
		return b.finish()
	}
	for _, f := range t.fates(b) {
		if f.Kept || f.Due.After(w.Now) {
			continue
		}
		b.add(Step{State: Ready, Required: true, Why: f.Name + ": " + f.Why, Action: f.action(w.Now, t.Policy.Grace)})
	}
	return b.finish()
}

// Fates says of every AMI of the project's releases what becomes of it, by region,
// image and version.
func (t Retire) Fates(w world.World) []Fate { return t.fates(t.builder(w, NewRun(""))) }

func (t Retire) builder(w world.World, r Run) *builder {
	return &builder{d: release.Desired{Project: t.Project, Listings: t.Listings}, w: w, r: r, plan: Plan{Project: t.Project, Now: w.Now}}
}

// trustedFor is for how long what protects AMIs need not be read again: others
// move parameters and offer versions meanwhile.
const trustedFor = 5 * time.Minute

// look asks for what the fates rest on.
func (t Retire) look(b *builder) {
	for _, region := range t.Regions {
		facts := b.w.Regions[region]
		need(b, world.Query{Kind: world.LookImages, Region: region}, facts.Images)
		if t.Parameters {
			trusted(b, world.Query{Kind: world.LookParams, Region: region}, facts.Params)
		}
	}
	for _, l := range t.Listings {
		q, facts := world.Query{Kind: world.LookListing, Listing: l.Name}, b.w.Listings[l.Name]
		trusted(b, q, facts.Entity)
		trusted(b, q, facts.Sets)
	}
}

func trusted[T any](b *builder, q world.Query, f world.Fact[T]) {
	need(b, q, f)
	if f.Known() && b.w.Now.Sub(f.At) > trustedFor {
		b.ask(q)
	}
}

func (t Retire) fates(b *builder) []Fate {
	var out []Fate
	open := t.open(b)
	for _, region := range t.Regions {
		if !b.w.Regions[region].Images.Known() {
			continue
		}
		mine := slices.DeleteFunc(b.images(region), func(i world.Image) bool { return !t.concerns(i) })
		shelf := newShelf(t, b, region, mine, open)
		for _, i := range mine {
			out = append(out, shelf.fate(i))
		}
	}
	slices.SortFunc(out, compareFates)
	return out
}

func compareFates(x, y Fate) int {
	return cmp.Or(cmp.Compare(x.Region, y.Region), cmp.Compare(x.Image, y.Image), cmp.Compare(x.Arch, y.Arch),
		y.Created.Compare(x.Created), cmp.Compare(x.AMI, y.AMI))
}

// concerns: AMIs of the project's releases, in whatever stage; candidates and what
// failed are a sweep's.
func (t Retire) concerns(i world.Image) bool {
	stage := i.Tag(release.TagStage)
	return i.Tag(release.TagProject) == t.Project && (release.Released(stage) || release.Over(stage)) &&
		(i.State == world.Available || i.State == world.Disabled)
}

// open are the tags of releases that are under way.
func (t Retire) open(b *builder) map[string]bool {
	out := map[string]bool{}
	for _, region := range t.Regions {
		for _, i := range b.w.Regions[region].Images.Val {
			if i.Tag(release.TagProject) == t.Project && i.Tag(release.TagStage) == release.StageCandidate {
				out[i.Tag(release.TagTag)] = true
			}
		}
	}
	return out
}
