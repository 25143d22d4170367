package reconcile_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/world"
)

// market is a Marketplace just large enough for plans: one product.
type market struct {
	now      time.Time
	revision int
	versions []world.Version
	sets     []*marketSet // the oldest first
	tokens   map[string]string
	hidden   int  // how many of the newest sets no look shows yet
	calm     bool // no answer is lost any more, and nothing fails
	err      error
}

type marketSet struct {
	world.ChangeSet
	details world.SetDetails
	adds    string // title; "": none
	ami     string
	trial   bool
}

func (m *market) broken(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

func (m *market) identifier() string { return fmt.Sprintf("prod-aaaaaaaaaaaaa@%d", m.revision) }

func (m *market) pending() *marketSet {
	i := slices.IndexFunc(m.sets, func(s *marketSet) bool { return s.Pending() })
	if i < 0 {
		return nil
	}
	return m.sets[i]
}

// answer writes what a look sees into the world.
func (m *market) answer(w *world.World, q world.Query) {
	switch q.Kind {
	case world.LookListing:
		var sets []world.ChangeSet
		for _, s := range m.sets[:max(0, len(m.sets)-m.hidden)] {
			sets = append([]world.ChangeSet{s.ChangeSet}, sets...)
		}
		w.Listings[q.Listing] = world.Listing{
			Entity: known(m.now, world.Entity{Revision: m.identifier(), Title: "Product", Visibility: "Public", Versions: slices.Clone(m.versions)}),
			Sets:   known(m.now, sets[:min(len(sets), 20)]), Assessments: known(m.now, []world.Assessment(nil)),
		}
	case world.LookChangeSet:
		for _, s := range m.sets {
			if s.ID == q.Set {
				w.Sets[q.Set] = known(m.now, s.details)
			}
		}
	}
}

// submit does what StartChangeSet does: ok is false if it refuses.
func (m *market) submit(act plan.Action) (id string, ok bool) {
	c := plan.As[plan.SubmitChangeSet](act)
	if id := m.tokens[c.Token]; id != "" {
		return id, true
	}
	if m.pending() != nil || act.Guard.Product != m.identifier() {
		return "", false
	}
	var d struct{ Version struct{ VersionTitle string } }
	if err := json.Unmarshal([]byte(c.Details), &d); err != nil {
		m.broken("%s has the details %q", act.ID, c.Details)
	}
	s := m.begin(c.SetName, d.Version.VersionTitle, act.Kind() == plan.Validate)
	s.ami = c.AMI
	m.tokens[c.Token] = s.ID
	return s.ID, true
}

func (m *market) begin(name, title string, trial bool) *marketSet {
	s := &marketSet{adds: title, trial: trial, ChangeSet: world.ChangeSet{
		ID: fmt.Sprintf("cs%d", len(m.sets)+1), Name: name, Status: world.Preparing, Start: m.now,
	}}
	s.details = world.SetDetails{Changes: []world.Change{{Type: "AddDeliveryOptions", Details: `{"Version": {"VersionTitle": "` + title + `"}}`}}}
	m.sets = append(m.sets, s)
	return s
}

// move brings what is pending one state further; fault makes it fail.
func (m *market) move(fault bool) {
	s := m.pending()
	switch {
	case s == nil:
	case s.Status == world.Preparing:
		s.Status = world.Applying
	case fault:
		s.Status, s.FailureCode, s.End = world.SetFailed, world.ServerFault, m.now
	case s.trial:
		s.Status, s.End = world.Succeeded, m.now
	default:
		s.Status, s.End = world.Succeeded, m.now
		m.add(s)
	}
}

func (m *market) add(s *marketSet) {
	if slices.ContainsFunc(m.versions, func(v world.Version) bool { return v.Title == s.adds }) {
		m.broken("%s adds a second version %q", s.ID, s.adds)
	}
	m.revision++
	m.versions = append(m.versions, world.Version{
		ID: "v" + s.ID, Title: s.adds, AMI: s.ami, Created: m.now, Options: []world.Option{{ID: "o" + s.ID, Visibility: "Public"}},
	})
}

// run reconciles and acts, at most so many looks: then it is killed. An answer
// can get lost: the action was done, and the run does not hear of it.
func (m *market) run(t *rapid.T, s *shop, id string, looks int) bool {
	w, r := s.w, plan.NewRun(id)
	w.Listings, w.Sets = map[string]world.Listing{}, map[string]world.Fact[world.SetDetails]{}
	faults := 0
	for range looks {
		m.now = m.now.Add(20 * time.Minute)
		w.Now = m.now
		p := reconcile.Reconcile(s.d, w, r)
		for _, q := range p.Look {
			m.answer(&w, q)
		}
		if len(p.Look) > 0 {
			continue
		}
		if p.Complete() {
			return true
		}
		for _, step := range p.Steps {
			if step.State != plan.Ready {
				continue
			}
			made, ok := m.submit(step.Action)
			if ok && !m.calm && rapid.IntRange(0, 4).Draw(t, "lost") == 0 {
				return false // killed before the answer
			}
			if ok {
				r.Ended(step.Action, made, m.now)
			}
		}
		fault := !m.calm && faults < s.d.Listings[0].Retries && rapid.IntRange(0, 5).Draw(t, "fault") == 0
		if fault {
			faults++
		}
		m.move(fault)
		m.hidden = rapid.IntRange(0, 2).Draw(t, "hidden") * rapid.IntRange(0, 1).Draw(t, "lag")
		m.answer(&w, world.Query{Kind: world.LookListing, Listing: "premium"})
		m.hidden = 0
	}
	return false
}

// TestAVersionIsOfferedOnce kills runs, loses answers, lets Marketplace fail and
// others lock the product, and expects one version, of our AMI, and no other
// change set of ours that came to anything.
func TestAVersionIsOfferedOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := newShop(t)
		s.d.Listings[0].Retries = 100
		s.d.Listings[0].Validate = rapid.Bool().Draw(rt, "validate")
		m := &market{now: s.w.Now, revision: 7, tokens: map[string]string{}}
		for n := range rapid.IntRange(0, 5).Draw(rt, "runs") {
			if m.pending() == nil && rapid.IntRange(0, 2).Draw(rt, "stranger") == 0 {
				m.begin("somebody's", fmt.Sprintf("P 1.0.%d", n), false).ami = "ami-9"
			}
			m.run(rt, s, fmt.Sprint("run", n), rapid.IntRange(1, 12).Draw(rt, "looks"))
		}
		m.calm = true
		if !m.run(rt, s, "last", 400) {
			rt.Fatalf("the last run does not complete; sets %s", m.names())
		}
		if m.err != nil {
			rt.Fatal(m.err)
		}
		v := slices.DeleteFunc(slices.Clone(m.versions), func(v world.Version) bool { return v.Title != "P 1.2.3" })
		if len(v) != 1 || v[0].AMI != "ami-1" {
			rt.Fatalf("got %+v", v)
		}
	})
}

