package reconcile_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// store is an AWS just large enough to retire in: it shares no code with plan or
// apply, and knows by itself what must not go.
type store struct {
	rt     *rapid.T
	now    time.Time
	keep   release.Keep
	launch time.Duration
	images map[string][]*world.Image
	params map[string]map[string]string
	listed []string // AMIs that an offered version names
	unread map[string]bool
	seen   map[plan.Kind]int
}

// parametersOfStore: one moves on, and the releases of a version have one of their own.
var parametersOfStore = []release.Parameter{{Name: "/p/latest", Latest: true}, {Name: "/p/1.0.0"}, {Name: "/p/1.1.0"}}

var regionsOfStore = []string{"eu-west-1", "us-east-1"}

func drawStore(rt *rapid.T, seen map[plan.Kind]int) *store {
	s := &store{
		rt: rt, now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), launch: 30 * oneDay, seen: seen,
		keep:   release.Keep{Patches: rapid.IntRange(1, 2).Draw(rt, "patches"), Minors: rapid.IntRange(1, 2).Draw(rt, "minors"), Age: time.Duration(rapid.IntRange(0, 100).Draw(rt, "days")) * oneDay},
		images: map[string][]*world.Image{}, params: map[string]map[string]string{}, unread: map[string]bool{},
	}
	for _, region := range regionsOfStore {
		s.params[region] = map[string]string{}
		for n := range rapid.IntRange(3, 12).Draw(rt, "images") {
			s.draw(region, n)
		}
		for _, what := range []string{"images", "params"} {
			s.unread[what+" "+region] = rapid.IntRange(0, 9).Draw(rt, what+" unread") == 0
		}
	}
	s.unread["listing"] = rapid.IntRange(0, 9).Draw(rt, "listing unread") == 0
	return s
}

func (s *store) draw(region string, n int) {
	rt := s.rt
	version := rapid.SampledFrom([]string{"1.0.0", "1.0.1", "1.1.0", "1.1.1", "1.2.0", "1.2.1-rc1", "2.0.0", "odd"}).Draw(rt, "version")
	public := rapid.IntRange(0, 3).Draw(rt, "public") > 0
	d := release.Desired{Project: rapid.SampledFrom([]string{"p", "p", "p", "p", "q"}).Draw(rt, "project"), Tag: "v" + version}
	d.Version.Text = version
	i := &world.Image{
		ID: fmt.Sprintf("ami-%s-%d", region, n), Name: "P " + version, State: world.Available, Public: public,
		Created: s.now.AddDate(0, 0, -rapid.IntRange(0, 400).Draw(rt, "age")), Snapshots: []string{"snap"},
		Tags: d.OwnTags(release.Variant{Image: "ce", Arch: "amd64", Public: public || rapid.Bool().Draw(rt, "was public")}, record.StageRelease),
	}
	if ago := rapid.IntRange(0, 200).Draw(rt, "launched"); ago < 60 {
		i.LastLaunched = s.now.AddDate(0, 0, -ago)
	}
	switch rapid.IntRange(0, 14).Draw(rt, "kind") {
	case 0:
		i.Tags = map[string]string{"Type": "P"}
	case 1:
		i.Tags[record.TagBuild] = "2:0"
	case 2:
		i.State = world.Disabled
	case 3:
		i.Tags[record.TagStage] = record.TagValue(record.StageCandidate)
	case 4:
		i.Tags[record.TagStage], i.Public = record.TagValue(record.StageWithdrawn), false
	}
	s.images[region] = append(s.images[region], i)
	if rapid.IntRange(0, 9).Draw(rt, "pointed at") == 0 {
		s.params[region]["/p/latest"] = i.ID
	}
	if name := "/p/" + version; rapid.Bool().Draw(rt, "named") {
		s.params[region][name] = i.ID // of 2.0.0, by a catalog that had the name
	}
	if rapid.IntRange(0, 9).Draw(rt, "protected") == 0 {
		i.Protection = rapid.SampledFrom([]string{"enabled-without-cooldown", world.CoolingDown}).Draw(rt, "protection")
	}
	if rapid.IntRange(0, 9).Draw(rt, "listed") == 0 {
		s.listed = append(s.listed, i.ID)
	}
}

