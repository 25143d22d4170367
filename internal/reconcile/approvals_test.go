package reconcile

import (
	"slices"
	"strings"
	"testing"

	"amiship/internal/plan"
	"amiship/internal/release"
)

// TestApprovalsThatMatchNothing: an approval of something else than what is there, or of
// nothing that the release has, holds everything, and says what could be approved; what was
// approved and is done since holds nothing.
func TestApprovalsThatMatchNothing(t *testing.T) {
	key := release.Key{Image: "p", Arch: "amd64", Place: release.Place{Region: "us-east-1"}}
	copied := plan.Step{State: plan.Ready, Action: plan.Action{ID: "copy/p/amd64/us-east-1", Target: key, Change: plan.CopyImage{}}}
	d := release.Desired{
		Variants: []release.Variant{{Image: "p", Arch: "amd64"}}, Listings: []release.Listing{{Name: "basic"}},
	}
	p := plan.Plan{Steps: []plan.Step{copied}, Blockers: []plan.Blocker{{ID: "parameter/x", Remedies: []plan.Remedy{
		plan.Approving("amiship release v1", []string{"parameter/p/x@2"}, plan.Remedy{Name: "approve"}),
	}}}}
	for name, c := range map[string]struct {
		given string
		held  bool
	}{
		"none":                    {"", false},
		"another digest":          {"parameter/p/x@1", true},
		"mistyped":                {"parmeter/p/x@2", true},
		"a cancellation, done":    {"cancel/basic/abc@1", false},
		"of another listing":      {"cancel/premium/abc@1", true},
		"a restriction, done":     {"restrict/basic@1", false},
		"a package, done":         {"package/p/amd64@1", false},
		"a package of no image":   {"package/q/amd64@1", true},
		"a freeze that is over":   {"freeze@1", false},
		"the policy of no retire": {"keep@1", true},
		"a step that is there":    {"copy/p/amd64/us-east-1@1", false},
	} {
		given := map[plan.ID]string{}
		if id, digest, ok := strings.Cut(c.given, "@"); ok {
			given[plan.ID(id)] = digest
		}
		got := Refused(p, d, given)
		i := slices.IndexFunc(got.Blockers, func(bl plan.Blocker) bool { return bl.ID == approvalBlocker })
		if got.Held != c.held || (got.Steps[0].State == plan.Ready) == c.held || (i >= 0) != c.held {
			t.Errorf("%s: held %v, want %v: %+v", name, got.Held, c.held, got.Blockers)
		}
		if want := "--approve " + c.given + " matches nothing; could be approved: parameter/p/x@2"; i >= 0 && got.Blockers[i].Why != want {
			t.Errorf("%s: it says %s", name, got.Blockers[i].Why)
		}
	}
}
