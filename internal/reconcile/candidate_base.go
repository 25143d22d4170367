package reconcile

import (
	"fmt"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
)

// basesOf names what the candidates of a release are built from, or were: a pattern may find
// another system than for the last release, and no one sees it in the AMI's name.
func basesOf(f *facts, variants []*variant) (found findings) {
	for _, v := range variants {
		fact := f.w.Bases[v.Image+"/"+v.Arch]
		if fact.Known() && fact.Val.ID != "" {
			found.bases = append(found.bases, f.newBase(v, fact.Val))
			if families := fact.Val.Families(); len(families) > 1 {
				found.note("base of %s/%s: %s fits several families, of which the newest AMI is taken: %s; a narrower pattern in base.name of amiship.yaml keeps to one",
					v.Image, v.Arch, v.Build.Base.Name, strings.Join(families, ", "))
			}
			continue
		}
		if id := f.recordedBase(v, f.d.Tag); id != "" {
			found.bases = append(found.bases, plan.Base{Variant: v.Image + "/" + v.Arch, ID: id})
		}
	}
	return found
}

// newBase is the base of a build, beside that of the last release.
func (f *facts) newBase(v *variant, base world.Base) plan.Base {
	out := plan.Base{Variant: v.Image + "/" + v.Arch, ID: base.ID, Name: base.Name, Created: base.Created}
	tag, id := f.lastBase(v)
	name, fits := base.Names[id]
	switch {
	case id == "" || id == base.ID:
	case !fits:
		out.Change = fmt.Sprintf("the last release, %s, was built from %s, which the pattern does not find", tag, id)
	case world.Family(name) != world.Family(base.Name):
		out.Change = fmt.Sprintf("the last release, %s, was built from %s, of another family", tag, name)
	}
	return out
}

// recordedBase is the base that an AMI of the variant at a tag records, or "".
func (f *facts) recordedBase(v *variant, tag string) string {
	for _, i := range f.here(v.Build.Region).byVariant[v.Image+"/"+v.Arch] {
		if at, _ := record.ReadTag(i.Tags[record.TagTag]); at == tag && i.Tag(record.TagBase) != "" {
			return i.Tag(record.TagBase)
		}
	}
	return ""
}

// lastBase is the base of the variant's release with the highest version below this one.
func (f *facts) lastBase(v *variant) (tag, id string) {
	var highest release.Version
	for _, i := range f.here(v.Build.Region).byVariant[v.Image+"/"+v.Arch] {
		version, err := release.ParseVersion(i.Tag(record.TagVersion))
		if err != nil || version.Compare(f.d.Version) >= 0 || !record.Released(i.Tag(record.TagStage)) {
			continue
		}
		if tag == "" || version.Compare(highest) > 0 {
			highest, tag, id = version, i.Tag(record.TagTag), i.Tag(record.TagBase)
		}
	}
	return tag, id
}
