package scenarios

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestADayInThreeRuns: Marketplace takes 26 hours. Three runs, of which none waits
// for it and only the first can build, offer the version once and see it shown.
func TestADayInThreeRuns(t *testing.T) {
	t.Parallel()
	m := newMarket(t, "", "", "")
	first := m.mustEnd(t, 75)
	if !strings.Contains(first, "PREPARING") {
		t.Errorf("the first run does not say what it waits for:\n%s", first)
	}
	calls := m.catalogCalls(t, 0)
	if reads := calls["DescribeEntity"]; calls["StartChangeSet"] != 1 || reads > 25 || calls["ListChangeSets"] != reads || len(calls) != 3 {
		t.Errorf("the first run calls %v; want one StartChangeSet, and two reads a look", calls)
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
		want := map[string]int{"DescribeEntity": 2, "ListChangeSets": 2}
		if diff := cmp.Diff(want, m.catalogCalls(t, before)); diff != "" {
			t.Errorf("%v later, calls of the Catalog API (-want +got):\n%s", run.after, diff)
		}
	}
	m.soldOnce(t, premiumProduct, premiumTitle, 1)
	if code, out := m.carryOn(t); code != 0 || !strings.Contains(out, "no release is open") {
		t.Errorf("afterwards: exit %d, want 0 and nothing to do\n%s", code, out)
	}
}