// look is the world as the store shows it.
func (s *store) look() world.World {
	w := world.New()
	w.Now = s.now
	for _, region := range regionsOfStore {
		var images []world.Image
		for _, i := range s.images[region] {
			c := *i
			c.Tags = maps.Clone(i.Tags)
			images = append(images, c)
		}
		w.Regions[region] = world.Region{Images: shownBy(s, "images "+region, images), Params: shownBy(s, "params "+region, maps.Clone(s.params[region])), Named: shownBy(s, "params "+region, s.named(region)), Snapshots: shownBy[[]world.Snapshot](s, "images "+region, nil), Bin: shownBy[[]world.BinRule](s, "params "+region, nil)}
	}
	var e world.Entity
	for _, ami := range s.listed {
		e.Versions = append(e.Versions, world.Version{ID: ami, AMI: ami, Options: []world.Option{{Visibility: world.VisiblePublic}}})
	}
	w.Listings["ce"] = world.Listing{Entity: shownBy(s, "listing", e), Sets: shownBy(s, "listing", []world.ChangeSet(nil))}
	return w
}

// named is what SSM lists: of each parameter, that Amiship wrote it.
func (s *store) named(region string) world.Parameters {
	var out world.Parameters
	for name, ami := range s.params[region] {
		out.All = append(out.All, world.Parameter{Name: name, AMI: ami, Project: "p"})
	}
	return out
}

// shownBy is what a look finds: of what is unread, nothing.
func shownBy[T any](s *store, what string, v T) world.Fact[T] {
	if s.unread[what] {
		return world.Fact[T]{At: s.now, Err: "InternalError: down"}
	}
	return known(s.now, v)
}

// mustStay says why an AMI may not be touched, in the store's own words.
func (s *store) mustStay(region string, i *world.Image) string {
	tag := func(key string) string { return i.Tags[key][strings.Index(i.Tags[key], ":")+1:] }
	switch {
	case tag(record.TagProject) != "p", tag(record.TagStage) == "candidate", tag(record.TagStage) == "withdrawn":
		return "it is none of the project's releases"
	case i.Tags[record.TagBuild] == "2:0":
		return "a newer Amiship made it"
	case s.unread["images "+region], s.unread["params "+region], region == "us-east-1" && s.unread["listing"]:
		return "something is unread"
	case i.Protection == "enabled-without-cooldown":
		return "it is protected"
	case s.params[region]["/p/latest"] == i.ID:
		return "a parameter points at it"
	case region == "us-east-1" && slices.Contains(s.listed, i.ID):
		return "it is listed"
	case s.now.Sub(i.LastLaunched) < s.launch:
		return "it was launched lately"
	case s.now.Sub(i.Created) < s.keep.Age:
		return "it is young"
	}
	return s.ranks(region, i)
}

// ranks counts by hand which series and patches are newer.
func (s *store) ranks(region string, i *world.Image) string {
	number := func(i *world.Image) (minor, patch int, early bool) {
		var a, b int
		text, rest, _ := strings.Cut(strings.TrimPrefix(i.Tags[record.TagVersion], "1:"), "-")
		if n, _ := fmt.Sscanf(text, "%d.%d.%d", &a, &b, &patch); n != 3 {
			return -1, 0, false
		}
		return a*100 + b, patch, rest != ""
	}
	minor, patch, early := number(i)
	if minor < 0 {
		return "its version can't be read"
	}
	if i.Tags[record.TagPublic] == "" {
		return "private ones are all kept"
	}
	minors, patches := map[int]bool{}, map[int]bool{}
	for _, o := range s.images[region] {
		stage := strings.TrimPrefix(o.Tags[record.TagStage], "1:")
		m, p, pre := number(o)
		if !o.Public || o.State != world.Available || stage != "release" && stage != "deprecated" || pre || m < 0 || o.Tags[record.TagProject] != "1:p" {
			continue
		}
		if m > minor {
			minors[m] = true
		}
		if m == minor && (p > patch || p == patch && early) {
			patches[p] = true
		}
	}
	if len(minors) < s.keep.Minors && len(patches) < s.keep.Patches {
		return "it is among the newest"
	}
	return ""
}

// do does a step as AWS would; a run may die once the tags are written.
func (s *store) do(act plan.Action, dies bool) {
	region := act.Target.Region
	n := slices.IndexFunc(s.images[region], func(i *world.Image) bool { return i.ID == act.Image().AMI })
	if n < 0 {
		s.rt.Fatalf("%s: there is no such AMI", act.ID)
	}
	i := s.images[region][n]
	if act.Kind() == plan.Record {
		maps.Copy(i.Tags, act.Tags())
		return
	}
	if why := s.mustStay(region, i); why != "" {
		s.rt.Fatalf("%s: %s (%+v)", act.ID, why, i)
	}
	s.patience(act, i)
	s.seen[act.Kind()]++
	maps.Copy(i.Tags, act.Tags())
	if dies {
		return
	}
	switch act.Kind() {
	case plan.Deprecate:
		at := plan.As[plan.DeprecateImage](act).At
		i.Deprecated = at
		if at.Before(s.now) {
			i.Deprecated = s.now.Add(time.Minute)
		}
	case plan.Demote:
		i.Public = false
	case plan.Disable:
		i.State, i.Public = world.Disabled, false
	case plan.DeleteParameter:
		if s.params[region][plan.As[plan.RemoveParameter](act).Parameter] != act.Image().AMI {
			s.rt.Fatalf("%s: it is %q", act.ID, s.params[region][plan.As[plan.RemoveParameter](act).Parameter])
		}
		delete(s.params[region], plan.As[plan.RemoveParameter](act).Parameter)
	case plan.Remove:
		if slices.Contains(slices.Collect(maps.Values(s.params[region])), i.ID) || i.Protection != "" {
			s.rt.Fatalf("%s: a parameter names it, or it is protected", act.ID)
		}
		if i.State != world.Disabled {
			s.rt.Fatalf("%s: it was never disabled", act.ID)
		}
		s.images[region] = slices.Delete(s.images[region], n, n+1)
	default:
		s.rt.Fatalf("%s retires nothing", act.ID)
	}
}

