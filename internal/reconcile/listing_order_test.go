package reconcile_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

const orderStep = plan.ID("order/premium")

// orderedShop is a release that is ready to be added to a listing of all versions, and in
// line for it since ten minutes ago.
func orderedShop(t testing.TB) *shop {
	t.Helper()
	s := newShop(t)
	s.d.Listings[0].Only, s.d.Listings[0].OlderWithin = release.OnlyAll, 6*time.Hour
	s.candidateOf("1.2.3", "candidate-own", time.Hour)
	s.inLine(10 * time.Minute)
	return s
}

// candidateOf adds the candidate of a release, which has passed its boot test.
func (s *shop) candidateOf(version, id string, age time.Duration) {
	s.other(version, record.StageCandidate, false)
	home(s.w, func(r *world.Region) {
		i := &r.Images.Val[len(r.Images.Val)-1]
		i.ID, i.Created, i.Name = id, s.w.Now.Add(-age), s.d.Owner(s.d.Variants[0]).Name()+"-0123456789ab"
		i.Tags[record.TagTested] = record.TagValue(record.Verdict{OK: true, Checks: "0123456789ab"}.String())
		if version != s.d.Version.Text {
			i.Name = "amiship of " + version
		}
	})
}

// inLine records since when the release is in line.
func (s *shop) inLine(age time.Duration) {
	s.imageOf("candidate-own", func(i *world.Image) {
		i.Tags[record.TagInLine] = record.TagValue(s.w.Now.Add(-age).Format(time.RFC3339))
	})
}

func (s *shop) imageOf(id string, change func(*world.Image)) {
	home(s.w, func(r *world.Region) {
		for n := range r.Images.Val {
			if r.Images.Val[n].ID == id {
				change(&r.Images.Val[n])
			}
		}
	})
}

// older adds a release that is under way: a candidate, and a copy of it.
func (s *shop) older(version string, age time.Duration) {
	s.candidateOf(version, "candidate-"+version, age)
	s.other(version, record.StageRelease, false)
	s.imageOf("ami-"+version, func(i *world.Image) { i.Created = s.w.Now.Add(-age) })
}

func (s *shop) claimed(version string, alive time.Duration) {
	home(s.w, func(r *world.Region) {
		r.Claims.Val = append(r.Claims.Val, world.Claim{
			Group: "sg-" + version, Name: "claim", Run: "another", Alive: s.w.Now.Add(-alive), Read: s.w.Now, Since: s.w.Now,
			Tags: ofVersion(s.d, version).OwnTags(s.d.Variants[0], record.StageCandidate),
		})
	})
}

