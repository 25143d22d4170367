package plan

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

// ladder holds the stable versions that customers can get: what is kept is counted
// on it, from the top. Pre-releases have no rung of their own.
type ladder struct {
	minors  []minor            // the newest first
	patches map[minor][]uint64 // the newest first
}

func newLadder(versions []release.Version) ladder {
	rungs := map[minor]map[uint64]bool{}
	for _, v := range versions {
		if v.Prerelease() {
			continue
		}
		m := minor{v.Major, v.Minor}
		if rungs[m] == nil {
			rungs[m] = map[uint64]bool{}
		}
		rungs[m][v.Patch] = true
	}
	l := ladder{patches: map[minor][]uint64{}}
	for m, patches := range rungs {
		l.minors = append(l.minors, m)
		l.patches[m] = slices.SortedFunc(maps.Keys(patches), func(x, y uint64) int { return cmp.Compare(y, x) })
	}
	slices.SortFunc(l.minors, func(x, y minor) int { return y.compare(x) })
	return l
}

// above counts the minors that are newer than that of a version, and the newer
// patches of its own.
func (l ladder) above(v release.Version) (minors, patches int) {
	m := minor{v.Major, v.Minor}
	minors, _ = slices.BinarySearchFunc(l.minors, m, func(x, y minor) int { return y.compare(x) })
	own := v.Patch
	for _, p := range l.patches[m] {
		if p > own || p == own && v.Prerelease() { // 1.2.3 is newer than 1.2.3-rc1
			patches++
		}
	}
	return minors, patches
}

// keeps says whether a policy keeps a version, and by which of its rules, or why
// not.
func (l ladder) keeps(k release.Keep, v release.Version, age time.Duration) (bool, string) {
	minors, patches := l.above(v)
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
