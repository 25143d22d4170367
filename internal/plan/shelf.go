package plan

import (
	"fmt"
	"strings"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/release"
	"amiship/internal/world"
)

// shelf is what is known of a region that keeps AMIs there.
type shelf struct {
	Retire
	region  string
	now     time.Time
	open    map[string]bool     // tags of releases that are under way
	held    map[string]string   // why an AMI is kept that something points at
	all     string              // why all of them are kept
	ladders map[ladderOf]ladder // of what customers can get
}

// ladderOf: public AMIs and others are counted apart.
type ladderOf struct {
	variant string
	public  bool
}

func newShelf(t Retire, b *builder, region string, images []world.Image, open map[string]bool) *shelf {
	s := &shelf{Retire: t, region: region, now: b.w.Now, open: open, held: map[string]string{}, ladders: map[ladderOf]ladder{}}
	if t.Parameters {
		s.parameters(b.w.Regions[region].Params)
	}
	if region == marketplace.Region {
		for _, l := range t.Listings {
			s.listing(l, b.w.Listings[l.Name])
		}
	}
	versions := map[ladderOf][]release.Version{}
	for _, i := range images {
		v, err := release.ParseVersion(i.Tag(release.TagVersion))
		if err == nil && i.State == world.Available && release.Released(i.Tag(release.TagStage)) && isPublic(i) == i.Public {
			versions[rungs(i)] = append(versions[rungs(i)], v)
		}
	}
	for of, all := range versions {
		s.ladders[of] = newLadder(all)
	}
	return s
}

func rungs(i world.Image) ladderOf {
	return ladderOf{i.Tag(release.TagImage) + "/" + i.Tag(release.TagArch), isPublic(i)}
}

// isPublic: for everybody, now or once: one that is private for the moment is
// judged as a public one, and counts for none.
func isPublic(i world.Image) bool { return i.Public || i.Tag(release.TagPublic) != "" }

func (s *shelf) parameters(f world.Fact[map[string]string]) {
	if !f.Known() {
		s.all = "the parameters of " + s.region + " could not be read"
	}
	for name, ami := range f.Val {
		s.held[ami] = "the parameter " + name + " points at it"
	}
}

// listing: what a version offers, Marketplace needs; what a change set under way
// offers, it may need in an hour.
func (s *shelf) listing(l release.Listing, f world.Listing) {
	if !f.Entity.Known() || !f.Sets.Known() {
		s.all = "the listing " + l.Name + " could not be read"
		return
	}
	for _, set := range f.Sets.Val {
		if set.Pending() {
			s.all = fmt.Sprintf("change set %s of the listing %s is %s", set.ID, l.Name, strings.ToLower(set.Status))
		}
	}
	for _, v := range f.Entity.Val.Versions {
		if v.Offered() {
			s.held[v.AMI] = fmt.Sprintf("the listing %s offers it as %q", l.Name, v.Title)
		}
	}
}

// fate judges an AMI.
func (s *shelf) fate(i world.Image) Fate {
	f := Fate{
		Region: s.region, AMI: i.ID, Name: i.Name, Image: i.Tag(release.TagImage), Arch: i.Tag(release.TagArch),
		Tag: i.Tag(release.TagTag), Version: i.Tag(release.TagVersion), Stage: i.Tag(release.TagStage),
		Public: i.Public, Created: i.Created, LastLaunched: i.LastLaunched, image: i,
	}
	f.Retired, _ = time.Parse(time.RFC3339, i.Tag(release.TagRetired)) // none: not yet
	if f.Why = s.untouchable(i); f.Why != "" {
		f.Kept = true
		return f
	}
	f.Kept, f.Why = s.policy(i)
	if !f.Kept {
		f.next(s.now, s.Policy.Grace)
	}
	return f
}

// untouchable says why an AMI stays whatever the policy is.
func (s *shelf) untouchable(i world.Image) string {
	stage := i.Tag(release.TagStage)
	switch {
	case i.Schema() > release.Schema:
		return "made by a newer Amiship"
	case stage == release.StageWithdrawn:
		return "withdrawn: it stays as the record of that"
	case i.State == world.Disabled && stage != release.StageDisabled:
		return "disabled by somebody else"
	case s.all != "":
		return s.all
	case s.held[i.ID] != "":
		return s.held[i.ID]
	case s.open[i.Tag(release.TagTag)]:
		return "its release is under way"
	case i.Created.IsZero():
		return "its age is not known"
	}
	return ""
}

// policy asks the catalog.
func (s *shelf) policy(i world.Image) (kept bool, why string) {
	keep, kind := s.Policy.Private, "private"
	if isPublic(i) {
		keep, kind = s.Policy.Public, "public"
	}
	v, err := release.ParseVersion(i.Tag(release.TagVersion))
	switch {
	case err != nil:
		return true, err.Error()
	case keep == nil:
		return true, "the catalog keeps all " + kind + " AMIs: see keep." + kind
	case s.Policy.Launched > 0 && s.now.Sub(i.LastLaunched) < s.Policy.Launched:
		return true, launched(i, s.now)
	}
	return s.ladders[rungs(i)].keeps(*keep, v, s.now.Sub(i.Created))
}
