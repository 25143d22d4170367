package scenarios

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// somebodys is a change set that was begun before, in the portal.
func somebodys(name, status string) string {
	return "  change_sets: [{product: " + premiumProduct + ", name: " + name + ", version: \"Prometheus Premium 2.41.7\", image: Old, started: 3h, status: " + status + "}]\n"
}

// shown is what a person is shown of it: whose, when, what.
func (m *market) shown(t *testing.T, status string) string {
	t.Helper()
	set := m.sold(t).sets[0]
	return set.ID + `.*: "by hand", ` + status + `, begun ` + set.Started.UTC().Format("2006-01-02 15:04") + ` UTC, AddDeliveryOptions \(Prometheus Premium 2\.41\.7\)`
}

// TestInLineBehindSomebody: under the policy to wait, and whatever the locks,
// nothing is submitted while another user's change set is pending; a later run goes on
// by itself.
func TestInLineBehindSomebody(t *testing.T) {
	t.Parallel()
	for _, pending := range []string{"wait", "cancel"} {
		for _, locks := range []string{"strict", "fine"} {
			t.Run(pending+" "+locks, func(t *testing.T) {
				t.Parallel()
				m := newMarket(t, goods{world: somebodys("by hand", "APPLYING"), market: "locks: " + locks, listing: "    pending: " + pending + "\n"})
				if out := m.begin(t); !regexp.MustCompile("in line behind " + m.shown(t, "APPLYING")).MatchString(out) {
					t.Errorf("it does not say behind whom, %s:\n%s", m.shown(t, "APPLYING"), out)
				}
				if n := m.catalogCalls(t, 0); n["StartChangeSet"]+n["CancelChangeSet"] > 0 {
					t.Errorf("calls of the Catalog API: %v", n)
				}
				m.advance(t, 24*time.Hour) // theirs has ended
				if code, out := m.carryOn(t); code != 75 || len(m.sold(t).ours(premiumProduct)) != 1 {
					t.Fatalf("a day later: exit %d, want 75 and a change set\n%s", code, out)
				}
				m.advance(t, 26*time.Hour+time.Minute)
				if code, out := m.carryOn(t); code != 0 {
					t.Fatalf("two days later: exit %d\n%s", code, out)
				}
				m.soldOnce(t, premiumProduct, premiumTitle, 1)
				m.wasTheirs(t, "SUCCEEDED")
			})
		}
	}
}

// wasTheirs wants a status of the change set that was there first, and its version.
func (m *market) wasTheirs(t *testing.T, status string) {
	t.Helper()
	s := m.sold(t)
	want := map[string]int{"SUCCEEDED": 1}[status]
	if theirs := s.sets[0]; theirs.ours() || theirs.Status != status || len(s.titled(premiumProduct, "Prometheus Premium 2.41.7")) != want {
		t.Errorf("the other change set is %+v, want it %s", theirs, status)
	}
}

// TestStopsAtSomebodys: under the policy to stop, the release is blocked and says
// why; when the other is done, the same command goes on.
func TestStopsAtSomebodys(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{world: somebodys("by hand", "PREPARING"), listing: "    pending: stop\n"})
	out := m.mustEnd(t, 20)
	if !regexp.MustCompile("BLOCKED  pending/premium\n.*"+m.shown(t, "PREPARING")).MatchString(out) || strings.Contains(out, "--approve") {
		t.Errorf("it does not say what stands in its way, %s, or offers to cancel it:\n%s", m.shown(t, "PREPARING"), out)
	}
	m.advance(t, 27*time.Hour)
	m.begin(t)
	m.advance(t, 26*time.Hour+time.Minute)
	m.mustEnd(t, 0)
	m.soldOnce(t, premiumProduct, premiumTitle, 1)
	m.wasTheirs(t, "SUCCEEDED")
}

// TestLockedByWhatNoLookShows: another user is faster between the look and the
// request. That is no failure; the next run goes on.
func TestLockedByWhatNoLookShows(t *testing.T) {
	t.Parallel()
	m := stocked(t, goods{}).again(t)
	m.run(t, "sandbox", "fault", "--state", m.state, "--action", "StartChangeSet", "--status", "423", "--code", "ResourceInUseException",
		"--message", "Requested change set has entities locked by change sets - entity: '"+premiumProduct+"'  change sets: 0123456789abcdefghijklmno.", "--times", "1")
	out := m.begin(t)
	if strings.Contains(out, "FAILED") || !strings.Contains(out, "0123456789abcdefghijklmno") {
		t.Errorf("a failure, or not said what it waits for:\n%s", out)
	}
	if code, out := m.carryOn(t); code != 75 || len(m.sold(t).ours(premiumProduct)) != 1 {
		t.Fatalf("the next run: exit %d, want 75 and a change set\n%s", code, out)
	}
	m.carriesOn(t, true)
}

// TestListingsDoNotWaitForEachOther: one is behind another user's change set that
// never ends, the other is sold.
func TestListingsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{world: "  change_sets: [{product: " + premiumProduct + ", name: by hand, stuck: true}]\n"})
	m.alsoListed(t, listingOf("plus", plusProduct, "Prometheus Plus {version}", ""))
	m.begin(t)
	m.advance(t, 26*time.Hour+time.Minute)
	code, out := m.carryOn(t)
	if code != 75 || !strings.Contains(out, "in line behind") {
		t.Fatalf("a day later: exit %d, want 75 behind the one that is stuck\n%s", code, out)
	}
	m.soldOnce(t, plusProduct, "Prometheus Plus 2.42.0", 1)
	m.notOffered(t, premiumProduct)
}

// notOffered: nothing of ours has come of it.
func (m *market) notOffered(t *testing.T, product string) {
	t.Helper()
	if s := m.sold(t); len(s.ours(product)) > 0 || len(s.titled(product, premiumTitle)) > 0 {
		t.Errorf("%s has %+v and %+v", product, s.ours(product), s.titled(product, premiumTitle))
	}
}

// carriesOn ends a release that was not blocked.
func (m *market) carriesOn(t *testing.T, goes bool) {
	t.Helper()
	if !goes {
		if got := m.sold(t).ours(premiumProduct); len(got) > 0 {
			t.Errorf("submitted all the same: %+v", got)
		}
		return
	}
	for range 3 {
		m.advance(t, 26*time.Hour+time.Minute)
		if code, _ := m.carryOn(t); code == 0 {
			break
		}
	}
	m.soldOnce(t, premiumProduct, premiumTitle, 1)
}
