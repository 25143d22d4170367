package apply

import (
	"testing"

	"amiship/internal/plan"
)

// TestEveryKindHasAnApplier: what a plan may contain can be done, and nothing else.
func TestEveryKindHasAnApplier(t *testing.T) {
	appliers := (&Applier{}).appliers()
	known := map[plan.Kind]bool{}
	for _, k := range plan.Kinds() {
		known[k] = true
		if (appliers[k] == nil) != k.Passive() {
			t.Errorf("applier for %s: %v", k, appliers[k] != nil)
		}
	}
	for k := range appliers {
		if !known[k] {
			t.Errorf("an applier for %q, which is no kind", k)
		}
	}
}
