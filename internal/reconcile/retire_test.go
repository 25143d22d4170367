package reconcile_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// attic is a project with older releases in one region.
type attic struct {
	now       time.Time
	policy    release.Retention
	images    []world.Image
	params    map[string]string
	named     world.Parameters
	snapshots []world.Snapshot
	lists     map[string]world.Listing

	unrecorded bool // no retirement was there before
}

const oneDay = 24 * time.Hour

func newAttic() *attic {
	return &attic{
		now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), params: map[string]string{}, lists: map[string]world.Listing{},
		policy: release.Retention{
			Public: &release.Keep{Patches: 1, Minors: 2, Age: 90 * oneDay}, Versions: &release.Keep{Patches: 1, Minors: 1}, Launched: 30 * oneDay,
			Grace: release.Grace{Demote: 30 * oneDay, Disable: 60 * oneDay, Deregister: 90 * oneDay},
		},
	}
}

// add puts a public release there, days old.
func (a *attic) add(version string, days int, changes ...func(*world.Image)) {
	d := release.Desired{Project: "p", Tag: "v" + version}
	d.Version.Text = version
	i := world.Image{
		ID: fmt.Sprintf("ami-%d", len(a.images)), Name: "P " + version, State: world.Available, Arch: "amd64", Public: true,
		Tags:    d.OwnTags(release.Variant{Image: "ce", Arch: "amd64", Public: true}, record.StageRelease),
		Created: a.now.AddDate(0, 0, -days), Snapshots: []string{"snap-1"},
	}
	for _, change := range changes {
		change(&i)
	}
	a.images = append(a.images, i)
}

func (a *attic) world() world.World {
	a.recorded()
	w := world.New()
	w.Now, w.Listings = a.now, a.lists
	w.Regions["us-east-1"] = world.Region{Images: known(a.now, a.images), Params: known(a.now, a.params), Named: known(a.now, a.named), Snapshots: known(a.now, a.snapshots), Bin: known[[]world.BinRule](a.now, nil)}
	return w
}

// recorded is what an earlier retirement by the same policy has left.
func (a *attic) recorded() {
	if a.unrecorded || len(a.images) == 0 {
		return
	}
	newest := slices.MaxFunc(a.images, func(x, y world.Image) int { return x.Created.Compare(y.Created) })
	newest.Tags[record.TagKeep] = record.TagValue(a.policy.String())
}

func (a *attic) scope() reconcile.Retire {
	t := reconcile.Retire{Project: "p", Regions: []string{"us-east-1"}, Parameters: []release.Parameter{{Name: "/p/latest", Latest: true}}, Policy: a.policy}
	for name := range a.lists {
		t.Listings = append(t.Listings, release.Listing{Name: name, Titles: `^P ([0-9.]+)$`})
	}
	return t
}

// stage puts an AMI into a stage that began so many days ago.
func (a *attic) stage(stage string, days int) func(*world.Image) {
	return func(i *world.Image) {
		began := a.now.AddDate(0, 0, -days)
		i.Tags[record.TagStage] = record.TagValue(stage)
		i.Tags[record.TagRetired] = record.TagValue(began.Format(time.RFC3339))
		i.Deprecated = began
		i.Public = stage == record.StageDeprecated
		if stage == record.StageDisabled {
			i.State = world.Disabled
		}
	}
}

func tagged(key, value string) func(*world.Image) {
	return func(i *world.Image) { i.Tags[key] = value }
}

func protected(how string) func(*world.Image) {
	return func(i *world.Image) { i.Protection = how }
}

func both(changes ...func(*world.Image)) func(*world.Image) {
	return func(i *world.Image) {
		for _, change := range changes {
			change(i)
		}
	}
}

