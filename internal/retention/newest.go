package retention

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"amiship/internal/release"
)

// minor is a series of patches.
type minor struct{ Major, Minor uint64 }

func (m minor) String() string { return fmt.Sprintf("%d.%d", m.Major, m.Minor) }

func (m minor) compare(o minor) int {
	return cmp.Or(cmp.Compare(m.Major, o.Major), cmp.Compare(m.Minor, o.Minor))
}

// versions are the stable versions that customers can get: what is kept is counted
// in them, from the newest. Pre-releases do not count.
type versions struct {
	minors  []minor            // the newest first
	patches map[minor][]uint64 // the newest first
}

func newVersions(all []release.Version) versions {
	stable := map[minor]map[uint64]bool{}
	for _, v := range all {
		if v.Prerelease() {
			continue
		}
		m := minor{v.Major, v.Minor}
		if stable[m] == nil {
			stable[m] = map[uint64]bool{}
		}
		stable[m][v.Patch] = true
	}
	out := versions{patches: map[minor][]uint64{}}
	for m, patches := range stable {
		out.minors = append(out.minors, m)
		out.patches[m] = slices.SortedFunc(maps.Keys(patches), func(x, y uint64) int { return cmp.Compare(y, x) })
	}
	slices.SortFunc(out.minors, func(x, y minor) int { return y.compare(x) })
	return out
}

// newer counts the minors that are newer than that of a version, and the newer
// patches of its own.
func (all versions) newer(v release.Version) (minors, patches int) {
	m := minor{v.Major, v.Minor}
	minors, _ = slices.BinarySearchFunc(all.minors, m, func(x, y minor) int { return y.compare(x) })
	own := v.Patch
	for _, p := range all.patches[m] {
		if p > own || p == own && v.Prerelease() { // 1.2.3 is newer than 1.2.3-rc1
			patches++
		}
	}
	return minors, patches
}

// countNewer counts the versions that are newer than one.
func (all versions) countNewer(v release.Version) int {
	minors, n := all.newer(v)
	for _, m := range all.minors[:minors] {
		n += len(all.patches[m])
	}
	return n
}

// keeps says whether a policy keeps a version, and by which of its rules, or why
// not.
func (all versions) keeps(k release.Keep, v release.Version, age time.Duration) (bool, string) {
	minors, patches := all.newer(v)
	m := minor{v.Major, v.Minor}
	switch {
	case minors < k.Minors && patches < k.Patches:
		return true, fmt.Sprintf("within the newest %s of the newest %s", counted(k.Patches, "patch"), counted(k.Minors, "minor"))
	case age < k.Age:
		return true, "younger than " + counted(inDays(k.Age), "day")
	case minors >= k.Minors:
		return false, fmt.Sprintf("%s newer than %s", counted(minors, "minor"), m)
	}
	return false, fmt.Sprintf("%s of %s newer", counted(patches, "patch"), m)
}

func inDays(d time.Duration) int { return int(d.Hours() / 24) }

func counted(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case noun == "patch":
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
