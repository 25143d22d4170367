package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// quiet is for how long an AMI must not have been launched that is made private.
const quiet = 30 * 24 * time.Hour

// demoting frees quota: the oldest public AMIs of the project become private, but
// for those that it keeps.
func (x regions) demoting(r plan.Capacity) plan.Remedy {
	rem := plan.Remedy{
		Name: "demote", Command: x.unblocking("quota/"+r.Region, "demote"),
		IAM: []string{"ec2:CreateTags", "ec2:DescribeImageAttribute", "ec2:ModifyImageAttribute"},
	}
	old := x.dispensable(r.Region)
	if len(old) < r.Missing() {
		rem.Command = ""
		rem.Cost = fmt.Sprintf("not enough: %d could be made private, %d are missing", len(old), r.Missing())
		return rem
	}
	for _, i := range old[:r.Missing()] {
		key := release.Key{Image: i.Tag(record.TagImage), Arch: i.Tag(record.TagArch), Place: release.Place{Region: r.Region}}
		act := onImage(key, i, plan.DemoteImage{Image: imageOf(i), Tags: retention.Tags(i, plan.Demote, x.w.Now)})
		act.Guard.Launched = plan.Launched(i)
		rem.Do = append(rem.Do, act)
		rem.Cost += fmt.Sprintf("makes %s (%s, %s) private; ", i.Name, i.ID, i.LaunchedAgo(x.w.Now))
	}
	rem.Cost += "new launches will fail; running instances are unaffected"
	return rem
}

// dispensable are the public AMIs of the project that could be made private, the
// oldest first: by the catalog's policy, if it has one.
func (x regions) dispensable(region string) []world.Image {
	params := x.w.Regions[region].Params
	if x.hasParameters() && !params.Known() {
		return nil
	}
	goes := x.expired(region)
	pointed := map[string]bool{}
	for _, ami := range params.Val {
		pointed[ami] = true
	}
	var out []world.Image
	for _, i := range x.here(region).project {
		if i.Public && i.Tag(record.TagTag) != x.d.Tag && i.Schema() <= record.Schema &&
			!pointed[i.ID] && goes(*i) && !x.newestOf(region, *i) {
			out = append(out, *i)
		}
	}
	slices.SortFunc(out, func(x, y world.Image) int { return cmp.Or(x.Created.Compare(y.Created), cmp.Compare(x.ID, y.ID)) })
	return out
}

// expired tells what the retention policy of the catalog does not keep. Without a
// policy it is what was not launched lately.
func (x regions) expired(region string) func(world.Image) bool {
	if x.d.Policy.Retention == nil {
		return func(i world.Image) bool { return x.w.Now.Sub(i.LastLaunched) >= quiet }
	}
	t := Retire{
		Project: x.d.Project, Regions: []string{region}, Listings: x.d.Listings, Parameters: latestOf(x.d.Variants), Policy: *x.d.Policy.Retention,
	}
	goes := map[string]bool{}
	for _, d := range t.decisions(x.facts) {
		goes[d.AMI] = !d.Kept
	}
	return func(i world.Image) bool { return goes[i.ID] }
}

// latestOf are the parameters of variants, each of which keeps what it names: no quota
// for a release is freed by what its own parameters hold.
func latestOf(variants []release.Variant) []release.Parameter {
	var out []release.Parameter
	for _, v := range variants {
		for _, p := range v.Parameters {
			out = append(out, release.Parameter{Name: p.Name, Latest: true})
		}
	}
	return out
}

// newestOf reports whether no public AMI of the same image is of a newer version.
func (x regions) newestOf(region string, i world.Image) bool {
	mine, err := release.ParseVersion(i.Tag(record.TagVersion))
	if err != nil {
		return true // not to be told: it stays
	}
	return !slices.ContainsFunc(x.here(region).byVariant[variantOf(&i)], func(o *world.Image) bool {
		if !o.Public {
			return false
		}
		other, err := release.ParseVersion(o.Tag(record.TagVersion))
		return err == nil && other.Compare(mine) > 0
	})
}

func (x regions) oursPublic(region string) int {
	n := 0
	for _, i := range x.here(region).project {
		if i.Public {
			n++
		}
	}
	return n
}
