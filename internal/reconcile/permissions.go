package reconcile

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/world"
)

// permissions finds what the caller may not do, before it builds: a release that
// ends in the middle for it has cost machines and leaves things behind. Who looks
// further ahead may be a caller who is only allowed to read. planned are the steps that may
// need it.
func permissions(f *facts, variants []*variant, planned []plan.Step) (found findings) {
	builds := slices.ContainsFunc(variants, func(v *variant) bool { return v.builds })
	if !builds || f.r.Ahead > 0 {
		return found
	}
	planned = slices.Clone(planned)
	for _, v := range variants {
		if v.start != nil {
			planned = append(planned, *v.start)
		}
	}
	where := map[string][]string{} // by action
	for _, region := range f.d.Regions() {
		reg := f.w.Regions[region]
		if !f.imagesIn(region).Known() {
			continue
		}
		need(&found, world.Query{Kind: world.LookDenied, Region: region}, reg.Denied)
		for action := range reg.Denied.Val {
			where[action] = append(where[action], region)
		}
	}
	for _, action := range slices.Sorted(maps.Keys(where)) {
		found.include(forbidden(f, action, where[action], planned))
	}
	return found
}

// forbidden blocks the steps that need an action, in the regions where it is
// denied.
func forbidden(f *facts, action string, regions []string, planned []plan.Step) (found findings) {
	slices.Sort(regions)
	bl := plan.Blocker{
		ID:  "permission/" + action,
		Why: fmt.Sprintf("the caller may not %s in %s: %s", action, strings.Join(regions, ", "), f.w.Regions[regions[0]].Denied.Val[action]),
		Remedies: []plan.Remedy{{
			Name: "allow", Command: "add " + action + " to the IAM policy of the current caller", IAM: []string{action},
			Cost: "nothing; then run " + f.command() + " again",
		}},
	}
	holds := false
	for _, s := range planned {
		if s.State == plan.Done || s.State == plan.Skipped || !s.Kind().Needs(action) || !slices.Contains(regions, s.Target.Region) {
			continue
		}
		found.block(bl, s.ID)
		holds = holds || s.Required
	}
	if holds {
		found.closed = append(found.closed, bl)
	}
	return found
}
