package reconcile

import (
	"maps"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/release"
)

// Unmatched returns which approvals match nothing: those of what the release does not have,
// or of which something else is there now than was approved, and all that a plan which was
// made with them could still be approved of. What was approved and is done since matches:
// the same command continues a run.
func Unmatched(p plan.Plan, d release.Desired, given map[plan.ID]string) (wrong, could []string) {
	offered := map[plan.ID]bool{}
	for _, bl := range p.Blockers {
		for _, r := range bl.Remedies {
			for _, a := range r.Approve {
				id, _, _ := strings.Cut(a, "@")
				offered[plan.ID(id)] = true
				could = append(could, a)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(given)) {
		if offered[id] || !approvable(p, d, id) {
			wrong = append(wrong, plan.Approval(id, given[id]))
		}
	}
	slices.Sort(could)
	return wrong, slices.Compact(could)
}

// approvable reports whether a release has, or may have had, something of that id that is
// approved of.
func approvable(p plan.Plan, d release.Desired, id plan.ID) bool {
	if _, there := p.Step(id); there || id == plan.FreezeStep || id == Policy && d.Policy.Retire {
		return true
	}
	if slices.ContainsFunc(d.Variants, func(v release.Variant) bool { return plan.ID(packageID(v)) == id }) {
		return true
	}
	return slices.ContainsFunc(d.Listings, func(l release.Listing) bool {
		return strings.HasPrefix(string(id), string(plan.StepID(plan.Cancel, l.Key(), ""))) || id == plan.RestrictStep(l.Key())
	})
}

// approvalBlocker is the id of the blocker of an approval that matches nothing.
const approvalBlocker = "approval"

// Refused holds every step of a plan that was made with approvals, if one of them matches
// nothing: who typed it has seen something else than what is there.
func Refused(p plan.Plan, d release.Desired, given map[plan.ID]string) plan.Plan {
	wrong, could := Unmatched(p, d, given)
	if len(wrong) == 0 || p.Complete() {
		return p
	}
	why := "--approve " + strings.Join(wrong, ", ") + " matches nothing; nothing could be approved"
	if len(could) > 0 {
		why = strings.TrimSuffix(why, "nothing could be approved") + "could be approved: " + strings.Join(could, ", ")
	}
	return heldBy(p, plan.Blocker{ID: approvalBlocker, Why: why, Remedies: []plan.Remedy{{
		Name: "without", Command: "the same command without that, or with what is there now", Words: true, Cost: "nothing",
	}}})
}
