package reconcile_test

import (
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/world"
)

// assess adds an assessment of a version; one that has failed names a control.
func (s *shop) assess(title string, failed bool) {
	s.listing(func(l *world.Listing) {
		l.Assessments = known(s.w.Now, append(l.Assessments.Val, world.Assessment{
			ID: "assessment-" + title, Option: "o-" + title, Failed: failed, Created: s.w.Now.Add(-time.Hour), Expires: s.w.Now.AddDate(0, 0, 10),
		}))
	})
	s.w.Assessments["assessment-"+title] = known(s.w.Now, []world.Control{{ID: "vulnerabilities", Errors: []world.ControlError{{Message: "CVE-2026-1", Scope: []string{"PACKAGE_NAME libfoo"}}}}})
}

// TestFailedAssessment: a version on sale that Marketplace has failed since is a blocker, with
// what to change. It holds nothing: the version that is released now is what clears it.
func TestFailedAssessment(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*shop)
		why     []string // in the blocker; none: there is no blocker
		patch   bool
		options []string // that restrict restricts
	}{
		"no version": {func(*shop) {}, nil, false, nil},
		"it passed":  {func(s *shop) { s.old("P 1.0.0", 9, "Public"); s.assess("P 1.0.0", false) }, nil, false, nil},
		"of none":    {func(s *shop) { s.old("P 1.0.0", 9, "Public"); s.assess("P 0.9.0", true) }, nil, false, nil},
		"restricted": {func(s *shop) { s.old("P 1.0.0", 9, "Restricted"); s.assess("P 1.0.0", true) }, nil, false, nil},
		"the only one": {
			func(s *shop) { s.old("P 1.0.0", 9, "Public"); s.assess("P 1.0.0", true) },
			[]string{`"P 1.0.0" failed`, "control vulnerabilities: CVE-2026-1 (PACKAGE_NAME libfoo); install the fixed packages"},
			true, nil,
		},
		"an older one": {
			func(s *shop) {
				s.old("P 1.0.0", 9, "Public")
				s.old("P 1.1.0", 5, "Public")
				s.assess("P 1.1.0", false)
				s.assess("P 1.0.0", true)
			},
			[]string{`"P 1.0.0" failed`},
			false,
			[]string{"o-P 1.0.0"},
		},
		"all": {
			func(s *shop) {
				s.old("P 1.0.0", 9, "Public")
				s.old("P 1.1.0", 5, "Public")
				s.assess("P 1.1.0", true)
				s.assess("P 1.0.0", true)
			},
			[]string{`"P 1.0.0" failed`, `"P 1.1.0" failed`},
			true,
			[]string{"o-P 1.0.0"},
		},
		"controls not read": {
			func(s *shop) {
				s.old("P 1.0.0", 9, "Public")
				s.assess("P 1.0.0", true)
				s.w.Assessments["assessment-P 1.0.0"] = world.Fact[[]world.Control]{At: s.w.Now, Err: "denied"}
			},
			[]string{"which controls could not be read: denied"},
			true, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			c.change(s)
			p := reconcile.Reconcile(s.d, s.w, s.r)
			if step, _ := p.Step("changeset/premium"); step.State != plan.Ready {
				t.Errorf("the release is %s: %s", step.State, step.Why)
			}
			if len(p.Obstacles()) > 0 {
				t.Errorf("it is held by %v", p.Obstacles())
			}
			if len(c.why) == 0 {
				if len(p.Blockers) > 0 {
					t.Errorf("blockers: %v", p.Blockers)
				}
				return
			}
			if len(p.Blockers) != 1 || p.Blockers[0].ID != "assessment/premium" || p.Blockers[0].Holds == nil || !p.Blockers[0].Since.Equal(s.w.Now.Add(-time.Hour)) {
				t.Fatalf("blockers: %+v", p.Blockers)
			}
			var patch bool
			var options []string
			for _, r := range p.Blockers[0].Remedies {
				patch = patch || r.Name == "patch"
				for _, act := range r.Do {
					options = append(options, plan.As[plan.SubmitChangeSet](act).Options...)
				}
			}
			if patch != c.patch || strings.Join(options, " ") != strings.Join(c.options, " ") {
				t.Errorf("patch is %t, restricted are %v, want %t and %v", patch, options, c.patch, c.options)
			}
			for _, why := range c.why {
				if !strings.Contains(p.Blockers[0].Why, why) {
					t.Errorf("no %q in %q", why, p.Blockers[0].Why)
				}
			}
		})
	}
}

// TestAssessmentsAreAskedFor: of a product with versions on sale, once; that they can't be read is
// a note and no more.
func TestAssessmentsAreAskedFor(t *testing.T) {
	s := newShop(t)
	s.old("P 1.0.0", 9, "Public")
	s.listing(func(l *world.Listing) { l.Assessments = world.Fact[[]world.Assessment]{} })
	if p := reconcile.Reconcile(s.d, s.w, s.r); len(p.Look) != 1 || p.Look[0].Kind != world.LookAssessments || p.Look[0].Listing != "premium" {
		t.Errorf("it asks for %v", p.Look)
	}
	s.listing(func(l *world.Listing) { l.Assessments = world.Fact[[]world.Assessment]{At: s.w.Now, Err: "denied"} })
	p := reconcile.Reconcile(s.d, s.w, s.r)
	if len(p.Look)+len(p.Missed)+len(p.Blockers) > 0 || !strings.Contains(strings.Join(p.Notes, "\n"), "premium: Marketplace's assessments of its versions could not be read: denied") {
		t.Errorf("it asks for %v and %v, and notes %v", p.Look, p.Missed, p.Notes)
	}
}

// TestRefusedByControls: after a refusal the controls that failed are the explanation.
func TestRefusedByControls(t *testing.T) {
	s := newShop(t)
	s.set("cs1", s.ours("add"), world.SetFailed, world.ClientError)
	s.details("cs1", world.SetDetails{Status: world.SetFailed, Unassessed: "denied", Controls: []world.Control{{ID: "authorized-keys", Errors: []world.ControlError{{Code: "KEYS"}}}}})
	p := reconcile.Reconcile(s.d, s.w, s.r)
	if len(p.Blockers) != 1 {
		t.Fatalf("blockers: %v", p.Blockers)
	}
	for _, want := range []string{"control authorized-keys: KEYS; delete every authorized_keys", "could not be read: denied"} {
		if !strings.Contains(p.Blockers[0].Why, want) {
			t.Errorf("no %q in %q", want, p.Blockers[0].Why)
		}
	}
}