// TestFates judges one AMI, 400 days old, beside two newer releases.
func TestFates(t *testing.T) {
	a := newAttic()
	listed := func(visibility string, sets ...world.ChangeSet) func(*attic) {
		return func(a *attic) {
			e := world.Entity{Visibility: world.VisiblePublic, Versions: []world.Version{{
				ID: "v", Title: "P 1.0.0", AMI: "ami-2", Options: []world.Option{{ID: "do", Visibility: visibility}},
			}}}
			a.lists["ce"] = world.Listing{Entity: known(a.now, e), Sets: known(a.now, sets)}
		}
	}
	for name, c := range map[string]struct {
		image func(*world.Image)
		world func(*attic)
		want  string // the step that is due, or when, or "keep"
		why   string
	}{
		"two minors are newer":  {want: "deprecate", why: "2 minors newer than 1.0"},
		"a patch is newer":      {image: tagged(record.TagVersion, "1:1.2.1"), want: "deprecate", why: "1 patch of 1.2 newer"},
		"its minor is kept":     {image: tagged(record.TagVersion, "1:1.1.1"), want: "keep", why: "within the newest 1 patch of the newest 2 minors"},
		"a pre-release of old":  {image: tagged(record.TagVersion, "1:1.2.2-rc1"), want: "deprecate", why: "1 patch of 1.2 newer"},
		"it is young":           {image: func(i *world.Image) { i.Created = a.now.AddDate(0, 0, -89) }, want: "keep", why: "younger than 90 days"},
		"launched lately":       {image: func(i *world.Image) { i.LastLaunched = a.now.AddDate(0, 0, -29) }, want: "keep", why: "last launched 29 days ago"},
		"launched long ago":     {image: func(i *world.Image) { i.LastLaunched = a.now.AddDate(0, 0, -31) }, want: "deprecate"},
		"of unknown age":        {image: func(i *world.Image) { i.Created = time.Time{} }, want: "keep", why: "age"},
		"of unknown version":    {image: tagged(record.TagVersion, "1:new"), want: "keep", why: "version"},
		"private once":          {image: func(i *world.Image) { i.Public = false }, want: "deprecate"},
		"private for good":      {image: func(i *world.Image) { i.Public = false; delete(i.Tags, record.TagPublic) }, want: "keep", why: "keeps all private AMIs"},
		"of a newer Amiship":    {image: tagged(record.TagStage, "2:release"), want: "keep", why: "newer Amiship"},
		"withdrawn":             {image: tagged(record.TagStage, "1:withdrawn"), want: "keep", why: "record"},
		"disabled by hand":      {image: func(i *world.Image) { i.State = world.Disabled }, want: "keep", why: "another user"},
		"a parameter points":    {world: func(a *attic) { a.params["/p/latest"] = "ami-2" }, want: "keep", why: "/p/latest"},
		"a listing offers it":   {world: listed(world.VisiblePublic), want: "keep", why: `the listing ce offers it as "P 1.0.0"`},
		"restricted since":      {world: listed(world.VisibleRestricted), want: "deprecate"},
		"a change set may need": {world: listed(world.VisibleRestricted, world.ChangeSet{ID: "cs", Status: world.Preparing}), want: "keep", why: "change set cs of the listing ce is preparing"},
		"a listing is unread":   {world: func(a *attic) { a.lists["ce"] = world.Listing{Entity: world.Fact[world.Entity]{At: a.now, Err: "no"}} }, want: "keep", why: "ce could not be read"},
		"its release is open": {world: func(a *attic) {
			a.add("1.0.0", 400, tagged(record.TagStage, "1:candidate"))
		}, want: "keep", why: "under way"},
		"deprecated yesterday":      {image: a.stage(record.StageDeprecated, 1), want: "in 29 days: demote"},
		"deprecated a month ago":    {image: a.stage(record.StageDeprecated, 30), want: "demote"},
		"no date was shown":         {image: func(i *world.Image) { a.stage(record.StageDeprecated, 30)(i); i.Deprecated = time.Time{} }, want: "deprecate"},
		"the date is far away":      {image: func(i *world.Image) { a.stage(record.StageDeprecated, 30)(i); i.Deprecated = a.now.AddDate(1, 0, 0) }, want: "deprecate"},
		"the day is not known":      {image: func(i *world.Image) { a.stage(record.StageDeprecated, 30)(i); delete(i.Tags, record.TagRetired) }, want: "deprecate"},
		"demoted and public":        {image: func(i *world.Image) { a.stage(record.StageDemoted, 31)(i); i.Public = true }, want: "demote"},
		"demoted by the quota":      {image: func(i *world.Image) { a.stage(record.StageDemoted, 31)(i); delete(i.Tags, record.TagRetired) }, want: "demote"},
		"demoted":                   {image: a.stage(record.StageDemoted, 31), want: "in 29 days: disable"},
		"demoted long ago":          {image: a.stage(record.StageDemoted, 61), want: "disable"},
		"disabled by word only":     {image: func(i *world.Image) { a.stage(record.StageDisabled, 61)(i); i.State = world.Available }, want: "disable"},
		"disabled":                  {image: a.stage(record.StageDisabled, 61), want: "in 29 days: remove"},
		"disabled long ago":         {image: a.stage(record.StageDisabled, 90), want: "remove"},
		"disabled and pointed at":   {image: a.stage(record.StageDisabled, 90), world: func(a *attic) { a.params["/p/latest"] = "ami-2" }, want: "keep"},
		"protected":                 {image: protected("enabled-without-cooldown"), want: "keep", why: "disable-image-deregistration-protection --region us-east-1 --image-id ami-2"},
		"protected between steps":   {image: both(a.stage(record.StageDemoted, 61), protected("enabled-with-cooldown")), want: "keep", why: "protected"},
		"protected, and not over":   {image: both(protected("enabled-with-cooldown"), func(i *world.Image) { i.Created = a.now }), want: "keep", why: "younger than 90 days"},
		"cooling down":              {image: both(a.stage(record.StageDemoted, 61), protected(world.CoolingDown)), want: "disable"},
		"cooling down, and removed": {image: both(a.stage(record.StageDisabled, 90), protected(world.CoolingDown)), want: "keep", why: "less than 24 hours ago"},
		"deprecated, launched lately": {image: func(i *world.Image) {
			a.stage(record.StageDeprecated, 60)(i)
			i.LastLaunched = a.now.AddDate(0, 0, -2)
		}, want: "keep"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAttic()
			a.add("1.2.2", 10)
			a.add("1.1.1", 300)
			a.add("1.0.0", 400)
			if c.image != nil {
				c.image(&a.images[2])
			}
			if c.world != nil {
				c.world(a)
			}
			var got, why string
			for _, f := range a.scope().Decisions(a.world()) {
				if f.AMI == "ami-2" {
					got, why = fateText(f, a.now), f.Why
				}
			}
			if got != c.want || !strings.Contains(why, c.why) {
				t.Errorf("%s (%s), want %s (%s)", got, why, c.want, c.why)
			}
		})
	}
}

