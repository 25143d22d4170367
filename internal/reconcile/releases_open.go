package reconcile

import (
	"slices"

	"amiship/internal/marketplace"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Open lists the tags of a project's releases that were begun to be published
// and are not complete, the lowest version first, as listings get them: those of which a candidate is there,
// which goes last, beside a copy of it; and those of which a listing has a change
// set that has not succeeded, should the candidate have been swept. What
// was built and tested only may still wait for an approval. What was
// withdrawn, or is no longer kept, is not open.
func Open(project string, listings []release.Listing, w world.World) []string {
	var out []string
	versions := map[string]release.Version{}
	for _, r := range slices.Backward(Releases(project, w)) {
		if r.Over != "" {
			continue
		}
		if r.Candidates > 0 && r.AMIs+r.Pending > 0 || slices.ContainsFunc(listings, func(l release.Listing) bool { return unlisted(project, r.Tag, l, w) }) {
			out, versions[r.Tag] = append(out, r.Tag), r.parsed()
		}
	}
	slices.SortStableFunc(out, func(x, y string) int { return versions[x].Compare(versions[y]) })
	return out
}

// Begun lists the tags of Open, and of releases of which there is nothing but candidates:
// they were built, and perhaps tested, and are resumed by a person.
func Begun(project string, listings []release.Listing, w world.World) []string {
	out := Open(project, listings, w)
	for _, r := range Releases(project, w) {
		if r.Over == "" && r.Candidates > 0 && !slices.Contains(out, r.Tag) {
			out = append(out, r.Tag)
		}
	}
	return out
}

// parsed is the release's version; one that can't be parsed comes before all others.
func (r Released) parsed() release.Version {
	v, _ := release.ParseVersion(r.Version)
	return v
}

// unlisted reports whether the newest change set that a release made for a
// listing has not led to a version.
func unlisted(project, tag string, l release.Listing, w world.World) bool {
	stem := marketplace.Stem(project, tag, l.Name)
	for _, set := range w.Listings[l.Name].Sets.Val { // the newest first
		if purpose, _, ok := marketplace.ReadName(stem, set.Name); ok {
			return set.Status != world.Succeeded || purpose != marketplace.Add
		}
	}
	return false
}