func (m *market) names() string {
	var out []string
	for _, s := range m.sets {
		out = append(out, s.ID+" "+s.Name+" "+s.Status+s.FailureCode)
	}
	return strings.Join(out, "\n")
}

// TestAnotherRunsChangeSetIsAdopted: whatever it was named for, as long as the
// release and the listing are ours.
func TestAnotherRunsChangeSetIsAdopted(t *testing.T) {
	s := newShop(t)
	m := &market{now: s.w.Now, revision: 7, tokens: map[string]string{}}
	step, _ := reconcile.Reconcile(s.d, s.w, s.r).Step(listingStep)
	if _, ok := m.submit(step.Action); !ok {
		t.Fatal("refused")
	}
	m.answer(&s.w, world.Query{Kind: world.LookListing, Listing: "premium"})
	again, _ := reconcile.Reconcile(s.d, s.w, plan.NewRun("another")).Step(listingStep)
	if again.State != plan.Waiting || again.Set != "cs1" {
		t.Errorf("got %s, %s", again.State, again.Set)
	}
	purpose, digest, ok := marketplace.ReadName(listingStem, submitted(step).SetName)
	if !ok || purpose != marketplace.Add || len(digest) != 12 || step.Tags()[record.TagTag] != "1:v1.2.3" {
		t.Errorf("its name is %q, its tags %v", submitted(step).SetName, step.Tags())
	}
}
