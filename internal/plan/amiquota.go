package plan

import (
	"fmt"
	"slices"

	"amiship/internal/release"
)

// copiesLeft is how many AMIs a region is still to get of the release. While it is
// built there, that is a candidate of each variant, too.
func (b *builder) copiesLeft(region string) int {
	n := 0
	for _, v := range b.variants {
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
func (b *builder) allAMIs(t release.Target) int {
	return len(b.images(t.Region)) + b.w.Regions[t.Region].Limits.Val.Binned
}

// fullRegion: the quota of all AMIs of a region is used up, the private and the
// disabled ones and the Recycle Bin included.
func (b *builder) fullRegion(t release.Target, have, need int) Blocker {
	l := b.w.Regions[t.Region].Limits.Val
	id := "amis/" + t.Region
	return Blocker{
		ID: id, Have: max(0, l.AMIs.Limit-have), Need: need, Since: filled(made(b.images(t.Region)), l.AMIs.Limit-l.Binned-need),
		Why: fmt.Sprintf("%s: %d more AMIs needed, room for %d: quota %d, used %d", t.Region, need, max(0, l.AMIs.Limit-have), l.AMIs.Limit, have),
		Remedies: []Remedy{b.raising(id, t.Region, allAMIs, have+need*max(1, b.d.Policy.Horizon)), {
			Name: "retire", Command: "amiship retire --plan", Cost: "shows which AMIs are kept no longer, and what would become free",
		}, {
			Name: "look", Command: "aws ec2 describe-images --region " + t.Region + " --owners self --include-disabled", Cost: "shows all that the account has there",
		}},
	}
}

// keepOut shuts a region to copies as well.
func (b *builder) keepOut(t release.Target, bl Blocker) {
	b.shutRegion(t, bl)
	for i := range b.plan.Steps {
		s := &b.plan.Steps[i]
		if s.Kind != Copy || s.Target.Region != t.Region || s.Target.Account != "" || s.State != Ready {
			continue
		}
		if s.State, s.Why = Skipped, bl.Why; t.Required {
			s.State = Blocked
			b.block(bl, s.ID)
		}
		for _, v := range b.variants {
			if n := slices.IndexFunc(v.places, func(p *place) bool { return p.copied.ID == s.ID }); n >= 0 {
				v.places[n].copied = *s
			}
		}
	}
}