// TestVersionsAreAddedInOrder: a version waits for older ones that are under way, for a time.
func TestVersionsAreAddedInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*shop)
		order  plan.State // of the step that waits; empty: there is none
		why    string     // of that step
		note   string
		state  plan.State // of the change set
	}{
		"nothing older":                {func(*shop) {}, "", "", "", plan.Ready},
		"an older one is under way":    {func(s *shop) { s.older("1.2.2", time.Hour) }, plan.Waiting, "in line behind v1.2.2 (not submitted yet), until 2026-11-24 17:50 UTC at most (wait_for_older", "", plan.Queued},
		"it is being tested":           {func(s *shop) { s.candidateOf("1.2.2", "ami-5", time.Hour) }, plan.Waiting, "v1.2.2 (being tested, or waiting to be published)", "", plan.Queued},
		"it is being built":            {func(s *shop) { s.claimed("1.2.2", time.Minute) }, plan.Waiting, "v1.2.2 (being built)", "", plan.Queued},
		"its build has died":           {func(s *shop) { s.claimed("1.2.2", time.Hour) }, "", "", "", plan.Ready},
		"it is newer":                  {func(s *shop) { s.older("1.2.4", time.Hour) }, "", "", "", plan.Ready},
		"of the same version":          {func(s *shop) { s.older("1.2.3+2", time.Hour) }, "", "", "", plan.Ready},
		"the time is over":             {func(s *shop) { s.older("1.2.2", time.Hour); s.inLine(6 * time.Hour) }, "", "", "premium: goes ahead of an older release: v1.2.2 was not submitted by 2026-11-24 12:00 UTC (wait_for_older): not submitted yet", plan.Ready},
		"the catalog gives no time":    {func(s *shop) { s.older("1.2.2", time.Hour); s.d.Listings[0].OlderWithin = 0 }, "", "", "", plan.Ready},
		"left long before this one":    {func(s *shop) { s.older("1.2.2", 8*time.Hour) }, "", "", "v1.2.2 has not got further since 2026-11-24 04:00 UTC", plan.Ready},
		"it waits for an approval":     {func(s *shop) { s.candidateOf("1.2.2", "ami-5", 6*time.Hour+time.Minute) }, "", "", "v1.2.2 has not got further since", plan.Ready},
		"prepared with it, long ago":   {func(s *shop) { s.prepared() }, plan.Waiting, "v1.2.2 (not submitted yet)", "", plan.Queued},
		"it is complete":               {func(s *shop) { s.other("1.2.2", record.StageRelease, false) }, "", "", "", plan.Ready},
		"it is listed":                 {func(s *shop) { s.older("1.2.2", time.Hour); s.version("P 1.2.2", "ami-1.2.2", "Public") }, "", "", "", plan.Ready},
		"it is listed by its AMI":      {func(s *shop) { s.older("1.2.2", time.Hour); s.version("Something", "ami-1.2.2", "Public") }, "", "", "", plan.Ready},
		"it was withdrawn":             {func(s *shop) { s.older("1.2.2", time.Hour); s.stage("ami-1.2.2", record.StageWithdrawn) }, "", "", "", plan.Ready},
		"its boot test failed":         {func(s *shop) { s.older("1.2.2", time.Hour); s.failed("candidate-1.2.2") }, "", "", "", plan.Ready},
		"its AMI failed":               {func(s *shop) { s.candidateOf("1.2.2", "ami-5", time.Hour); s.dead("ami-5") }, "", "", "", plan.Ready},
		"its change set failed":        {func(s *shop) { s.older("1.2.2", time.Hour); s.olderSet(world.SetFailed) }, plan.Waiting, "v1.2.2 (its change set cs1 is FAILED)", "", plan.Queued},
		"its candidate was swept":      {func(s *shop) { s.other("1.2.2", record.StageRelease, false); s.olderSet(world.SetFailed) }, plan.Waiting, "v1.2.2", "", plan.Queued},
		"it is submitted":              {func(s *shop) { s.older("1.2.2", time.Hour); s.olderSet(world.Preparing) }, "", "", "", plan.Waiting},
		"another project's":            {func(s *shop) { s.older("1.2.2", time.Hour); s.ofAnother("1.2.2") }, "", "", "", plan.Ready},
		"a version that says nothing":  {func(s *shop) { s.older("1.2.2", time.Hour); s.unversioned("1.2.2") }, "", "", "", plan.Ready},
		"only the latest is shown":     {func(s *shop) { s.older("1.2.2", time.Hour); s.d.Listings[0].Only = release.OnlyLatestStable }, "", "", "", plan.Ready},
		"not recorded yet":             {func(s *shop) { s.older("1.2.2", time.Hour); s.unrecorded() }, plan.Ready, "", "", plan.Queued},
		"recorded, and not shown":      {func(s *shop) { s.older("1.2.2", time.Hour); s.unrecorded(); s.recorded(time.Minute) }, plan.Waiting, "until 2026-11-24 17:59 UTC", "", plan.Queued},
		"no candidate to record it on": {func(s *shop) { s.older("1.2.2", time.Hour); s.dead("candidate-own") }, plan.Waiting, "until 2026-11-24 17:00 UTC", "", plan.Queued},
		"the product was locked until just now": {func(s *shop) {
			s.older("1.2.2", time.Hour)
			s.inLine(24 * time.Hour)
			s.set("cs1", "somebody's", world.Succeeded)
		}, plan.Waiting, "until 2026-11-24 17:59 UTC", "", plan.Queued},
	} {
		t.Run(name, func(t *testing.T) {
			s := orderedShop(t)
			c.change(s)
			p := reconcile.Reconcile(s.d, s.w, s.r)
			order, _ := p.Step(orderStep)
			step, _ := p.Step(listingStep)
			if order.State != c.order || !strings.Contains(order.Why, c.why) || step.State != c.state {
				t.Errorf("order is %q (%s), the change set %q (%s); want %q (%s), %q", order.State, order.Why, step.State, step.Why, c.order, c.why, c.state)
			}
			if text := strings.Join(p.Notes, "\n"); !strings.Contains(text, c.note) || c.note == "" && strings.Contains(text, "goes ahead") {
				t.Errorf("notes %q, want %q", text, c.note)
			}
			waits := slices.ContainsFunc(p.Waits, func(w plan.Wait) bool { return w.On == orderStep && w.Query.Kind == world.LookImages })
			if waits != (c.order == plan.Waiting) {
				t.Errorf("it waits for the older one: %t", waits)
			}
		})
	}
}

