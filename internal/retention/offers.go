package retention

import (
	"slices"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// Offer is what the policy says of a version of a listing. To restrict one is for
// others: it can't be undone.
type Offer struct {
	Listing string    `json:"listing"`
	Title   string    `json:"title"`
	Version string    `json:"version,omitempty"` // read from the title
	AMI     string    `json:"ami"`
	Created time.Time `json:"created,omitzero"`
	Kept    bool      `json:"kept"`
	Why     string    `json:"why"`
}

// Offers says of every version that listings offer whether it is kept. An offer
// without a title is a listing that could not be read.
func (r Rules) Offers(w world.World) []Offer {
	var out []Offer
	for _, l := range r.Listings {
		entity := w.Listings[l.Name].Entity
		if !entity.Known() {
			out = append(out, Offer{Listing: l.Name, Kept: true, Why: "could not be read: " + entity.Err})
			continue
		}
		out = append(out, r.OffersOf(l, entity.Val, w.Now)...)
	}
	return out
}

// OffersOf says it of the versions that one listing offers, the newest first.
func (r Rules) OffersOf(l release.Listing, e world.Entity, now time.Time) []Offer {
	title := l.ReadsTitle()
	offered := slices.DeleteFunc(slices.Clone(e.Versions), func(v world.Version) bool { return !v.Offered() })
	slices.SortStableFunc(offered, func(x, y world.Version) int { return y.Created.Compare(x.Created) })
	var read []release.Version
	for _, v := range offered {
		if version, err := title(v.Title); err == nil {
			read = append(read, version)
		}
	}
	all := newVersions(read)
	var out []Offer
	for n, v := range offered {
		o := Offer{Listing: l.Name, Title: v.Title, AMI: v.AMI, Created: v.Created}
		version, err := title(v.Title)
		o.Version = version.Text
		switch {
		case err != nil:
			o.Kept, o.Why = true, err.Error()
		case r.Policy.Versions == nil:
			o.Kept, o.Why = true, "the catalog keeps all versions: see keep.versions"
		case n == 0:
			o.Kept, o.Why = true, "the newest that is offered"
		default:
			o.Kept, o.Why = all.keeps(*r.Policy.Versions, version, now.Sub(v.Created))
		}
		out = append(out, o)
	}
	return out
}