// patience: no step comes before its period of grace is over.
func (s *store) patience(act plan.Action, i *world.Image) {
	stage := i.Tags[record.TagStage]
	grace := map[plan.Kind]time.Duration{plan.Demote: 10 * oneDay, plan.Disable: 20 * oneDay, plan.Remove: 30 * oneDay, plan.DeleteParameter: 30 * oneDay}[act.Kind()]
	since, err := time.Parse("1:"+time.RFC3339, i.Tags[record.TagRetired])
	if act.Kind() != plan.Deprecate && (err != nil || s.now.Sub(since) < grace) {
		s.rt.Fatalf("%s: %s since %v: too early", act.ID, stage, since)
	}
}

// TestRetirementTakesNothingThatIsKept: over worlds with unknowns, foreign AMIs and
// runs that die, and as time passes, nothing goes that is kept; what is not kept is
// gone in the end, after its periods of grace.
func TestRetirementTakesNothingThatIsKept(t *testing.T) {
	seen := map[plan.Kind]int{}
	rapid.Check(t, func(rt *rapid.T) {
		s := drawStore(rt, seen)
		scope := reconcile.Retire{
			Project: "p", Regions: regionsOfStore, Listings: []release.Listing{{Name: "ce"}}, Parameters: parametersOfStore,
			Policy: release.Retention{Public: &s.keep, Launched: s.launch, Grace: release.Grace{Demote: 10 * oneDay, Disable: 20 * oneDay, Deregister: 30 * oneDay}},
		}
		for range rapid.IntRange(1, 8).Draw(rt, "runs") {
			for _, step := range scope.Reconcile(s.look(), plan.NewRun("run")).Steps {
				if step.State == plan.Ready && rapid.IntRange(0, 3).Draw(rt, "does it") > 0 {
					s.do(step.Action, rapid.IntRange(0, 4).Draw(rt, "dies") == 0)
				}
			}
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 40).Draw(rt, "pass")) * oneDay)
			s.unread["listing"] = rapid.IntRange(0, 9).Draw(rt, "listing unread") == 0
		}
		s.settle(scope)
	})
	for _, kind := range []plan.Kind{plan.Deprecate, plan.Demote, plan.Disable, plan.DeleteParameter, plan.Remove} {
		if seen[kind] == 0 {
			t.Errorf("no %s ever came to be", kind)
		}
	}
}

// cool ends the cooldowns.
func (s *store) cool() {
	for _, images := range s.images {
		for _, i := range images {
			if i.Protection == world.CoolingDown {
				i.Protection = ""
			}
		}
	}
}

// settle lets time pass until nothing is left to do, and holds what is there
// against what has to stay.
func (s *store) settle(scope reconcile.Retire) {
	s.unread = map[string]bool{}
	for range 8 {
		s.now = s.now.Add(100 * oneDay)
		s.cool()
		for _, step := range scope.Reconcile(s.look(), plan.NewRun("run")).Steps {
			if step.State == plan.Ready {
				s.do(step.Action, false)
			}
		}
	}
	if p := scope.Reconcile(s.look(), plan.NewRun("run")); len(p.Steps) > 0 {
		s.rt.Fatalf("it never ends: %v", p.Steps)
	}
	open := map[string]bool{}
	for _, images := range s.images {
		for _, i := range images {
			if i.Tags[record.TagStage] == "1:candidate" && i.Tags[record.TagProject] == "1:p" {
				open[i.Tags[record.TagTag]] = true
			}
		}
	}
	for region, images := range s.images {
		for _, i := range images {
			byHand := i.State == world.Disabled && i.Tags[record.TagStage] == "1:release"
			if s.mustStay(region, i) == "" && !byHand && !open[i.Tags[record.TagTag]] {
				s.rt.Fatalf("%s in %s is kept for no reason: %+v", i.ID, region, i)
			}
		}
	}
}
