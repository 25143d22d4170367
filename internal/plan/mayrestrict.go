package plan

import (
	"slices"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Retention says which of the versions that a listing offers may be restricted,
// what should go first at the beginning. It is asked about versions whose titles
// can be read, without the newest.
type Retention func(versions []world.Version) (restrict []world.Version)

// supported is for how long buyers of a version are owed support once it is
// restricted. What is younger is not restricted.
const supported = 90 * 24 * time.Hour

// Oldest lets every version go that has been there for as long as support is owed
// for it, the oldest first.
func Oldest(now time.Time) Retention {
	return func(versions []world.Version) []world.Version {
		return oldestFirst(versions, func(v world.Version) bool { return now.Sub(v.Created) < supported })
	}
}

// mayGo says which versions those are.
func (b *builder) mayGo() string {
	if policy := b.d.Policy.Retention; policy != nil && policy.Versions != nil {
		return "those that keep.versions does not keep, whose titles can be read"
	}
	return "those of more than 90 days, whose titles can be read"
}

// oldestFirst sorts the versions that are not kept.
func oldestFirst(versions []world.Version, kept func(world.Version) bool) []world.Version {
	out := slices.DeleteFunc(slices.Clone(versions), kept)
	slices.SortStableFunc(out, func(x, y world.Version) int { return x.Created.Compare(y.Created) })
	return out
}

// retention is what decides which versions of a listing may go: the catalog, if it
// says what is kept, else their age.
func (b *builder) retention(l *listing) Retention {
	policy := b.d.Policy.Retention
	if policy == nil || policy.Versions == nil {
		return Oldest(b.w.Now)
	}
	kept := map[string]bool{}
	for _, o := range (Retire{Policy: *policy}).offers(l.Listing, l.facts.Entity.Val, b.w.Now) {
		kept[o.Title] = kept[o.Title] || o.Kept
	}
	return func(versions []world.Version) []world.Version {
		return oldestFirst(versions, func(v world.Version) bool { return kept[v.Title] })
	}
}

// dispensableVersions are those that may go, the first to go first, and the
// titles that can't be read. The newest version stays, and so does the last one
// that is public.
func (b *builder) dispensableVersions(l *listing) (out []world.Version, unread []string) {
	var known []world.Version
	newest := -1
	for _, v := range l.facts.Entity.Val.Versions {
		if !v.Offered() {
			continue
		}
		if _, ok := l.read(v); !ok {
			unread = append(unread, v.Title)
			continue
		}
		known = append(known, v)
		if newest < 0 || l.above(v, known[newest]) {
			newest = len(known) - 1
		}
	}
	if newest >= 0 {
		known = slices.Delete(known, newest, newest+1)
	}
	return l.notLast(b.retention(l)(known)), unread
}

// read is the version that a title names.
func (l *listing) read(v world.Version) (release.Version, bool) {
	m := l.form().FindStringSubmatch(v.Title)
	if m == nil {
		return release.Version{}, false
	}
	out, err := release.ParseVersion(m[1])
	return out, err == nil
}

func (l *listing) above(x, y world.Version) bool {
	a, _ := l.read(x)
	c, _ := l.read(y)
	return a.Compare(c) > 0
}

// notLast leaves out what would be the last public version: that one can't be
// restricted.
func (l *listing) notLast(chosen []world.Version) []world.Version {
	e := l.facts.Entity.Val
	public := 0
	for _, v := range e.Versions {
		if e.Public(v) {
			public++
		}
	}
	return slices.DeleteFunc(slices.Clone(chosen), func(v world.Version) bool {
		if e.Public(v) {
			public--
		}
		return e.Public(v) && public < 1
	})
}
