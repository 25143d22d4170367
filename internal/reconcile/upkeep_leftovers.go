package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"amiship/internal/record"
	"amiship/internal/world"
)

// Leftovers says, by region, what runs of a project that died have left: what a read
// shows as expired. Only a second one proves it.
func Leftovers(project string, w world.World) []string {
	var out []string
	for _, region := range slices.Sorted(maps.Keys(w.Regions)) {
		for _, c := range w.Regions[region].Claims.Val {
			if c.Expired() && record.OfProject(project, c.Name, c.Tags) {
				out = append(out, region+": "+LeftOver(c))
			}
		}
	}
	return out
}

// LeftOver says of an expired claim whose it was and what costs money under it:
// "claim amiship-…, not renewed for 26h0m0s, with i-0ab". It says the same in each read
// until the claim is ended.
func LeftOver(c world.Claim) string {
	what := "nothing under it"
	if len(c.Instances) > 0 {
		what = "with " + strings.Join(c.Instances, ", ")
	}
	how := "which does not say when it was renewed"
	if !c.Alive.IsZero() {
		how = fmt.Sprintf("not renewed for %s", c.Since.Sub(c.Alive).Round(time.Second))
	}
	return "claim " + c.Name + ", " + how + ", " + what
}