func (s *shop) stage(ami, stage string) {
	s.imageOf(ami, func(i *world.Image) { i.Tags[record.TagStage] = record.TagValue(stage) })
}

func (s *shop) failed(ami string) {
	s.imageOf(ami, func(i *world.Image) {
		i.Tags[record.TagTested] = record.TagValue(record.Verdict{Checks: "0123456789ab"}.String())
	})
}

func (s *shop) dead(ami string) { s.imageOf(ami, func(i *world.Image) { i.State = world.Failed }) }

func (s *shop) ofAnother(version string) {
	for _, id := range []string{"ami-" + version, "candidate-" + version} {
		s.imageOf(id, func(i *world.Image) { i.Tags[record.TagProject] = "1:another" })
	}
}

func (s *shop) unversioned(version string) {
	for _, id := range []string{"ami-" + version, "candidate-" + version} {
		s.imageOf(id, func(i *world.Image) { i.Tags[record.TagVersion] = "1:new" })
	}
}

func (s *shop) unrecorded() {
	s.imageOf("candidate-own", func(i *world.Image) { delete(i.Tags, record.TagInLine) })
}

func (s *shop) recorded(ago time.Duration) {
	s.r.Changed[orderStep] = plan.Changed{At: s.w.Now.Add(-ago)}
}

func (s *shop) olderSet(status string) {
	s.set("cs1", "amiship p v1.2.2 premium add 0123456789ab", status)
}

// prepared: both were built days ago, and are published now.
func (s *shop) prepared() {
	s.older("1.2.2", 50*time.Hour)
	for _, id := range []string{"ami-1", "candidate-own"} {
		s.imageOf(id, func(i *world.Image) { i.Created = s.w.Now.Add(-49 * time.Hour) })
	}
}

// TestSinceWhenItIsInLine: that is recorded once, on the candidate, and then rested on.
func TestSinceWhenItIsInLine(t *testing.T) {
	s := orderedShop(t)
	s.unrecorded()
	s.older("1.2.2", time.Hour)
	step, _ := reconcile.Reconcile(s.d, s.w, s.r).Step(orderStep)
	if step.Image().AMI != "candidate-own" || step.Tags()[record.TagInLine] != "1:2026-11-24T12:00:00Z" || step.Guard.Image == "" || step.Target.Region != homeRegion {
		t.Errorf("got %+v", step.Action)
	}
}

// TestATrialIsInOrderToo: a validation locks the product like any other change set.
func TestATrialIsInOrderToo(t *testing.T) {
	s := orderedShop(t)
	s.d.Listings[0].Validate = true
	s.older("1.2.2", time.Hour)
	p := reconcile.Reconcile(s.d, s.w, s.r)
	trial, _ := p.Step("validate/premium")
	if trial.State != plan.Queued || !slices.Equal(trial.After, []plan.ID{orderStep}) {
		t.Errorf("the validation is %s after %v", trial.State, trial.After)
	}
}

