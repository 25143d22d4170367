package reconcile

import (
	"fmt"

	"amiship/internal/plan"
	"amiship/internal/release"
)

// copiesLeft is how many AMIs a region is still to get of the release. While it is
// built there, that is a candidate of each variant, too.
func (x regions) copiesLeft(region string) int {
	n := 0
	for _, v := range x.variants {
		for _, p := range v.places {
			if p.Region == region && p.image == nil {
				n++
			}
		}
		if v.Build.Region == region && v.candidate == nil && !v.anyRelease() {
			n++
		}
	}
	return n
}

// allAMIs is how many AMIs a region has, of whatever kind.
func (x regions) allAMIs(t release.Target) int {
	return len(x.here(t.Region).all) + x.w.Regions[t.Region].Limits.Val.Binned
}

// fullRegion: the quota of all AMIs of a region is used up, the private and the
// disabled ones and the Recycle Bin included.
func (x regions) fullRegion(t release.Target, have, need int) *plan.Blocker {
	l := x.w.Regions[t.Region].Limits.Val
	id := "amis/" + t.Region
	return &plan.Blocker{
		ID: id, Have: max(0, l.AMIs.Limit-have), Need: need, Since: filled(made(x.here(t.Region).all), l.AMIs.Limit-l.Binned-need),
		Why: fmt.Sprintf("%s: %d more AMIs needed, capacity for %d: quota %d, used %d", t.Region, need, max(0, l.AMIs.Limit-have), l.AMIs.Limit, have),
		Remedies: []plan.Remedy{x.raising(id, t.Region, allAMIs, have+need*max(1, x.d.Policy.Horizon)), {
			Name: "retire", Command: "amiship retire --plan", Cost: "shows which AMIs are kept no longer, and what would become free",
		}, {
			Name: "look", Command: "aws ec2 describe-images --region " + t.Region + " --owners self --include-disabled", Cost: "shows all that the account has there",
		}},
	}
}
