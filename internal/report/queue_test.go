package report

import (
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
)

// TestQueues: a patch day's plans, of which each has its own version, show one queue.
func TestQueues(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	var desired []release.Desired
	var plans []plan.Plan
	for _, v := range []string{"1.10.0", "1.9.1", "1.8.2"} {
		q := plan.Queue{Listing: "ce", Took: 5 * time.Hour, Versions: []plan.Turn{{Tag: "v" + v, Version: v}}, Newest: "1.9.0"}
		desired = append(desired, release.Desired{Tag: "v" + v})
		plans = append(plans, plan.Plan{Tag: "v" + v, Now: now, Queues: []plan.Queue{q.Expect(now)}})
	}
	var b strings.Builder
	NewTotals(desired, plans).Write(&b)
	const want = `  queue    ce: a version takes about 5h0m0s; buyers are offered 1.10.0 first in the end
             1  v1.8.2   in line  expected by 2026-11-24 17:00 UTC
             2  v1.9.1   in line  expected by 2026-11-24 22:00 UTC
             3  v1.10.0  in line  expected by 2026-11-25 03:00 UTC
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
	plans[0].Queues[0].Latest = true
	if got := plan.Queues(plans)[0].Versions; len(got) != 1 || got[0].Tag != "v1.10.0" {
		t.Errorf("a listing of the latest alone has the queue %+v", got)
	}
	b.Reset()
	for _, p := range plans {
		queues(&b, p.Queues)
	}
	if !strings.Contains(b.String(), "buyers are offered 1.8.2 first") || strings.Contains(b.String(), "1.10.0") {
		t.Errorf("a version alone is shown only if a newer one is there:\n%s", b.String())
	}
}
