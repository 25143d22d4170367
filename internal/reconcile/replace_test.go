package reconcile_test

import (
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

// next is the release of the same version that replaces another.
func next(d release.Desired) release.Desired {
	d.Tag, d.BuildNumber = "v1.2.3+1", d.BuildNumber+1
	return d
}

// TestAReplacementConverges kills the runs of a replacement at random points:
// in the end its own AMIs are there, public, and nothing of its predecessor is.
func TestAReplacementConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, d := newModel(), desired(t)
		if !runOnce(m, d, "first", -1, gateHolds(m, d)) {
			t.Fatal("the predecessor did not complete")
		}
		d = next(d)
		for n := range rapid.IntRange(0, 5).Draw(t, "runs") {
			runOnce(m, d, string(rune('a'+n)), rapid.IntRange(0, 30).Draw(t, "actions"), stillServed(m, d))
			m.now = m.now.Add(5 * time.Minute)
		}
		if !runOnce(m, d, "last", -1, stillServed(m, d)) {
			t.Fatal("the last run did not complete")
		}
		if m.err != nil {
			t.Fatal(m.err)
		}
		wantReleased(t, m, d)
		for _, target := range d.Targets {
			for _, i := range m.list(target.Region) {
				if i.Tag(record.TagTag) != d.Tag {
					t.Fatalf("%s of %s is left in %s", i.ID, i.Tag(record.TagTag), target.Region)
				}
			}
		}
	})
}

// stillServed fails if a predecessor is taken away where customers do not have
// the public AMI of its successor yet.
func stillServed(m *model, d release.Desired) func(plan.Plan, plan.Action) {
	return func(_ plan.Plan, act plan.Action) {
		if act.Kind() != plan.Demote && act.Kind() != plan.Remove || act.Target.Image != "ce" || strings.HasPrefix(act.Image().Name, "amiship-") {
			return
		}
		for _, i := range m.released(act.Target.Region) {
			if i.Tag(record.TagImage) == "ce" && i.Public && i.Tag(record.TagTag) == d.Tag {
				return
			}
		}
		m.broken("%s, and nothing public is there instead", act.ID)
	}
}

func TestAReleaseThatWasReplacedDoesNothing(t *testing.T) {
	m, d := newModel(), desired(t)
	if !runOnce(m, next(d), "second", -1, stillServed(m, next(d))) || m.err != nil {
		t.Fatal("not complete", m.err)
	}
	w := world.New()
	m.answer(&w, everything(d))
	p := reconcile.Reconcile(d, w, plan.NewRun("first"))
	if p.Skip != "v1.2.3+1 has replaced it" || len(p.Steps) != 0 || !p.Complete() {
		t.Errorf("got %q with %d steps", p.Skip, len(p.Steps))
	}
}

// candidateThatFailed is a model in which a first run's boot test failed.
func candidateThatFailed(t *testing.T, d release.Desired) *model {
	m := newModel()
	m.fails = "GET :80/-/health: answered 502"
	if runOnce(m, d, "first", -1, gateHolds(m, d)) || m.err != nil {
		t.Fatalf("the release went on after a failed boot test: %v", m.err)
	}
	for _, target := range d.Targets {
		if n := len(m.released(target.Region)); n != 0 {
			t.Fatalf("%d AMIs in %s after a failed boot test", n, target.Region)
		}
	}
	if len(m.claims) != 0 {
		t.Fatalf("%d claims are left", len(m.claims))
	}
	m.fails = ""
	return m
}

func TestAFailedBootTestBlocks(t *testing.T) {
	d := desired(t)
	m := candidateThatFailed(t, d)
	w := world.New()
	m.answer(&w, everything(d))
	p := reconcile.Reconcile(d, w, plan.NewRun("second"))
	if len(p.Blockers) != 2 || p.Blockers[0].ID != "test/ce/amd64" ||
		!strings.Contains(p.Blockers[0].Why, "failed its boot test: GET :80/-/health: answered 502") ||
		p.Blockers[0].Remedies[0].Command != "amiship release v1.2.3 --retest" {
		t.Errorf("got %+v", p.Blockers)
	}
	if p.Count(plan.Ready) != 0 {
		t.Errorf("%d steps are ready", p.Count(plan.Ready))
	}
}

func TestWaysOnAfterAFailedBootTest(t *testing.T) {
	for name, allow := range map[string]func(*plan.Run){
		"retest":  func(r *plan.Run) { r.Retest = true },
		"rebuild": func(r *plan.Run) { r.Rebuild = true },
	} {
		t.Run(name, func(t *testing.T) {
			d := desired(t)
			m := candidateThatFailed(t, d)
			before := m.list("us-east-1")
			w, r := world.New(), plan.NewRun("second")
			allow(&r)
			if !carryOn(m, d, &w, &r) || m.err != nil {
				t.Fatal("not complete:", m.err)
			}
			built := 0
			for id := range r.Made {
				if strings.HasPrefix(string(id), "build/") {
					built++
				}
			}
			if rebuilt := built == len(before); rebuilt != (name == "rebuild") {
				t.Errorf("%d of %d candidates were built anew", built, len(before))
			}
		})
	}
}

// TestARetestThatFailsAgainStops: a run tests once.
func TestARetestThatFailsAgainStops(t *testing.T) {
	d := desired(t)
	m := candidateThatFailed(t, d)
	m.fails = "again"
	w, r := world.New(), plan.NewRun("second")
	r.Retest, r.Rebuild = true, true
	if carryOn(m, d, &w, &r) || m.err != nil {
		t.Fatalf("went on: %v", m.err)
	}
}

func TestOtherChecksAskForAnotherTest(t *testing.T) {
	d := desired(t)
	m := candidateThatFailed(t, d)
	d.Variants[0].Checks = []release.Check{{Port: 80, Path: "/", Status: 200}}
	w := world.New()
	m.answer(&w, everything(d))
	p := reconcile.Reconcile(d, w, plan.NewRun("second"))
	if s, _ := p.Step("claim/ce/amd64/us-east-1/test"); s.State != plan.Ready {
		t.Errorf("the claim of another test is %q", s.State)
	}
}

func TestUntestedReleasesLeaveTheTestOut(t *testing.T) {
	d := desired(t)
	m, w, r := newModel(), world.New(), plan.NewRun("a")
	d.Untested = true
	p := reconcile.Reconcile(d, w, r)
	m.answer(&w, p.Look)
	p = reconcile.Reconcile(d, w, r)
	for _, s := range p.Steps {
		if s.Kind() == plan.Test {
			t.Errorf("%s is in the plan", s.ID)
		}
	}
}
