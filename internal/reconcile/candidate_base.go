package reconcile

import (
	"cmp"
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
			found.bases = append(found.bases, f.newBase(v.Variant, fact.Val))
			if families := fact.Val.Families(); len(families) > 1 {
				found.note("base of %s/%s: %s fits several families, of which the newest AMI is taken: %s; a narrower pattern in base.name of amiship.yaml keeps to one",
					v.Image, v.Arch, v.Build.Base.Name, strings.Join(families, ", "))
			}
			continue
		}
		if base := f.recordedBase(v.Variant, f.d.Tag); base.ID != "" {
			found.bases = append(found.bases, base)
		}
	}
	return found
}

// Bases are what the candidates of a release would be built from now, whatever there is of
// it: of the variants whose base is known.
func Bases(d release.Desired, w world.World) (out []plan.Base) {
	f := newFacts(d, w, plan.Run{})
	for _, v := range d.Variants {
		if fact := w.Bases[v.Image+"/"+v.Arch]; fact.Known() {
			out = append(out, f.newBase(v, fact.Val))
		}
	}
	return out
}

// newBase is the base of a build, beside that of the last release.
func (f *facts) newBase(v release.Variant, base world.Base) plan.Base {
	out := plan.Base{Variant: v.Image + "/" + v.Arch, ID: base.ID, Name: base.Name, Created: base.Created}
	last := f.lastRelease(v)
	if last == nil {
		return out
	}
	tag, id := last.Tag(record.TagTag), last.Tag(record.TagBase)
	name := cmp.Or(last.Tag(record.TagBaseName), base.Names[id])
	switch {
	case id == "" || id == base.ID:
	case name == "":
		out.Change = fmt.Sprintf("the last release, %s, was built from %s, which the pattern does not find", tag, id)
	case world.Family(name) != world.Family(base.Name):
		out.Change = fmt.Sprintf("the last release, %s, was built from %s, of another family", tag, name)
	}
	return out
}

// recordedBase is the base that an AMI of the variant at a tag records.
func (f *facts) recordedBase(v release.Variant, tag string) (out plan.Base) {
	for _, i := range f.here(v.Build.Region).byVariant[v.Image+"/"+v.Arch] {
		if i.Tag(record.TagTag) == tag && i.Tag(record.TagBase) != "" {
			return plan.Base{Variant: v.Image + "/" + v.Arch, ID: i.Tag(record.TagBase), Name: i.Tag(record.TagBaseName)}
		}
	}
	return out
}

// lastRelease is the variant's AMI with the highest version below this one, or nil.
func (f *facts) lastRelease(v release.Variant) (last *world.Image) {
	var highest release.Version
	for _, i := range f.here(v.Build.Region).byVariant[v.Image+"/"+v.Arch] {
		version, err := release.ParseVersion(i.Tag(record.TagVersion))
		if err != nil || version.Compare(f.d.Version) >= 0 || !record.Released(i.Tag(record.TagStage)) {
			continue
		}
		if last == nil || version.Compare(highest) > 0 {
			highest, last = version, i
		}
	}
	return last
}
