package plan

import (
	"cmp"
	"slices"
	"strconv"

	"amiship/internal/release"
	"amiship/internal/world"
)

// rival compares an image with what this release makes of a variant: -1 if it
// is of a lower build of the same version, under the same name; 1 if of a higher
// one; 0 if it is neither.
func (b *builder) rival(v release.Variant, i world.Image) int {
	if i.Name != v.Name || i.State == world.Failed || i.Tag(release.TagTag) == b.d.Tag ||
		i.Tag(release.TagProject) != b.d.Project || i.Tag(release.TagImage) != v.Image || i.Tag(release.TagArch) != v.Arch ||
		!release.Released(i.Tag(release.TagStage)) || i.Tag(release.TagVersion) != b.d.Version.Text {
		return 0
	}
	build, err := strconv.ParseUint(i.Tag(release.TagBuild), 10, 64)
	if err != nil {
		return 0
	}
	return cmp.Compare(build, b.d.BuildNumber)
}

// successor is the tag of a release that has begun to replace this one, or "".
func (b *builder) successor() string {
	for _, v := range b.d.Variants {
		for _, t := range b.d.Targets {
			images := b.images(t.Region)
			if i := slices.IndexFunc(images, func(i world.Image) bool { return b.rival(v, i) > 0 }); i >= 0 {
				return images[i].Tag(release.TagTag)
			}
		}
	}
	return ""
}

// over says that the release was withdrawn, or is no longer kept: it is not
// published a second time.
func (b *builder) over() string {
	for _, t := range b.d.Targets {
		for _, i := range b.images(t.Region) {
			if i.Tag(release.TagProject) != b.d.Project || i.Tag(release.TagTag) != b.d.Tag || !release.Over(i.Tag(release.TagStage)) {
				continue
			}
			if stage := i.Tag(release.TagStage); stage != release.StageWithdrawn {
				return "it is no longer kept: " + i.ID + " in " + t.Region + " is " + stage
			}
			return "it was withdrawn: " + i.Tag(release.TagWhy)
		}
	}
	return ""
}

// replace takes away what this release replaces in a region, once its own AMI
// is there for whoever used the other: first from the public, then altogether.
func (b *builder) replace(v *variant, p *place, open bool) {
	before := p.params
	if p.published != nil {
		before = append(before, *p.published)
	}
	var after []ID
	for _, s := range before {
		if s.State != Done {
			after = append(after, s.ID)
		}
	}
	if len(after) == 0 && (!open || !p.prepared()) {
		after = []ID{Gate}
	}
	skipped := p.copied.State == Skipped || p.share.State == Skipped
	for _, i := range p.replaced {
		s := Step{State: Ready, Required: p.Required, After: after, Action: replacing(Remove, v.Key(p.Region), i)}
		if i.Public {
			s.Action = replacing(Demote, v.Key(p.Region), i)
		}
		switch {
		case skipped:
			s.State, s.After, s.Why = Skipped, nil, cmp.Or(p.copied.Why, p.share.Why)
		case len(after) > 0:
			s.State = After
		}
		s = b.add(s)
		if i.Public && !skipped {
			b.add(Step{State: After, Required: p.Required, After: []ID{s.ID}, Action: replacing(Remove, v.Key(p.Region), i)})
		}
	}
}

func replacing(k Kind, key release.Key, i world.Image) Action {
	return Action{ID: stepID(k, key, i.ID), Kind: k, Target: key, AMI: i.ID, Name: i.Name, Seen: seen(i)}
}
