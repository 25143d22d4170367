package reconcile

import (
	"slices"
	"time"

	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/world"
)

// supported is for how long buyers of a version are owed support once it is
// restricted. What is younger is not restricted.
const supported = 90 * 24 * time.Hour

// dispensable says which versions those are.
func (x listings) dispensable() string {
	if policy := x.d.Policy.Retention; policy != nil && policy.Versions != nil {
		return "those that keep.versions does not keep, whose titles can be read"
	}
	return "those of more than 90 days, whose titles can be read"
}

// keptVersion tells which versions of a listing are kept: by the catalog, if it says
// so, else by their age.
func (x listings) keptVersion(l *listing) func(world.Version) bool {
	policy := x.d.Policy.Retention
	if policy == nil || policy.Versions == nil {
		return func(v world.Version) bool { return x.w.Now.Sub(v.Created) < supported }
	}
	kept := map[string]bool{}
	for _, o := range (retention.Rules{Policy: *policy}).OffersOf(l.Listing, l.state.Entity.Val, x.w.Now) {
		kept[o.Title] = kept[o.Title] || o.Kept
	}
	return func(v world.Version) bool { return kept[v.Title] }
}

// dispensableVersions are those that may go, the oldest first, and the titles that
// can't be read. The newest version stays, and so does the last one that is public.
func (x listings) dispensableVersions(l *listing) (out []world.Version, unread []string) {
	var newest release.Version
	at := -1
	for _, v := range l.state.Entity.Val.Versions {
		if !v.Offered() {
			continue
		}
		version, err := l.title(v.Title)
		if err != nil {
			unread = append(unread, v.Title)
			continue
		}
		if at < 0 || version.Compare(newest) > 0 {
			at, newest = len(out), version
		}
		out = append(out, v)
	}
	if at >= 0 {
		out = slices.Delete(out, at, at+1)
	}
	out = slices.DeleteFunc(out, x.keptVersion(l))
	slices.SortStableFunc(out, func(x, y world.Version) int { return x.Created.Compare(y.Created) })
	return l.notLast(out), unread
}

// notLast leaves out what would be the last public version: that one can't be
// restricted.
func (l *listing) notLast(chosen []world.Version) []world.Version {
	e := l.state.Entity.Val
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
