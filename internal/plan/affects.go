package plan

import (
	"amiship/internal/release"
	"amiship/internal/world"
)

// Affects returns the facts that a step may have changed; they are read again when it has
// ended.
func (a Action) Affects(d release.Desired) []world.Query { return a.Kind().spec().affects(a, d) }

func limits(a Action, _ release.Desired) []world.Query {
	return []world.Query{{Kind: world.LookLimits, Region: a.Target.Region}}
}

func claims(a Action, _ release.Desired) []world.Query {
	return []world.Query{{Kind: world.LookClaims, Region: a.Target.Region}}
}

func images(a Action, d release.Desired) []world.Query {
	return []world.Query{ImagesQuery(d, a.Target.Place)}
}

// ImagesQuery is the query that shows the AMIs of a release in a place; without a release, of
// all.
func ImagesQuery(d release.Desired, p release.Place) world.Query {
	switch {
	case p.Account != "":
		return world.Query{Kind: world.LookSellerImages, Region: p.Region, Account: p.Account}
	case d.Tag == "":
		return world.Query{Kind: world.LookImages, Region: p.Region}
	}
	return world.Query{Kind: world.LookRelease, Region: p.Region}
}

// NamedQuery is the query that shows the AMIs of a place that have a name of the release, whatever
// their tags say.
func NamedQuery(d release.Desired, p release.Place) world.Query {
	q := ImagesQuery(d, p)
	if q.Kind == world.LookRelease {
		q.Kind = world.LookNamesakes
	}
	return q
}

// named: the AMI has a name of the release, and may not have its tags.
func named(a Action, d release.Desired) []world.Query {
	out := []world.Query{NamedQuery(d, a.Target.Place)}
	if q := ImagesQuery(d, a.Target.Place); q != out[0] {
		out = append(out, q)
	}
	return out
}

// claimsAndImages: another run may have made AMIs in any region before it gave the claim back.
// The run that holds the claim now has to see them.
func claimsAndImages(a Action, d release.Desired) []world.Query {
	out := append(claims(a, d), named(a, d)...)
	for _, t := range d.Targets {
		if t.Region != a.Target.Region {
			out = append(out, ImagesQuery(d, release.Place{Region: t.Region}))
		}
	}
	return out
}

func imagesAndAccess(a Action, d release.Desired) []world.Query {
	return append(AccessQueries(a), images(a, d)...)
}

func params(a Action, _ release.Desired) []world.Query {
	return []world.Query{{Kind: world.LookParams, Region: a.Target.Region}}
}

func paramsAndNames(a Action, d release.Desired) []world.Query {
	return append(params(a, d), world.Query{Kind: world.LookNamed, Region: a.Target.Region})
}

func snapshots(a Action, _ release.Desired) []world.Query {
	return []world.Query{{Kind: world.LookSnapshots, Region: a.Target.Region}}
}

func product(a Action, _ release.Desired) []world.Query {
	return []world.Query{{Kind: world.LookListing, Listing: a.Target.Listing}}
}

func usage(a Action, _ release.Desired) []world.Query {
	return []world.Query{{Kind: world.LookUsage, Region: a.Target.Region}}
}
