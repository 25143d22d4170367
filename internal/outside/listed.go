package outside

import (
	"cmp"
	"maps"
	"slices"

	"amiship/internal/audit"
	"amiship/internal/release"
)

// Listed is what a release wrote down: its AMI ids by image, architecture and
// region.
type Listed struct {
	Project string                                  `json:"project"`
	Tag     string                                  `json:"tag"`
	AMIs    map[string]map[string]map[string]string `json:"amis"`
}

// compare holds the list against what was seen, in both directions. Where the
// region did not answer, nothing is known of its ids.
func (l Listed) compare(d release.Desired, seen []audit.Sight) []audit.Difference {
	if l.Project != d.Project || l.Tag != d.Tag {
		return []audit.Difference{{What: "catalog file", Want: d.Project + " " + d.Tag, Got: l.Project + " " + l.Tag}}
	}
	var out []audit.Difference
	asked := map[release.Key]bool{}
	for _, s := range seen {
		asked[release.Key{Image: s.Image, Arch: s.Arch, Place: release.Place{Region: s.Region}}] = true
		if id := l.AMIs[s.Image][s.Arch][s.Region]; !s.Unread && id != s.AMI {
			out = append(out, differs(s.Region, s.Image, s.Arch, s.AMI, id))
		}
	}
	for _, image := range slices.Sorted(maps.Keys(l.AMIs)) {
		for _, arch := range slices.Sorted(maps.Keys(l.AMIs[image])) {
			for region, id := range l.AMIs[image][arch] {
				if !asked[release.Key{Image: image, Arch: arch, Place: release.Place{Region: region}}] {
					out = append(out, differs(region, image, arch, "", id))
				}
			}
		}
	}
	return out
}

func differs(region, image, arch, want, got string) audit.Difference {
	return audit.Difference{
		Region: region, Image: image, Arch: arch, What: "catalog file",
		Want: cmp.Or(want, "no entry"), Got: cmp.Or(got, "no entry"),
	}
}
