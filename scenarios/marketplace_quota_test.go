package scenarios

import (
	"fmt"
	"strings"
	"testing"
)

// TestQuotasOfMarketplace: no capacity for another change set, or for another
// version, in each way in which AWS may say so. With the limit in the catalog
// nothing is sent.
func TestQuotasOfMarketplace(t *testing.T) {
	t.Parallel()
	sets := "  change_sets:\n" + strings.Repeat("    - {product: prod-sparexxxxxxxx, stuck: true, started: 5h}\n", 250)
	for name, c := range map[string]struct {
		failure, sets string
		code          int
		says          []string
	}{
		"250 open change sets": {failure: "async", sets: sets, code: 1, says: []string{
			"submit to good: ServiceQuotaExceededException: The maximum number of open requests per account (250)", "hint: a Marketplace quota is exhausted: amiship listings",
		}},
		"versions, as a quota": {failure: "quota", code: 1, says: []string{
			"submit to good: ServiceQuotaExceededException", "The maximum number of versions per product is 2", "hint: a Marketplace quota is exhausted: amiship listings",
		}},
		"versions, as a mistake": {failure: "validation", code: 1, says: []string{
			"submit to good: ValidationException", "The maximum number of versions per product is 2", "hint: AWS rejected the request for the reason that is named above",
		}},
		"versions, hours later": {failure: "async", code: 20, says: []string{
			"Amiship does not know this code", "The maximum number of versions per product is 2", "amiship release v2.42.0 --resubmit",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file, world := shelf(t)
			one(t, file)
			number := 2
			if c.sets != "" {
				number = 3
			}
			world = worldWith(t, world, "scan: disk}", fmt.Sprintf("scan: disk, version_limit: {number: %d, failure: %s}}", number, c.failure))
			replaceIn(t, world, "title: Good, account: vendor, architecture: amd64", `title: Good, account: vendor, architecture: amd64, versions: [{title: "Old {n}", count: 2}]`)
			replaceIn(t, world, "  outcomes:\n", c.sets+"  outcomes:\n")
			b := startAt(t, "--world", world)
			env := b.env(t, "vendor", "")
			code, out := amiship(t, env, "release", "v2.42.0", "--file", file, "--poll", "300ms")
			wantAll(t, out, c.says)
			if code != c.code || t.Failed() {
				t.Errorf("exit %d, want %d:\n%s", code, c.code, out)
			}
			sent := started(t, b)
			fix(t, file, "good", "product: prod-goodxxxxxxxxx\n    version_limit: 2")
			code, out = amiship(t, env, "release", "v2.42.0", "--resubmit", "--file", file, "--poll", "300ms")
			if text := blocked(out, "versions/good"); code != 20 || !strings.Contains(text, "the product has 2 versions of 2") || started(t, b) != sent {
				t.Errorf("with the limit in the catalog: exit %d, %d change sets were begun:\n%s", code, started(t, b)-sent, out)
			}
		})
	}
}
