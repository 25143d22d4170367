package world

import (
	"maps"
	"time"

	"amiship/internal/record"
	"amiship/internal/release"
)

// Miss records that what a query asks for could not be read, and why. Downloads
// have no limit of time here, and are not missed.
func (w *World) Miss(q Query, at time.Time, why string) {
	if !q.Fetched() {
		w.cell(q).miss(at, why)
	}
}

// Missed reports whether what a query asks for could not be read when it was last tried.
func (w *World) Missed(q Query) bool { return w.cell(q).missed }

// cell is a fact of a world, whatever it holds.
type cell struct {
	missed bool
	miss   func(at time.Time, why string)
}

func cellOf[T any](f Fact[T], set func(Fact[T])) cell {
	return cell{f.Missed(), func(at time.Time, why string) { set(Fact[T]{At: at, Err: why}) }}
}

func keyed[K comparable, T any](facts map[K]Fact[T], k K) cell {
	return cellOf(facts[k], func(f Fact[T]) { facts[k] = f })
}

func (c cell) and(other cell) cell {
	return cell{c.missed || other.missed, func(at time.Time, why string) {
		c.miss(at, why)
		other.miss(at, why)
	}}
}

// cell is where the answer to a query is noted.
func (w *World) cell(q Query) cell {
	switch q.Kind {
	case LookPackage:
		return keyed(w.Packages, q.Variant)
	case LookDigest:
		return keyed(w.Digests, q.Variant)
	case LookBase:
		return keyed(w.Bases, q.Variant)
	case LookAccess:
		return keyed(w.Access, q.ID)
	case LookChangeSet:
		return keyed(w.Sets, q.Set)
	case LookSellerImages:
		return keyed(w.SellerImages, release.Place{Account: q.Account, Region: q.Region})
	case LookPause:
		return cellOf(w.Pause, func(f Fact[record.Pause]) { w.Pause = f })
	case LookListing:
		l := w.Listings[q.Listing]
		return ofListing(w, q, l.Entity, func(l *Listing, f Fact[Entity]) { l.Entity = f }).
			and(ofListing(w, q, l.Sets, func(l *Listing, f Fact[[]ChangeSet]) { l.Sets = f }))
	case LookNotes:
		return ofListing(w, q, w.Listings[q.Listing].Notes, func(l *Listing, f Fact[string]) { l.Notes = f })
	}
	return w.cellOfRegion(q)
}

func (w *World) cellOfRegion(q Query) cell {
	r := w.Regions[q.Region]
	switch q.Kind {
	case LookImages:
		return ofRegion(w, q, r.Images, func(r *Region, f Fact[[]Image]) { r.Images = f })
	case LookRelease:
		return ofRegion(w, q, r.Release, func(r *Region, f Fact[[]Image]) { r.Release = f })
	case LookNamesakes:
		return ofRegion(w, q, r.Namesakes, func(r *Region, f Fact[[]Image]) { r.Namesakes = f })
	case LookPending:
		return ofRegion(w, q, r.Pending, func(r *Region, f Fact[[]string]) { r.Pending = f })
	case LookGrants:
		return ofRegion(w, q, r.Grants[q.Account], func(r *Region, f Fact[Grants]) { r.SawGrants(q.Account, f) })
	case LookClaims:
		return ofRegion(w, q, r.Claims, (*Region).SawClaims)
	case LookParams:
		return ofRegion(w, q, r.Params, func(r *Region, f Fact[map[string]string]) { r.Params = f })
	case LookNamed:
		return ofRegion(w, q, r.Named, func(r *Region, f Fact[Parameters]) { r.Named = f })
	case LookReferences:
		return ofRegion(w, q, r.References, func(r *Region, f Fact[References]) { r.References = f })
	case LookUsage:
		return ofRegion(w, q, r.Usage, func(r *Region, f Fact[Usage]) { r.Usage = f })
	case LookBin:
		return ofRegion(w, q, r.Bin, func(r *Region, f Fact[[]BinRule]) { r.Bin = f })
	case LookSnapshots:
		return ofRegion(w, q, r.Snapshots, func(r *Region, f Fact[[]Snapshot]) { r.Snapshots = f })
	case LookLimits:
		return ofRegion(w, q, r.Limits, func(r *Region, f Fact[Limits]) { r.Limits = f })
	case LookNetwork:
		return ofRegion(w, q, r.Network, func(r *Region, f Fact[map[string]Subnet]) { r.Network = f })
	case LookTypes:
		return ofRegion(w, q, r.Types, func(r *Region, f Fact[map[string]InstanceType]) { r.Types = f })
	case LookMetadata:
		return ofRegion(w, q, r.Metadata, func(r *Region, f Fact[MetadataDefaults]) { r.Metadata = f })
	case LookDenied:
		return ofRegion(w, q, r.Denied, func(r *Region, f Fact[map[string]string]) { r.Denied = f })
	}
	panic("no fact is of the kind " + string(q.Kind))
}

func ofRegion[T any](w *World, q Query, f Fact[T], set func(*Region, Fact[T])) cell {
	return cellOf(f, func(f Fact[T]) {
		r := w.Regions[q.Region]
		set(&r, f)
		w.Regions[q.Region] = r
	})
}

func ofListing[T any](w *World, q Query, f Fact[T], set func(*Listing, Fact[T])) cell {
	return cellOf(f, func(f Fact[T]) {
		l := w.Listings[q.Listing]
		set(&l, f)
		w.Listings[q.Listing] = l
	})
}

// SawGrants notes what was read of an account's grants. It replaces the map, since worlds
// are handed around as values.
func (r *Region) SawGrants(account string, f Fact[Grants]) {
	r.Grants = maps.Clone(r.Grants)
	if r.Grants == nil {
		r.Grants = map[string]Fact[Grants]{}
	}
	r.Grants[account] = f
}
