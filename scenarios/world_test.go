package scenarios

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// worldOf is everything in a sandbox, ids and times aside: table and partition,
// then its values, sorted. Machines that are gone stay listed for a while on
// AWS, and so here; they are left out, like the sandbox's own book-keeping.
func worldOf(t *testing.T, b *box) map[string][]string {
	t.Helper()
	var dump map[string]map[string]map[string]json.RawMessage
	if err := json.Unmarshal([]byte(b.run(t, "sandbox", "dump", "--state", b.state)), &dump); err != nil {
		t.Fatalf("sandbox dump: %v", err)
	}
	out := map[string][]string{}
	for table, parts := range dump {
		if slices.Contains([]string{"clock", "credentials", "tokens", "meta"}, table) {
			continue
		}
		for part, values := range parts {
			for _, v := range values {
				if text := anonymous(t, v); text != "" {
					key := table + "/" + part
					out[key] = append(out[key], text)
				}
			}
		}
	}
	for _, values := range out {
		slices.Sort(values)
	}
	return out
}

var (
	ids   = regexp.MustCompile(`\b(ami|snap|i|sg|sgr|key|vol|vpc|subnet|eni|r|eipalloc)-[0-9a-f]{8,17}\b`)
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?`)
)

// anonymous is a value without ids and times, or "" if it is gone.
func anonymous(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	if m, ok := v.(map[string]any); ok && gone(m) {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return times.ReplaceAllString(ids.ReplaceAllString(string(text), "$1-#"), "TIME")
}

// gone reports whether a value is that of a machine that was terminated.
func gone(m map[string]any) bool {
	for k, v := range m {
		if s, ok := v.(string); ok && strings.EqualFold(k, "state") && (s == "terminated" || s == "shutting-down") {
			return true
		}
	}
	return false
}

func sameWorld(t *testing.T, want, got map[string][]string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the world differs from that of a run that nobody disturbed (-want +got):\n%s", diff)
	}
}
