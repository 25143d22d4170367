package reconcile_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/world"
)

// old adds a version days old.
func (s *shop) old(title string, days int, visibility string) {
	s.version(title, "ami-old", visibility)
	s.listing(func(l *world.Listing) {
		l.Entity.Val.Versions[len(l.Entity.Val.Versions)-1].Created = s.w.Now.AddDate(0, 0, -days)
	})
}

// crowd fills the product to its limit with versions of long ago, oldest first.
func (s *shop) crowd(n int) {
	for i := range n {
		s.old(fmt.Sprintf("P 1.0.%d", i), 400-i, "Public")
	}
	s.d.Listings[0].Limit = n
}

// approve allows what the plan shows.
func (s *shop) approve(t testing.TB) {
	t.Helper()
	p := reconcile.Reconcile(s.d, s.w, s.r)
	for _, bl := range p.Blockers {
		for _, r := range bl.Remedies {
			if m := regexp.MustCompile(`--approve (\S+)@(\S+)`).FindStringSubmatch(r.Command); m != nil {
				s.r.Approved = map[plan.ID]string{plan.ID(m[1]): m[2]}
				return
			}
		}
	}
	t.Fatalf("nothing to approve: %v", p.Blockers)
}

func TestFullListing(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*shop)
		state   plan.State
		options []string // that go in the same change set
		text    string   // in the remedies
		note    string
	}{
		"enough capacity":         {func(s *shop) { s.crowd(9); s.d.Listings[0].Limit = 100 }, plan.Ready, nil, "", ""},
		"capacity for a few more": {func(s *shop) { s.crowd(9); s.d.Listings[0].Limit = 12 }, plan.Ready, nil, "", "9 of 12 versions are there, capacity for 3"},
		"full":                    {func(s *shop) { s.crowd(9) }, plan.Blocked, nil, `"P 1.0.0" of `, "capacity for 0"},
		"full, before a build":    {func(s *shop) { s.crowd(9); s.image(func(i *world.Image) { i.State = world.Pending }) }, plan.Blocked, nil, `"P 1.0.0" of `, ""},
		"full, and approved":      {func(s *shop) { s.crowd(9); s.approve(t) }, plan.Ready, []string{"o-P 1.0.0"}, "", ""},
		"fuller, and approved":    {func(s *shop) { s.crowd(9); s.d.Listings[0].Limit = 8; s.approve(t) }, plan.Ready, []string{"o-P 1.0.0", "o-P 1.0.1"}, "", ""},
		"approved of another":     {func(s *shop) { s.crowd(9); s.r.Approved = map[plan.ID]string{"restrict/premium": "0123456789ab"} }, plan.Blocked, nil, `"P 1.0.0" of `, ""},
		"changed since": {
			func(s *shop) {
				s.crowd(9)
				s.approve(t)
				s.old("P 0.9.0", 500, "Public")
				s.d.Listings[0].Limit = 10
			}, plan.Blocked, nil, `"P 0.9.0" of `, "",
		},
		"restricted ones do not count": {func(s *shop) { s.crowd(9); s.d.Listings[0].Limit = 10; s.old("P 0.9.0", 500, "Restricted") }, plan.Ready, nil, "", ""},
		"an unreadable title is not touched": {
			func(s *shop) { s.old("Strange", 900, "Public"); s.crowd(9); s.d.Listings[0].Limit = 10; s.approve(t) },
			plan.Ready,
			[]string{"o-P 1.0.0"},
			"", "can't read them: Strange",
		},
		"young ones stay": {
			func(s *shop) {
				s.d.Listings[0].Limit = 2
				s.old("P 1.0.0", 89, "Public")
				s.old("P 1.0.1", 80, "Public")
			},
			plan.Blocked, nil, "capacity for 1 is missing, and 0 may go", "",
		},
		"the newest stays": {
			func(s *shop) {
				s.d.Listings[0].Limit = 2
				s.old("P 1.1.0", 300, "Public")
				s.old("P 1.0.1", 200, "Public")
				s.approve(t)
			},
			plan.Ready,
			[]string{"o-P 1.0.1"},
			"", "",
		},
		"the last public one stays": {
			func(s *shop) {
				s.d.Listings[0].Limit = 2
				s.old("P 1.0.0", 300, "Public")
				s.old("P 1.0.1", 200, "Limited")
			},
			plan.Blocked, nil, "0 may go", "",
		},
		"titles without a form": {func(s *shop) { s.crowd(9); s.d.Listings[0].Titles = "" }, plan.Blocked, nil, "0 may go", "can't read them: P 1.0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t)
			c.change(s)
			p := reconcile.Reconcile(s.d, s.w, s.r)
			step, _ := p.Step(listingStep)
			if step.State != c.state || !slices.Equal(submitted(step).Options, c.options) {
				t.Errorf("%s, restricts %v; want %s, %v", step.State, submitted(step).Options, c.state, c.options)
			}
			if text := fmt.Sprintf("%+v", p.Blockers); !strings.Contains(text, c.text) {
				t.Errorf("blockers lack %q: %s", c.text, text)
			}
			wantNote(t, p, c.note)
		})
	}
}

