package reconcile

import (
	"cmp"
	"slices"
	"strconv"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// compareBuild compares an image with what this release makes of a variant: -1 if it
// is of a lower build of the same version, under the same name; 1 if of a higher
// one; 0 if it is neither.
func (f *facts) compareBuild(v release.Variant, i world.Image) int {
	if i.Name != v.Name || i.State == world.Failed || i.Tag(record.TagTag) == f.d.Tag ||
		i.Tag(record.TagProject) != f.d.Project || i.Tag(record.TagImage) != v.Image || i.Tag(record.TagArch) != v.Arch ||
		!record.Released(i.Tag(record.TagStage)) || i.Tag(record.TagVersion) != f.d.Version.Text {
		return 0
	}
	build, err := strconv.ParseUint(i.Tag(record.TagBuild), 10, 64)
	if err != nil {
		return 0
	}
	return cmp.Compare(build, f.d.BuildNumber)
}

// obsolete says why a release is not published, or not a second time; "" if it may be.
func (f *facts) obsolete() string {
	if by := f.successor(); by != "" {
		return by + " has replaced it"
	}
	return f.ended()
}

// successor is the tag of a release that has begun to replace this one, or "".
func (f *facts) successor() string {
	for _, v := range f.d.Variants {
		for _, t := range f.d.Targets {
			images := f.here(t.Region).byVariant[v.Image+"/"+v.Arch]
			if i := slices.IndexFunc(images, func(i *world.Image) bool { return f.compareBuild(v, *i) > 0 }); i >= 0 {
				return images[i].Tag(record.TagTag)
			}
		}
	}
	return ""
}

// ended says that the release was withdrawn, or is no longer kept.
func (f *facts) ended() string {
	for _, t := range f.d.Targets {
		for _, i := range f.here(t.Region).byTag[f.d.Tag] {
			if !record.Over(i.Tag(record.TagStage)) {
				continue
			}
			if stage := i.Tag(record.TagStage); stage != record.StageWithdrawn {
				return "it is no longer kept: " + i.ID + " in " + t.Region + " is " + stage
			}
			return "it was withdrawn: " + i.Tag(record.TagWhy)
		}
	}
	return ""
}

// replace removes what this release replaces in a region, once its own AMI is there for the
// users of the other: first it is made private, then it is deregistered.
func (x publication) replace(v *variant, p *place) {
	before := p.params
	for _, s := range []*plan.Step{p.restorable, p.published} {
		if s != nil {
			before = append(before, *s)
		}
	}
	var after []plan.ID
	for _, s := range before {
		if s.State != plan.Done {
			after = append(after, s.ID)
		}
	}
	if len(after) == 0 {
		after = p.before(x.open)
	}
	skipped := p.copied.State == plan.Skipped || p.share.State == plan.Skipped
	for _, i := range p.replaced {
		s := plan.Step{State: plan.Ready, Required: p.Required, After: after, Action: onImage(v.Key(p.Region), i, plan.RemoveImage{Image: imageOf(i)})}
		if i.Public {
			s.Action = onImage(v.Key(p.Region), i, plan.DemoteImage{Image: imageOf(i)})
		}
		switch {
		case skipped:
			s.State, s.After, s.Why = plan.Skipped, nil, cmp.Or(p.copied.Why, p.share.Why)
		case len(after) > 0:
			s.State = plan.Queued
		}
		s = x.add(s)
		if i.Public && !skipped {
			x.add(plan.Step{State: plan.Queued, Required: p.Required, After: []plan.ID{s.ID}, Action: onImage(v.Key(p.Region), i, plan.RemoveImage{Image: imageOf(i)})})
		}
	}
}

// onImage is an action on an AMI that is as it was read.
func onImage(key release.Key, i world.Image, c plan.Change) plan.Action {
	return plan.Action{ID: plan.StepID(c.Kind(), key, i.ID), Target: key, Guard: plan.Guard{Image: plan.Seen(i)}, Change: c}
}

func imageOf(i world.Image) plan.Image { return plan.Image{AMI: i.ID, Name: i.Name} }
