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

// fromURL is a release whose packages have their digests beside them.
func fromURL(t *testing.T) release.Desired {
	d := desired(t)
	for i := range d.Variants {
		d.Variants[i].Build.Package = release.Package{URL: "https://example.com/p.deb", SHA256URL: "https://example.com/p.deb.sha256"}
	}
	return d
}

// ofPackage counts the AMIs that were built from a package, and those of them that
// are public.
func (m *model) ofPackage(digest string) (all, public int) {
	for _, images := range m.images {
		for _, i := range images {
			if i.Tag(record.TagPackage) == digest {
				all++
			}
			if i.Tag(record.TagPackage) == digest && i.Public {
				public++
			}
		}
	}
	return all, public
}

// TestThePackageIsReplaced: a run is killed after so many actions, and then the tag's
// package is another one. What was built from the old one is published if something of
// it is public already, and else if a person approves of it; --rebuild replaces it.
func TestThePackageIsReplaced(t *testing.T) {
	blocked, free := 0, 0
	for most := range 40 {
		for _, way := range []string{"", "keep", "rebuild"} {
			m, d := newModel(), fromURL(t)
			done := runOnce(m, d, "one", most, gateHolds(m, d))
			m.pkg = "bb"
			m.now = m.now.Add(time.Hour) // its claims are dead
			_, public := m.ofPackage("aa")
			built := len(m.images["us-east-1"])
			r := plan.NewRun("two")
			r.Rebuild = way == "rebuild"
			w := world.New()
			complete := carryOn(m, d, &w, &r)
			if way == "keep" {
				r.Approved = approvals(reconcile.Reconcile(d, w, r))
				complete = carryOn(m, d, &w, &r)
			}
			old, shipped := m.ofPackage("aa")
			switch {
			case m.err != nil:
				t.Fatalf("killed after %d, %s: %v", most, way, m.err)
			case done || public > 0 || built == 0 || way == "keep":
				free++
				if !complete {
					t.Fatalf("killed after %d, %s: does not complete", most, way)
				}
			case way == "":
				blocked++
				if complete || shipped > 0 {
					t.Fatalf("killed after %d: complete %v, %d of the old package are public", most, complete, shipped)
				}
			default:
				if !complete || old > 0 {
					t.Fatalf("killed after %d, %s: complete %v, %d of the old package are left", most, way, complete, old)
				}
			}
		}
	}
	if blocked < 5 || free < 5 {
		t.Errorf("%d were blocked, %d were not: this tells little", blocked, free)
	}
}

// approvals are what the remedies named keep have to be typed for.
func approvals(p plan.Plan) map[plan.ID]string {
	out := map[plan.ID]string{}
	for _, b := range p.Blockers {
		for _, way := range b.Remedies {
			if _, what, ok := strings.Cut(way.Command, " --approve "); ok && way.Name == "keep" {
				id, digest, _ := strings.Cut(what, "@")
				out[plan.ID(id)] = digest
			}
		}
	}
	return out
}

// TestADigestThatCannotBeRead is no difference: the release completes, and says so.
func TestADigestThatCannotBeRead(t *testing.T) {
	m, d := newModel(), fromURL(t)
	runOnce(m, d, "one", 8, gateHolds(m, d))
	m.pkg, m.mute = "bb", "header JOB-TOKEN: environment variable CI_JOB_TOKEN: has no value"
	m.now = m.now.Add(time.Hour)
	w, r := world.New(), plan.NewRun("two")
	if !carryOn(m, d, &w, &r) || m.err != nil {
		t.Fatalf("does not complete: %v", m.err)
	}
	notes := reconcile.Reconcile(d, w, r).Notes
	if !slices.ContainsFunc(notes, func(n string) bool {
		return strings.Contains(n, "the package of ce/amd64 was not compared") && strings.Contains(n, "CI_JOB_TOKEN")
	}) {
		t.Errorf("notes: %q", notes)
	}
}

// atTheGate is a run that may publish next.
func atTheGate(t *testing.T) (*model, release.Desired, world.World, plan.Run) {
	t.Helper()
	for most := range 60 {
		m, d, w, r := newModel(), fromURL(t), world.New(), plan.NewRun("one")
		loop(m, d, &w, &r, most, gateHolds(m, d))
		m.answer(&w, everything(d))
		if slices.ContainsFunc(reconcile.Reconcile(d, w, r).Steps, func(s plan.Step) bool { return s.Kind() == plan.Publish && s.State == plan.Ready }) {
			return m, d, w, r
		}
	}
	t.Fatal("nothing is ever ready to be published")
	panic("not reached")
}

// TestTheDigestIsReadAgainAtTheGate: copies may have taken hours since it was read.
func TestTheDigestIsReadAgainAtTheGate(t *testing.T) {
	m, d, w, r := atTheGate(t)
	again := func(p plan.Plan) bool {
		return slices.ContainsFunc(p.Look, func(q world.Query) bool { return q.Kind == world.LookDigest })
	}
	if p := reconcile.Reconcile(d, w, r); again(p) {
		t.Errorf("reads it again though it is fresh: %v", p.Look)
	}
	m.now = m.now.Add(time.Hour)
	m.answer(&w, everything(d))
	if p := reconcile.Reconcile(d, w, r); !again(p) {
		t.Errorf("an hour later it looks at %v", p.Look)
	}
}