// TestOwnProjectIsWaitedFor: what the catalog says about change sets of other users is not
// meant for other releases of the project.
func TestOwnProjectIsWaitedFor(t *testing.T) {
	for _, policy := range []string{release.PendingWait, release.PendingCancel, release.PendingStop} {
		s := orderedShop(t)
		s.d.Listings[0].Pending = policy
		s.olderSet(world.Preparing)
		s.details("cs1", stranger)
		p := reconcile.Reconcile(s.d, s.w, s.r)
		if step, _ := p.Step(listingStep); step.State != plan.Waiting || len(p.Blockers) > 0 {
			t.Errorf("%s: the change set is %s, with blockers %+v", policy, step.State, p.Blockers)
		}
		s.imageOf("ami-1", func(i *world.Image) { i.State = world.Pending })
		if p := reconcile.Reconcile(s.d, s.w, s.r); len(p.Blockers) > 0 {
			t.Errorf("%s, before the AMI is there: %+v", policy, p.Blockers)
		}
	}
}

// TestOlderAfterNewer: with all versions listed, a plan says what buyers are offered first.
func TestOlderAfterNewer(t *testing.T) {
	const note = "premium: buyers are offered 1.2.3 first, though it is not the newest: it is added last (only: all)"
	s := orderedShop(t)
	if p := reconcile.Reconcile(s.d, s.w, s.r); slices.Contains(p.Notes, note) {
		t.Errorf("notes %q", p.Notes)
	}
	s.version("P 1.3.0", "ami-9", "Public")
	p := reconcile.Reconcile(s.d, s.w, s.r)
	wantNote(t, p, note)
	s.d.Listings[0].Only = release.OnlyLatestStable
	if p := reconcile.Reconcile(s.d, s.w, s.r); len(p.Queues) > 0 || slices.Contains(p.Notes, note) {
		t.Errorf("what is skipped is in the queue: %+v, notes %q", p.Queues, p.Notes)
	}
}

// TestQueue: the versions of a listing in their order, and when each is expected.
func TestQueue(t *testing.T) {
	s := orderedShop(t)
	s.set("cs0", "long ago", world.Succeeded)
	s.listing(func(l *world.Listing) { l.Sets.Val[0].Start = l.Sets.Val[0].End.Add(-10 * time.Hour) })
	s.older("1.2.1", time.Hour)
	s.older("1.2.2", time.Hour)
	s.older("1.2.4", time.Hour)
	s.set("cs1", "amiship p v1.2.1 premium add 0123456789ab", world.Applying) // since an hour
	p := reconcile.Reconcile(s.d, s.w, s.r)
	if len(p.Queues) != 1 {
		t.Fatalf("queues %+v", p.Queues)
	}
	var got []string
	for _, v := range p.Queues[0].Versions {
		got = append(got, v.Tag+" "+v.End.Sub(s.w.Now).String())
		if v.Submitted != (v.Tag == "v1.2.1") {
			t.Errorf("%s is submitted: %t", v.Tag, v.Submitted)
		}
	}
	want := []string{"v1.2.1 9h0m0s", "v1.2.2 19h0m0s", "v1.2.3 29h0m0s", "v1.2.4 39h0m0s"}
	if !slices.Equal(got, want) || p.Queues[0].Shown() != "1.2.4" {
		t.Errorf("got %q, want %q; %s first", got, want, p.Queues[0].Shown())
	}
}

// TestOpenByVersion: --all-open goes through releases in the order in which listings get them.
func TestOpenByVersion(t *testing.T) {
	s := newShop(t)
	s.older("1.10.0", 3*time.Hour)
	s.older("1.9.0", 2*time.Hour)
	s.older("1.2.2", time.Hour)
	if got := reconcile.Open("p", nil, s.w); !slices.Equal(got, []string{"v1.2.2", "v1.9.0", "v1.10.0"}) {
		t.Errorf("got %v", got)
	}
}