// TestFullListingByPolicy: where the catalog says which versions are kept, these
// stay, however old.
func TestFullListingByPolicy(t *testing.T) {
	s := newShop(t)
	s.crowd(4) // P 1.0.0 to P 1.0.3
	s.old("P 1.1.0", 20, "Public")
	s.d.Listings[0].Limit = 5
	for name, c := range map[string]struct {
		keep *release.Keep
		want string
	}{
		"no word of versions":           {nil, `"P 1.0.0" of `},
		"two patches of two minors":     {&release.Keep{Patches: 2, Minors: 2}, `"P 1.0.0" of `},
		"the newest minor":              {&release.Keep{Patches: 9, Minors: 1}, `"P 1.0.0" of `},
		"everything of the last years":  {&release.Keep{Patches: 1, Minors: 1, Age: 1000 * 24 * time.Hour}, "0 may go: those that keep.versions does not keep"},
		"all patches of the two minors": {&release.Keep{Patches: 9, Minors: 2}, "0 may go: those that keep.versions does not keep"},
	} {
		t.Run(name, func(t *testing.T) {
			s.d.Policy.Retention = &release.Retention{Versions: c.keep}
			p := reconcile.Reconcile(s.d, s.w, s.r)
			text := ""
			for _, bl := range p.Blockers {
				for _, r := range bl.Remedies {
					text += r.Name + " " + r.Command + ": " + r.Cost + "\n"
				}
			}
			if !strings.Contains(text, c.want) {
				t.Errorf("no %q in:\n%s", c.want, text)
			}
		})
	}
}

// TestUnblockVersions: the remedy that unblock does asks for the same, alone.
func TestUnblockVersions(t *testing.T) {
	s := newShop(t)
	s.crowd(9)
	p := reconcile.Reconcile(s.d, s.w, s.r)
	remedy := p.Blockers[0].Remedies[1]
	restricts := plan.As[plan.SubmitChangeSet](remedy.Do[0])
	if len(remedy.Do) != 1 || remedy.Do[0].Kind() != plan.Restrict || restricts.Details != "" || !slices.Equal(restricts.Options, []string{"o-P 1.0.0"}) {
		t.Fatalf("remedy does %+v", remedy.Do)
	}
	if purpose, _, ok := marketplace.ReadName(listingStem, restricts.SetName); !ok || purpose != marketplace.Restrict {
		t.Errorf("its change set is named %q", restricts.SetName)
	}
	s.theirs(release.PendingWait, world.Preparing)
	p = reconcile.Reconcile(s.d, s.w, s.r)
	if remedy = p.Blockers[0].Remedies[1]; len(remedy.Do) != 0 || !strings.Contains(remedy.Cost, "not now") {
		t.Errorf("with a locked product it does %+v, %s", remedy.Do, remedy.Cost)
	}
}

// TestTrialAddsAlone: Marketplace tries nothing but an addition.
func TestTrialAddsAlone(t *testing.T) {
	s := newShop(t)
	s.d.Listings[0].Validate = true
	s.crowd(9)
	s.approve(t)
	step, _ := reconcile.Reconcile(s.d, s.w, s.r).Step("validate/premium")
	if step.State != plan.Ready || len(submitted(step).Options) != 0 {
		t.Errorf("%s with %v", step.State, submitted(step).Options)
	}
}

// TestRestrictionsAtRandom: whatever a product has, what is approved of keeps a
// public version, the newest, the young and the strange, and suffices.
func TestRestrictionsAtRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(t)
		n := rapid.IntRange(1, 120).Draw(rt, "versions")
		for i := range n {
			title := rapid.SampledFrom([]string{"P 1.%d.0", "P 0.%d.9", "Strange %d"}).Draw(rt, "title")
			s.old(fmt.Sprintf(title, i), rapid.IntRange(0, 400).Draw(rt, "days"), rapid.SampledFrom([]string{"Public", "Public", "Limited", "Restricted"}).Draw(rt, "visibility"))
		}
		s.d.Listings[0].Only = "all"
		s.d.Listings[0].Limit = rapid.IntRange(1, 120).Draw(rt, "limit")
		p := reconcile.Reconcile(s.d, s.w, s.r)
		if len(p.Blockers) == 0 || p.Blockers[0].Remedies[0].Command == "" {
			return
		}
		s.approve(t)
		step, _ := reconcile.Reconcile(s.d, s.w, s.r).Step(listingStep)
		holdsRestriction(rt, s, step)
	})
}

func holdsRestriction(t interface{ Fatalf(string, ...any) }, s *shop, step plan.Step) {
	e := s.w.Listings["premium"].Entity.Val
	if step.State != plan.Ready || len(submitted(step).Options) == 0 || len(submitted(step).Options) > 50 {
		t.Fatalf("%s with %d options", step.State, len(submitted(step).Options))
	}
	before, public, after := 0, 0, e.Offered()+1-len(submitted(step).Options)
	for _, v := range e.Versions {
		gone := slices.Contains(submitted(step).Options, v.Options[0].ID)
		if gone && (s.w.Now.Sub(v.Created) < 90*24*time.Hour || strings.HasPrefix(v.Title, "Strange") || !v.Offered()) {
			t.Fatalf("%s of %s goes", v.Title, v.Created)
		}
		if e.Public(v) {
			before++
		}
		if e.Public(v) && !gone {
			public++
		}
	}
	if before > 0 && public == 0 || after != s.d.Listings[0].Limit {
		t.Fatalf("%d public ones stay, %d versions for %d", public, after, s.d.Listings[0].Limit)
	}
}

// TestFullSince: a product is full since its last version was made that used it up
// for another.
func TestFullSince(t *testing.T) {
	s := newShop(t)
	s.crowd(9) // the oldest of 400 days ago, a day each
	p := reconcile.Reconcile(s.d, s.w, s.r)
	want := s.w.Now.AddDate(0, 0, -392)
	if len(p.Blockers) != 1 || !p.Blockers[0].Since.Equal(want) || p.Blockers[0].Have != 0 || p.Blockers[0].Need != 1 {
		t.Errorf("blockers %+v, want one since %s", p.Blockers, want)
	}
}
