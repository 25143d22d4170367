package reconcile

import (
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// nameTaken: an own AMI has the public name and is not ours. Two of a name
// would confuse every customer who searches by it.
func (x copies) nameTaken(v *variant, p *place, s plan.Step) *verdict {
	for _, named := range x.inventory(p.at()).byName[v.Name] {
		i := *named
		if i.State == world.Failed || x.isRelease(v.Variant, i) || x.compareBuild(v.Variant, i) < 0 {
			continue
		}
		why := i.ID + " has the name " + v.Name + " and was not made by this release"
		if i.Schema() > 0 {
			why += " but by that of " + record.OwnerOf(i.Tags)
		}
		if tags := i.Unreadable(p.Region); tags != "" {
			why += "; " + tags
		}
		bl := plan.Blocker{ID: "name/" + s.Target.String(), Why: why + " (" + p.Region + ")", Since: i.Created, Remedies: freeName(v.Variant, p.Region, i)}
		out := decided(copyIs(s, i.ID), plan.Blocked, why).blockedBy(bl)
		if p.Required && p.account == "" {
			out.closed = append(out.closed, bl)
		}
		return out
	}
	return nil
}

// freeName are the ways to a name that nothing else has. What Amiship published, for
// whichever project, customers may use: it is not to be deregistered for that.
func freeName(v release.Variant, region string, i world.Image) []plan.Remedy {
	rename := plan.Remedy{
		Name: "rename", Command: "change name of the image " + v.Image + " in amiship.yaml",
		Cost: "this release gets another name; " + i.ID + " stays as it is",
	}
	if i.Schema() > 0 {
		rename.Cost += ", of " + record.OwnerOf(i.Tags)
		return []plan.Remedy{rename}
	}
	return []plan.Remedy{rename, {
		Name: "deregister", Command: "aws ec2 deregister-image --region " + region + " --image-id " + i.ID,
		Cost: "new launches of that AMI will fail; Amiship did not make it",
	}}
}
