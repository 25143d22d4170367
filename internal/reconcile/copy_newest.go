package reconcile

import (
	"strings"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// datedAnew notes that the AMIs of an older version are, or become, newer than those of a
// newer one: a customer who searches for the most recent AMI by a name with a wildcard finds
// the older version. AWS leaves deprecated AMIs out of such a search, and runs them.
func datedAnew(f *facts, variants []*variant) (found findings) {
	for _, v := range variants {
		var regions, commands []string
		newest := ""
		for _, p := range v.places {
			newer := f.newerPublic(v, p.Region)
			if p.account != "" || !v.Public || newer == nil || p.image != nil && (p.image.Created.Before(newer.Created) || !p.image.Deprecated.IsZero()) {
				continue
			}
			regions, newest = append(regions, p.Region), newer.Tag(record.TagVersion)
			if p.image != nil {
				commands = append(commands, plan.Line("aws", "ec2", "enable-image-deprecation", "--region", p.Region, "--image-id", p.image.ID, "--deprecate-at")+` "$(date -u +%FT%TZ)"`)
			}
		}
		if len(regions) == 0 {
			continue
		}
		do := "deprecate them once they are public"
		if len(commands) > 0 {
			do = "deprecate them at once: " + strings.Join(commands, "; ")
		}
		found.note("%s/%s: its AMIs in %s are the most recent, though %s is newer: who searches by a name with a wildcard gets %s; %s",
			v.Image, v.Arch, strings.Join(regions, ", "), newest, f.d.Version.Text, do)
	}
	return found
}

// newerPublic is the most recent public AMI of the variant in a region that is of a higher
// version; nil: there is none.
func (f *facts) newerPublic(v *variant, region string) *world.Image {
	var out *world.Image
	for _, i := range f.here(region).byVariant[v.Image+"/"+v.Arch] {
		if !i.Public || i.State != world.Available || !i.Deprecated.IsZero() || f.newestAbove([]string{i.Tag(record.TagVersion)}) == "" {
			continue
		}
		if out == nil || i.Created.After(out.Created) {
			out = i
		}
	}
	return out
}
