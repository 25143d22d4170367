package reconcile

import (
	"cmp"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Most decisions about a release rest on the AMIs that its tags or its names find, and no others are
// read at first. A decision that needs the rest (what counts against a quota, newer versions, whose
// the AMI is that a parameter names) gets all of them, with whole, and decides nothing until they
// are read.

// images is what is known of the AMIs of a place that the release rests on. They are in the
// inventory of the place.
func (f *facts) images(at release.Place) world.Fact[[]world.Image] {
	if at.Account != "" {
		return f.w.SellerImages[at]
	}
	return imagesOf(f.w.Regions[at.Region])
}

// imagesIn is images of our account.
func (f *facts) imagesIn(region string) world.Fact[[]world.Image] {
	return f.images(release.Place{Region: region})
}

func imagesOf(reg world.Region) world.Fact[[]world.Image] {
	out := reg.Images
	if !readWhole(reg) {
		tagged, named := orAll(reg, reg.Release), orAll(reg, reg.Namesakes)
		out = world.Fact[[]world.Image]{At: tagged.At, Err: cmp.Or(tagged.Err, named.Err)}
		if named.At.Before(tagged.At) {
			out.At = named.At
		}
	}
	if out.Known() && reg.Pending.Missed() && reg.Pending.At.After(out.At) { // the region no longer answers
		out.At, out.Err = reg.Pending.At, reg.Pending.Err
	}
	return out
}

// silentSince reports whether a region was read, and no longer answers.
func silentSince(reg world.Region) bool {
	return reg.Pending.Missed() && reg.Pending.At.Equal(imagesOf(reg).At)
}

// query is what shows the AMIs of a place that the release rests on: what could not be read, if
// there is such a part.
func (f *facts) query(at release.Place) world.Query {
	reg, tagged := f.w.Regions[at.Region], plan.ImagesQuery(f.d, at)
	switch {
	case at.Account != "":
		return tagged
	case silentSince(reg):
		return pendingIn(at)
	case readWhole(reg):
		return world.Query{Kind: world.LookImages, Region: at.Region}
	case reg.Namesakes.Missed() && !reg.Release.Missed():
		return plan.NamedQuery(f.d, at)
	}
	return tagged
}

// pendingIn is what shows whether AWS is still making the AMIs of a place.
func pendingIn(at release.Place) world.Query {
	if at.Account != "" {
		return world.Query{Kind: world.LookSellerImages, Region: at.Region, Account: at.Account}
	}
	return world.Query{Kind: world.LookPending, Region: at.Region}
}

// readWhole reports whether a region was read for several releases, and not for this one.
func readWhole(reg world.Region) bool {
	return reg.Release.At.IsZero() && reg.Namesakes.At.IsZero() && !reg.Images.At.IsZero()
}

// orAll is a part of the AMIs, or all as long as the part was not read.
func orAll(reg world.Region, part world.Fact[[]world.Image]) world.Fact[[]world.Image] {
	if part.At.IsZero() && reg.Images.Known() {
		return reg.Images
	}
	return part
}

// needImages asks for the AMIs of a region that the release rests on.
func (f *facts) needImages(region string) (found findings) {
	at, reg := release.Place{Region: region}, f.w.Regions[region]
	tagged, named := plan.ImagesQuery(f.d, at), plan.NamedQuery(f.d, at)
	if f.d.Tag == "" || readWhole(reg) {
		need(&found, world.Query{Kind: world.LookImages, Region: region}, reg.Images)
	} else {
		need(&found, tagged, orAll(reg, reg.Release))
		need(&found, named, orAll(reg, reg.Namesakes))
	}
	if silentSince(reg) {
		need(&found, pendingIn(at), reg.Pending)
	}
	for _, i := range f.here(region).all {
		if i.State == world.Pending && reg.Pending.Known() && !slices.Contains(reg.Pending.Val, i.ID) {
			found.include(f.noLongerPending(reg, i, tagged, named))
		}
	}
	return found
}

// noLongerPending asks for an AMI that AWS no longer makes, if it was pending when it was last read.
func (f *facts) noLongerPending(reg world.Region, i world.Image, tagged, named world.Query) (found findings) {
	switch {
	case readWhole(reg), f.d.Tag == "":
		found.refreshAfter(reg.Pending.At, reg.Images.At, world.Query{Kind: world.LookImages, Region: tagged.Region})
	case f.d.Tagged(i.Tags):
		found.refreshAfter(reg.Pending.At, reg.Release.At, tagged)
	case release.Named(f.names, i.Name):
		found.refreshAfter(reg.Pending.At, reg.Namesakes.At, named)
	}
	return found
}

// whole asks for all own AMIs of a region.
func (f *facts) whole(x *findings, region string) world.Fact[[]world.Image] {
	all := f.w.Regions[region].Images
	need(x, world.Query{Kind: world.LookImages, Region: region}, all)
	return all
}

// shown are the own AMIs of a region, by all reads of it. What was read for the release alone is
// newer than what was read of all: it is read again after each step of the release.
func (f *facts) shown(reg world.Region) []world.Image {
	switch {
	case !imagesOf(reg).Known():
		return nil
	case reg.Release.At.IsZero() && reg.Namesakes.At.IsZero():
		return reg.Images.Val
	}
	first := part{reg.Release, func(i world.Image) bool { return f.d.Tagged(i.Tags) }}
	second := part{reg.Namesakes, func(i world.Image) bool { return release.Named(f.names, i.Name) }}
	if second.fact.At.After(first.fact.At) {
		first, second = second, first
	}
	out, have := slices.Clone(first.fact.Val), map[string]bool{}
	for _, i := range out {
		have[i.ID] = true
	}
	for _, i := range second.fact.Val {
		if !have[i.ID] && !first.shows(i) {
			out, have[i.ID] = append(out, i), true
		}
	}
	for _, i := range reg.Images.Val {
		if !have[i.ID] && !first.shows(i) && !second.shows(i) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(x, y world.Image) int { return strings.Compare(x.ID, y.ID) })
	return out
}

// part are the AMIs of a region that a property finds.
type part struct {
	fact world.Fact[[]world.Image]
	has  func(world.Image) bool
}

// shows reports whether an AMI would be in the part, were it still there.
func (p part) shows(i world.Image) bool { return p.fact.Known() && p.has(i) }
