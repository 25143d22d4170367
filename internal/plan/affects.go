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

func images(a Action, _ release.Desired) []world.Query {
	return []world.Query{ImagesQuery(a.Target.Place)}
}

// ImagesQuery is the query that shows the AMIs of a place.
func ImagesQuery(p release.Place) world.Query {
	if p.Account != "" {
		return world.Query{Kind: world.LookSellerImages, Region: p.Region, Account: p.Account}
	}
	return world.Query{Kind: world.LookImages, Region: p.Region}
}

// claimsAndImages: another run may have made AMIs in any region before it gave the claim back.
// The run that holds the claim now has to see them.
func claimsAndImages(a Action, d release.Desired) []world.Query {
	out := append(claims(a, d), images(a, d)...)
	for _, t := range d.Targets {
		if t.Region != a.Target.Region {
			out = append(out, world.Query{Kind: world.LookImages, Region: t.Region})
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
