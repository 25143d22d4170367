package outside

import (
	"slices"
	"strconv"

	"amiship/internal/audit"
	"amiship/internal/record"
	"amiship/internal/release"
)

// origins compares what the AMIs of a variant say of where they come from: all
// are copies of one candidate. The build region's counts, or else the first.
func origins(v release.Variant, looks []*look) []audit.Difference {
	variant := v.Key("").Variant()
	there := slices.DeleteFunc(slices.Clone(looks), func(l *look) bool {
		_, ok := l.released[variant]
		return !ok
	})
	if len(there) == 0 {
		return nil
	}
	model := there[max(0, slices.IndexFunc(there, func(l *look) bool { return l.Region == v.Build.Region }))]
	want := tagsOf(model.released[variant].Tags)
	var out []audit.Difference
	for _, l := range there {
		got := tagsOf(l.released[variant].Tags)
		for _, key := range []string{record.TagInputs, record.TagPackage, record.TagBase, record.TagTested} {
			if got[key] != want[key] {
				out = append(out, audit.Difference{
					Region: l.Region, Image: v.Image, Arch: v.Arch, What: "tag " + key,
					Want: strconv.Quote(want[key]) + " as in " + model.Region, Got: strconv.Quote(got[key]),
				})
			}
		}
	}
	return out
}
