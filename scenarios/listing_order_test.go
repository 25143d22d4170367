package scenarios

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// patches are the tags of a patch day, by version.
var patches = []string{"2.41.4", "2.42.3", "2.43.2", "2.44.1", "2.45.0", "2.45.1"}

// beforeThem is a change set by which the time that the next ones take is known.
const beforeThem = `  change_sets: [{product: prod-premium123456, name: by hand, status: SUCCEEDED, type: UpdateInformation, started: 40d, took: 26h, details: {ShortDescription: New.}}]
`

// atOnce runs a release of each version at the same time, the newest first.
func (m *market) atOnce(t *testing.T, versions []string, args ...string) map[string]string {
	t.Helper()
	var mu sync.Mutex
	said := map[string]string{}
	var all sync.WaitGroup
	for _, v := range slices.Backward(versions) {
		cmd := m.command(t, true, append([]string{"release", "v" + v, "--poll", "200ms"}, args...)...)
		all.Go(func() {
			out, _ := cmd.CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			said[v] = fmt.Sprintf("%s=> %d\n", out, cmd.ProcessState.ExitCode())
		})
	}
	all.Wait()
	return said
}

// tags are those of versions, as arguments of a command.
func tags(versions []string) []string {
	var out []string
	for _, v := range versions {
		out = append(out, "v"+v)
	}
	return out
}

// TestPatchDay: six tags at once, and one listing of all versions. However their runs are
// mixed, the listing gets the versions in their order, and all six complete.
func TestPatchDay(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{world: beforeThem, listing: "    only: all\n    pending: stop\n"})
	m.serves(t, patches...)
	_, out := ends(t, m.command(t, true, append([]string{"plan"}, tags(patches)...)...))
	if queue := queueOf(out); !slices.Equal(queue, tags(patches)) || strings.Count(out, "expected by 2") < len(patches) {
		t.Errorf("before anything is there, the plan has the queue %q\n%s", queue, out)
	}
	for v, out := range m.atOnce(t, patches, "--until", "shared", "--wait", "30s") {
		if !strings.Contains(out, "=> 0\n") {
			t.Fatalf("%s is not prepared:\n%s", v, out)
		}
	}
	for v, out := range m.atOnce(t, patches, "--wait", "3s") {
		if !strings.Contains(out, "=> 75\n") {
			t.Errorf("%s:\n%s", v, out)
		}
	}
	if n := m.catalogCalls(t, 0)["StartChangeSet"]; n != 1 {
		t.Errorf("%d change sets are begun, want the oldest's", n)
	}
	_, out = ends(t, m.command(t, true, append([]string{"plan"}, tags(patches)...)...))
	if queue := queueOf(out); !slices.Equal(queue, tags(patches)) || !regexp.MustCompile(`1 +v2\.41\.4 +submitted +expected by 2`).MatchString(out) {
		t.Errorf("while the first is submitted, the plan has the queue %q\n%s", queue, out)
	}
	m.untilNoneIsOpen(t, len(patches)+1)
	m.soldInOrder(t, patches)
	if n := m.catalogCalls(t, 0)["StartChangeSet"]; n != len(patches) {
		t.Errorf("%d change sets, want one of each", n)
	}
}

// queueOf are the tags of the last queue that is shown.
func queueOf(out string) (queue []string) {
	_, out, _ = strings.Cut(out, "releases together\n")
	for _, m := range regexp.MustCompile(`(?m)^ +\d +(v\S+) +(?:submitted|in line)`).FindAllStringSubmatch(out, -1) {
		queue = append(queue, m[1])
	}
	return queue
}

// untilNoneIsOpen is a schedule that runs as often as Marketplace ends a change set.
func (m *market) untilNoneIsOpen(t *testing.T, days int) {
	t.Helper()
	for range days {
		m.advance(t, 26*time.Hour+time.Minute)
		code, out := m.carryOn(t)
		if code == 0 && strings.Contains(out, "no release is open") {
			return
		}
		if code != 0 && code != 75 {
			t.Fatalf("exit %d\n%s", code, out)
		}
	}
	if code, out := m.carryOn(t); code != 0 || !strings.Contains(out, "no release is open") {
		t.Fatalf("after %d days: exit %d\n%s", days, code, out)
	}
}

// soldInOrder wants the versions of a product that were added last.
func (m *market) soldInOrder(t *testing.T, versions []string) {
	t.Helper()
	var got []string
	for _, v := range m.sold(t).versions[premiumProduct] {
		got = append(got, strings.TrimPrefix(v.Title, "Prometheus Premium "))
	}
	if got = got[max(0, len(got)-len(versions)):]; !slices.Equal(got, versions) {
		t.Errorf("the product got the versions %q, want %q", got, versions)
	}
}

// TestNobodyRunsTheOlder: a version waits for an older release that was prepared, for as long
// as the catalog says, and shows what it waits for; then it goes ahead, and says so.
func TestNobodyRunsTheOlder(t *testing.T) {
	t.Parallel()
	m := newMarket(t, goods{listing: "    only: all\n    wait_for_older: 12h\n"})
	m.serves(t, "2.42.0", "2.41.9")
	prepared := m.atOnce(t, []string{"2.41.9", "2.42.0"}, "--until", "shared", "--wait", "30s")
	out := m.mustEnd(t, 75, "--wait", "0s")
	if !strings.Contains(out, "order of listing premium: in line behind v2.41.9 (not submitted yet), until ") {
		t.Fatalf("the older one is not waited for:\n%s\n%s", prepared, out)
	}
	for _, args := range [][]string{{"plan", "v2.42.0"}, {"explain", "v2.42.0"}, {"status", "v2.42.0"}, {"blockers", "v2.42.0"}} {
		if _, out := ends(t, m.command(t, true, args...)); strings.Count(out, "waiting  order of listing premium: in line behind v2.41.9") > 1 || !strings.Contains(out, "in line behind v2.41.9") {
			t.Errorf("amiship %s:\n%s", strings.Join(args, " "), out)
		}
	}
	m.advance(t, 11*time.Hour)
	m.mustEnd(t, 75, "--wait", "0s")
	if n := m.catalogCalls(t, 0)["StartChangeSet"]; n != 0 {
		t.Fatalf("%d change sets are begun before the time is over", n)
	}
	m.advance(t, 2*time.Hour)
	if _, out := ends(t, m.command(t, true, "plan", "v2.42.0")); !strings.Contains(out, "premium: goes ahead of an older release: v2.41.9 was not submitted by ") {
		t.Errorf("what is skipped is not told:\n%s", out)
	}
	if out := m.mustEnd(t, 75, "--wait", "0s"); !strings.Contains(out, "PREPARING") {
		t.Errorf("it does not go ahead:\n%s", out)
	}
	if _, out := ends(t, m.command(t, true, "plan", "v2.41.9")); !strings.Contains(out, "premium: buyers are offered 2.41.9 first, though it is not the newest") {
		t.Errorf("what buyers will see is not told:\n%s", out)
	}
	m.untilNoneIsOpen(t, 3)
	m.soldInOrder(t, []string{"2.42.0", "2.41.9"})
}
