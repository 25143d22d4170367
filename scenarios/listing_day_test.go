package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestADayInThreeRuns: Marketplace takes 26 hours. Three runs, of which none waits
// for it and only the first can build, offer the version once and see it shown.
func TestADayInThreeRuns(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{})
	first := m.mustEnd(t, 75)
	if !strings.Contains(first, "PREPARING") {
		t.Errorf("the first run does not say what it waits for:\n%s", first)
	}
	calls := m.catalogCalls(t, 0)
	if reads := calls["DescribeEntity"]; calls["StartChangeSet"] != 1 || reads > 25 || calls["ListChangeSets"] != reads || calls["ListAssessments"] > 1 || len(calls) > 4 {
		t.Errorf("the first run calls %v; want one StartChangeSet, two reads a look, and the assessments once", calls)
	}
	for _, run := range []struct {
		after time.Duration
		code  int
		shows string
	}{
		{13 * time.Hour, 75, "PREPARING"},
		{13*time.Hour + time.Minute, 0, premiumTitle},
	} {
		m.advance(t, run.after)
		before, began := len(m.calls(t, 0)), time.Now()
		code, out := m.carryOn(t)
		if code != run.code || !strings.Contains(out, run.shows) {
			t.Fatalf("%v later: exit %d, want %d and %q\n%s", run.after, code, run.code, run.shows, out)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%v later, the run took %v", run.after, took)
		}
		// One look for which releases are open, one for this one.
		want := map[string]int{"DescribeEntity": 2, "ListChangeSets": 2, "ListAssessments": 1}
		if diff := cmp.Diff(want, m.catalogCalls(t, before)); diff != "" {
			t.Errorf("%v later, calls of the Catalog API (-want +got):\n%s", run.after, diff)
		}
	}
	m.soldOnce(t, premiumProduct, premiumTitle, 1)
	if code, out := m.carryOn(t); code != 0 || !strings.Contains(out, "no release is open") {
		t.Errorf("afterwards: exit %d, want 0 and nothing to do\n%s", code, out)
	}
}

// unknowns are the values of the settings for what is not known of
// AWS: a version costs so many change sets, and so many half days.
func unknowns() map[string]struct {
	goods
	sets, halfDays int
} {
	type row = struct {
		goods
		sets, halfDays int
	}
	out := map[string]row{
		"validated first":                {goods{listing: "    validate: true\n"}, 2, 4},
		"validated first, finer locks":   {goods{listing: "    validate: true\n", market: "locks: fine"}, 2, 4},
		"images show late":               {goods{ec2: "lag: 500s"}, 1, 2},
		"the catalog's limit is reached": {goods{listing: "    version_limit: 2\n"}, 1, 2},
		// The scan itself needs disks, which the rehearsal has.
		"as is usual": {goods{market: "locks: strict, cancel_refusal: in_use, ingestion: role-or-share, scan: off, scan_report: url"}, 1, 2},
		"otherwise": {goods{
			market: "locks: fine, cancel_refusal: validation, ingestion: role, scan_report: text, operating_systems: [DEBIAN], open: 1, retention: 1h",
		}, 1, 2},
	}
	for _, failure := range []string{"async", "quota", "validation"} {
		limit := "version_limit: {number: %d, counts_restricted: %v, failure: " + failure + "}"
		out["capacity for one more, "+failure] = row{goods{market: fmt.Sprintf(limit, 2, false)}, 1, 2}
		out["capacity for one more, restricted ones count, "+failure] = row{goods{market: fmt.Sprintf(limit, 3, true)}, 1, 2}
	}
	for _, limit := range []string{"queue", "fail", "refuse"} {
		out["copies over the limit: "+limit] = row{goods{ec2: "snapshot_copies: 1, copy_image_limit: " + limit}, 1, 2}
	}
	return out
}

// otherImages are copied beside the one that is listed.
const otherImages = `
  plain: {arch: [amd64], name: "Prometheus {version}", checks: [{run: "true"}]}
  plus: {arch: [amd64], name: "Prometheus {version} Plus", checks: [{run: "true"}]}

listings:
`

// TestADayUnderUnknowns: whatever AWS does, a version is offered and seen once.
func TestADayUnderUnknowns(t *testing.T) {
	t.Parallel()
	for name, c := range unknowns() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, c.goods)
			if strings.Contains(c.ec2, "snapshot_copies") {
				replaceIn(t, m.file(), "\n\nlistings:\n", otherImages)
			}
			m.untilOffered(t)
			for n := 1; ; n++ {
				m.advance(t, 13*time.Hour+time.Minute)
				before := len(m.calls(t, 0))
				code, out := m.carryOn(t)
				if reads := m.catalogCalls(t, before); reads["DescribeEntity"] > 3 || reads["ListChangeSets"] > 3 || reads["DescribeChangeSet"] > 0 {
					t.Errorf("half a day %d: calls of the Catalog API %v", n, reads)
				}
				if code == 0 && n == c.halfDays {
					break
				}
				if code != 75 || n >= c.halfDays {
					t.Fatalf("half a day %d of %d: exit %d\n%s", n, c.halfDays, code, out)
				}
			}
			m.soldOnce(t, premiumProduct, premiumTitle, c.sets)
			if n := m.catalogCalls(t, 0)["StartChangeSet"]; n != c.sets {
				t.Errorf("%d calls of StartChangeSet, want %d", n, c.sets)
			}
		})
	}
}

// untilOffered runs the release until a change set is begun: where regions take
// few copies, one run after the other does a part.
func (m *market) untilOffered(t *testing.T) {
	t.Helper()
	for range 5 {
		code, out := m.release(t, "--until", "shared")
		if code == 0 {
			m.mustEnd(t, 75, "--wait", "0s")
			return
		}
		if code != 75 {
			t.Fatalf("exit %d, want 75\n%s", code, out)
		}
	}
	t.Fatal("the AMIs are not there after five runs")
}

// TestADayWithoutTheCandidate: a sweep removes it while Marketplace works. The
// change set alone says that the release is open.
func TestADayWithoutTheCandidate(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{})
	m.mustEnd(t, 75)
	if code, out := ends(t, m.command(t, false, "sweep", "--yes", "--older", "0s")); code != 0 || !strings.Contains(out, "amiship-prometheus-premium-amd64") {
		t.Fatalf("sweep: exit %d, want the candidate swept\n%s", code, out)
	}
	for _, want := range []struct {
		code int
		says string
	}{{75, "PREPARING"}, {0, "no release is open"}} {
		m.advance(t, 13*time.Hour+time.Minute)
		if code, out := m.carryOn(t); code != want.code || !strings.Contains(out, want.says) {
			t.Fatalf("exit %d, want %d and %q\n%s", code, want.code, want.says, out)
		}
	}
	m.soldOnce(t, premiumProduct, premiumTitle, 1)
}
