package reconcile

import (
	"fmt"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// publicQuota counts, once a region's limits and images are known.
func (x regions) publicQuota(t release.Target) plan.Capacity {
	limits, images := x.w.Regions[t.Region].Limits.Val, slices.Clone(x.here(t.Region).all)
	r := plan.Capacity{Region: t.Region, Limit: limits.Public.Limit, Default: limits.Public.Default, Used: limits.Binned, Reserved: x.reserved(t.Region) + x.r.Others[t.Region]}
	public := slices.DeleteFunc(images, func(i world.Image) bool { return !i.Public })
	r.Used += len(public)
	for _, v := range x.variants {
		for _, p := range v.places {
			if !v.Public || p.Region != t.Region {
				continue
			}
			r.Each++
			if p.image == nil || !p.image.Public {
				r.Needed++
			}
		}
	}
	r.Needed += r.Each * x.r.Ahead
	r.Short = filled(made(public), r.Limit-r.Needed-r.Reserved-limits.Binned)
	return r
}

// filled is when things became more than most; zero if they are not, or none may
// be there.
func filled(made []time.Time, most int) time.Time {
	if most < 0 || len(made) <= most {
		return time.Time{}
	}
	slices.SortFunc(made, time.Time.Compare)
	return made[most]
}

func made(images []world.Image) []time.Time {
	out := make([]time.Time, len(images))
	for n, i := range images {
		out[n] = i.Created
	}
	return out
}

func (x regions) publicQuotaUsed(r plan.Capacity) *plan.Blocker {
	source := "quota"
	if r.Default {
		source = "AWS's default quota"
	}
	bl := &plan.Blocker{
		ID: "quota/" + r.Region, Have: max(0, r.Free()), Need: r.Needed, Since: r.Short,
		Why: fmt.Sprintf("%s: %d public AMIs needed, capacity for %d: %s %d, used %d", r.Region, r.Needed, max(0, r.Free()), source, r.Limit, r.Used),
	}
	if r.Reserved > x.r.Others[r.Region] {
		bl.Why += fmt.Sprintf(", reserved for earlier releases %d", r.Reserved-x.r.Others[r.Region])
	}
	if n := x.r.Others[r.Region]; n > 0 {
		bl.Why += fmt.Sprintf(", for releases of other projects %d", n)
	}
	if n := adoptable(x.facts, r.Region); n > 0 {
		bl.Remedies = append(bl.Remedies, plan.Remedy{
			Name: "adopt", Command: "amiship adopt", IAM: []string{"ec2:CreateTags"},
			Cost: fmt.Sprintf("tags AMIs as the project's that look like it, %d public ones in %s; then they can be demoted", n, r.Region),
		})
	}
	want := r.Used + r.Reserved + r.Needed + r.Each*max(0, x.d.Policy.Horizon-1)
	bl.Remedies = append(bl.Remedies, x.raising(bl.ID, r.Region, publicAMIs, want), x.demoting(r))
	if r.Used > x.oursPublic(r.Region) {
		bl.Remedies = append(bl.Remedies, plan.Remedy{
			Name: "look", Command: "aws ec2 describe-images --region " + r.Region + " --owners self --filters Name=is-public,Values=true",
			Cost: fmt.Sprintf("shows the %d that Amiship has not made, and does not touch", r.Used-x.oursPublic(r.Region)),
		})
	}
	return bl
}
