package scenarios

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// worldOf is everything in a sandbox, ids and times aside: table and partition,
// then its values, sorted. Machines that are gone stay listed for a while on
// AWS, and so here; they are left out with their tags, like the distributions'
// images, which remember when they were launched, and the sandbox's book-keeping.
func worldOf(t *testing.T, b *box) map[string][]string {
	t.Helper()
	return worldBy(t, b, func(_ string, v json.RawMessage) json.RawMessage { return v })
}

// repeatedOnce is worldOf, in which a value that was put into a parameter twice in a row
// counts once: PutParameter has no condition, so two runs at once, or one whose reads lag
// behind, can't know that it was put.
func repeatedOnce(t *testing.T, b *box) map[string][]string {
	t.Helper()
	return worldBy(t, b, func(table string, v json.RawMessage) json.RawMessage {
		if table != "ssm.parameters" {
			return v
		}
		var p map[string]any
		if err := json.Unmarshal(v, &p); err != nil {
			t.Fatal(err)
		}
		value := func(version any) any { return version.(map[string]any)["Value"] }
		versions := slices.CompactFunc(p["Versions"].([]any), func(x, y any) bool { return value(x) == value(y) })
		for i, version := range versions {
			version.(map[string]any)["N"] = i + 1
		}
		p["Versions"] = versions
		out, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		return out
	})
}

func worldBy(t *testing.T, b *box, as func(table string, v json.RawMessage) json.RawMessage) map[string][]string {
	t.Helper()
	var dump map[string]map[string]map[string]json.RawMessage
	if err := json.Unmarshal([]byte(b.run(t, "sandbox", "dump", "--state", b.state)), &dump); err != nil {
		t.Fatalf("sandbox dump: %v", err)
	}
	dead := append(terminated(t, dump["ec2.instances"]), vanished(t, dump)...)
	out := map[string][]string{}
	for table, parts := range dump {
		// ec2.deregistered and marketplace.assessments: what AWS remembers of AMIs and scans that were
		if slices.Contains([]string{"clock", "credentials", "ec2.deregistered", "ec2.tokens", "marketplace.assessments", "sandbox"}, table) {
			continue
		}
		for part, values := range parts {
			for key, v := range values {
				if slices.ContainsFunc(dead, func(id string) bool { return strings.Contains(key, id) }) {
					continue
				}
				if text := anonymous(t, as(table, v)); !distribution.MatchString(text) {
					out[table+"/"+part] = append(out[table+"/"+part], text)
				}
			}
		}
	}
	for _, values := range out {
		slices.Sort(values)
	}
	return out
}

// terminated are the ids of machines that are gone.
func terminated(t *testing.T, instances map[string]map[string]json.RawMessage) []string {
	t.Helper()
	var out []string
	for _, part := range instances {
		for _, raw := range part {
			var i struct{ ID, State string }
			if err := json.Unmarshal(raw, &i); err != nil {
				t.Fatal(err)
			}
			if i.State == "terminated" || i.State == "shutting-down" {
				out = append(out, i.ID)
			}
		}
	}
	return out
}

// vanished are the ids of images and snapshots that a fault of the sandbox's has
// removed.
func vanished(t *testing.T, dump map[string]map[string]map[string]json.RawMessage) []string {
	t.Helper()
	var out []string
	for _, table := range []string{"ec2.images", "ec2.snapshots"} {
		for _, part := range dump[table] {
			for _, raw := range part {
				var v struct {
					ID   string
					Gone time.Time
				}
				if err := json.Unmarshal(raw, &v); err != nil {
					t.Fatal(err)
				}
				if !v.Gone.IsZero() {
					out = append(out, v.ID)
				}
			}
		}
	}
	return out
}

var (
	ids   = regexp.MustCompile(`\b(ami|snap|i|sg|sgr|key|vol|vpc|subnet|eni|r|eipalloc)-[0-9a-f]{8,17}\b`)
	times = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?|\b1\d{12}\b`)
)

// whoDid are marks: who did what, and when; a run that was killed in between does not know.
var whoDid = regexp.MustCompile(`"amiship:at-[^"]*":"[^"]*",?`)

// anonymous is a value without ids, times and marks.
func anonymous(t *testing.T, raw json.RawMessage) string {
	t.Helper()
	var v any // decoded and encoded again: in one order of fields
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return times.ReplaceAllString(ids.ReplaceAllString(whoDid.ReplaceAllString(string(text), ""), "$1-#"), "TIME")
}

// distribution is the owner of what is there from the beginning.
var distribution = regexp.MustCompile(`"Owner":"(136693071363|099720109477)"`)

func sameWorld(t *testing.T, want, got map[string][]string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the world differs from that of an undisturbed run (-want +got):\n%s", diff)
	}
}