func fateText(f retention.Decision, now time.Time) string {
	switch {
	case f.Kept:
		return "keep"
	case f.Due.After(now):
		return fmt.Sprintf("in %d days: %s", int(f.Due.Sub(now).Hours()/24), f.Next)
	}
	return string(f.Next)
}

// TestRetireSteps: what an action has to know.
func TestRetireSteps(t *testing.T) {
	a := newAttic()
	a.policy.Grace.Deprecate = 7 * oneDay
	a.add("1.2.0", 10)
	a.add("1.1.0", 300)
	a.add("1.0.0", 400)
	p := a.scope().Reconcile(a.world(), plan.NewRun("run"))
	s, ok := p.Step("deprecate/ce/amd64/us-east-1/ami-2")
	if !ok || len(p.Steps) != 1 || s.State != plan.Ready {
		t.Fatalf("steps: %+v", p.Steps)
	}
	want := map[string]string{record.TagStage: "1:deprecated", record.TagRetired: "1:2026-11-24T12:00:00Z"}
	if diff := cmp.Diff(want, map[string]string(s.Tags())); diff != "" || !plan.As[plan.DeprecateImage](s.Action).At.Equal(time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)) || s.Guard.Launched != "never" || s.Guard.Image == "" {
		t.Errorf("%+v, tags %s", s.Action, diff)
	}
}

// TestUnreadIsAskedForFirst: nothing goes before all is read; what cannot be read
// keeps, and does not hold what it does not protect.
func TestUnreadIsAskedForFirst(t *testing.T) {
	a := newAttic()
	a.add("1.2.0", 10)
	a.add("1.1.0", 300)
	a.add("1.0.0", 400)
	t0 := a.scope()
	t0.Regions = append(t0.Regions, "eu-west-1")
	w := a.world()
	w.Regions["eu-west-1"] = world.Region{Images: known(a.now, a.images), Snapshots: known[[]world.Snapshot](a.now, nil)}
	if p := t0.Reconcile(w, plan.NewRun("")); len(p.Steps) > 0 || len(p.Look) != 1 {
		t.Errorf("%d steps, looks %v; want none and the parameters of eu-west-1", len(p.Steps), p.Look)
	}
	w.Regions["eu-west-1"] = world.Region{Images: known(a.now, a.images), Params: world.Fact[map[string]string]{At: a.now, Err: "no"}, Snapshots: known[[]world.Snapshot](a.now, nil)}
	p := t0.Reconcile(w, plan.NewRun(""))
	if len(p.Steps) != 1 || p.Steps[0].Target.Region != "us-east-1" || len(p.Missed) != 1 {
		t.Errorf("steps %v, missed %v", p.Steps, p.Missed)
	}
	w.Now = w.Now.Add(time.Hour)
	if p := t0.Reconcile(w, plan.NewRun("")); len(p.Steps) > 0 || len(p.Look) != 1 || p.Look[0].Kind != world.LookParams {
		t.Errorf("an hour later: steps %v, looks %v", p.Steps, p.Look)
	}
}

func TestOffers(t *testing.T) {
	a := newAttic()
	e := world.Entity{Visibility: world.VisiblePublic}
	offer := func(title string, days int, visibility string) {
		e.Versions = append(e.Versions, world.Version{Title: title, Created: a.now.AddDate(0, 0, -days), Options: []world.Option{{Visibility: visibility}}})
	}
	offer("P 1.0.0", 300, world.VisiblePublic)
	offer("P 1.1.0", 200, world.VisiblePublic)
	offer("P 1.2.0", 100, world.VisibleRestricted)
	offer("The first", 400, world.VisiblePublic)
	offer("P 0.9.9", 5, world.VisiblePublic)
	a.lists["ce"] = world.Listing{Entity: known(a.now, e), Sets: known(a.now, []world.ChangeSet(nil))}
	var got []string
	for _, o := range a.scope().Offers(a.world()) {
		got = append(got, fmt.Sprintf("%s kept %v: %s", o.Title, o.Kept, o.Why))
	}
	want := []string{
		"P 0.9.9 kept true: the newest that is offered",
		"P 1.1.0 kept true: within the newest 1 patch of the newest 1 minor",
		"P 1.0.0 kept false: 1 minor newer than 1.0",
		"The first kept true: its title does not fit the form of titles",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	a.lists["ce"] = world.Listing{Entity: world.Fact[world.Entity]{At: a.now, Err: "AccessDenied"}}
	if all := a.scope().Offers(a.world()); len(all) != 1 || !all[0].Kept || !strings.Contains(all[0].Why, "AccessDenied") {
		t.Errorf("unread: %+v", all)
	}
}

func TestSummary(t *testing.T) {
	a := newAttic()
	a.add("1.2.0", 10)
	a.add("1.1.0", 300)
	a.add("1.0.0", 400)
	a.add("0.9.0", 500, a.stage(record.StageDeprecated, 40))
	a.add("0.8.0", 600, func(i *world.Image) { i.Tags = map[string]string{} })
	s := a.scope()
	s.Regions = append(s.Regions, "eu-west-1")
	w := a.world()
	w.Regions["eu-west-1"] = world.Region{Images: known(a.now, a.images[:3]), Params: known(a.now, a.params), Snapshots: known[[]world.Snapshot](a.now, nil)}
	got := s.Summary(w)
	want := []reconcile.Returned{{Region: "us-east-1", Public: 5, Now: 1, Later: 1}, {Region: "eu-west-1", Public: 3, Later: 1}}
	if diff := cmp.Diff(want, got.Capacities); diff != "" {
		t.Error(diff)
	}
	var groups []string
	for _, g := range got.Groups {
		groups = append(groups, fmt.Sprint(g.Tag, " ", g.Next, " ", g.Regions))
	}
	if diff := cmp.Diff([]string{
		"v0.9.0 demote [us-east-1]", "v1.0.0 deprecate [eu-west-1 us-east-1]", "v1.1.0  [eu-west-1 us-east-1]", "v1.2.0  [eu-west-1 us-east-1]",
	}, groups); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkRetire plans a retirement of 5,000 AMIs in each of 19 regions.
func BenchmarkRetire(b *testing.B) {
	a := newAttic()
	for n := range 5000 {
		a.add(fmt.Sprintf("%d.%d.%d", n/400, n/10%40, n%10), 5000-n)
	}
	s, w := a.scope(), a.world()
	s.Regions = nil
	for n := range 19 {
		name := fmt.Sprintf("region-%d", n)
		s.Regions = append(s.Regions, name)
		w.Regions[name] = w.Regions["us-east-1"]
	}
	b.ReportAllocs()
	for b.Loop() {
		if p := s.Reconcile(w, plan.NewRun("")); len(p.Steps) < 19*4000 {
			b.Fatalf("%d steps", len(p.Steps))
		}
	}
}
