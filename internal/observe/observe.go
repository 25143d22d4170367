// Package observe fills a world.World with what AWS has: batched, places side
// by side, a fixed number of calls per region and page, never per image.
//
// What a newcomer would get wrong: a look that fails is a fact too. It is
// noted, with its reason, and the rest of the look goes on.
package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"amiship/internal/awsapi"
	"amiship/internal/release"
	"amiship/internal/world"
)

// Observer reads facts for one release.
type Observer struct {
	Clients *awsapi.Clients
	Desired release.Desired
	// Fetch fetches and verifies a variant's package. Nil: packages are not
	// fetched, and a query for one is answered with an error.
	Fetch func(context.Context, release.Variant) (world.Package, error)
	// Notes runs the command that prints a listing's release notes. Nil: none is
	// run, and a query for notes is answered with an error.
	Notes func(ctx context.Context, command []string) (string, error)

	answered bool // AWS has answered something
}

// parallel bounds the calls under way at once, all regions together.
const parallel = 64

// Look reads the queries and writes what it found into w. Failures are facts
// in w. An error is returned when ctx has ended, or when AWS has never answered
// anything: no credentials, unknown ones, an address where nobody is.
func (o *Observer) Look(ctx context.Context, w *world.World, queries []world.Query) error {
	var mu sync.Mutex
	var failed []error
	var g errgroup.Group
	g.SetLimit(parallel)
	for _, q := range queries {
		g.Go(func() error {
			note, err := o.read(ctx, q)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			mu.Lock()
			defer mu.Unlock()
			note(w, o.Clients.Now(), reason(q, err))
			switch {
			case q.Fetched():
			case err != nil:
				failed = append(failed, err)
			default:
				o.answered = true
			}
			return nil
		})
	}
	err := g.Wait()
	w.Now, w.Skew = o.Clients.Now(), o.Clients.Skew()
	if err == nil && !o.answered {
		err = hopeless(failed)
	}
	return err
}

// hopeless returns the reason for which AWS can't be spoken to at all, if that
// is what all of the failures come to.
func hopeless(failed []error) error {
	for _, err := range failed {
		if !awsapi.IsNoCredentials(err) && !awsapi.IsBadCredentials(err) && awsapi.Unreachable(err) == "" {
			return nil
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return failed[0]
}

// Once reads facts of what is desired that nobody has read yet.
func Once(ctx context.Context, c *awsapi.Clients, d release.Desired, queries []world.Query) (world.World, error) {
	o, w := Observer{Clients: c, Desired: d}, world.New()
	err := o.Look(ctx, &w, queries)
	return w, err
}

// reason is how a failed look reads in a plan.
func reason(q world.Query, err error) string {
	if err == nil {
		return ""
	}
	if at := awsapi.Unreachable(err); at != "" && !q.Fetched() {
		return at + " does not answer"
	}
	return awsapi.Text(err)
}

// noted writes a fact, known or missed, into a world.
type noted func(w *world.World, at time.Time, err string)

func (o *Observer) read(ctx context.Context, q world.Query) (noted, error) {
	switch q.Kind {
	case world.LookImages:
		v, err := o.images(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[[]world.Image]) { r.Images, r.Off = f, errors.Is(err, errOff) }), err
	case world.LookGrants:
		v, err := o.grants(ctx, q.Region, q.Account)
		return inRegion(q, v, func(r *world.Region, f world.Fact[world.Grants]) { setGrants(r, q.Account, f) }), err
	case world.LookClaims:
		v, err := o.claims(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[[]world.Claim]) { r.Claims = f }), err
	case world.LookParams:
		v, err := o.params(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[map[string]string]) { r.Params = f }), err
	case world.LookLimits:
		v, err := o.limits(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[world.Limits]) { r.Limits = f }), err
	case world.LookNetwork:
		v, err := o.network(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[map[string]string]) { r.Network = f }), err
	case world.LookDenied:
		v, err := o.denied(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[map[string]string]) { r.Denied = f }), err
	case world.LookPackage:
		v, err := o.fetch(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.Packages[q.Variant] = world.Fact[world.Package]{At: at, Err: e, Val: v}
		}, err
	case world.LookBase:
		v, err := o.base(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.Bases[q.Variant] = world.Fact[world.Base]{At: at, Err: e, Val: v}
		}, err
	}
	return o.readListing(ctx, q)
}

// readListing reads what listings rest on.
func (o *Observer) readListing(ctx context.Context, q world.Query) (noted, error) {
	switch q.Kind {
	case world.LookListing:
		return o.listing(ctx, q)
	case world.LookChangeSet:
		v, err := o.changeSet(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.Sets[q.Set] = world.Fact[world.SetDetails]{At: at, Err: e, Val: v}
		}, err
	case world.LookNotes:
		v, err := o.notes(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			l := w.Listings[q.Listing]
			l.Notes = world.Fact[string]{At: at, Err: e, Val: v}
			w.Listings[q.Listing] = l
		}, err
	case world.LookAbroad:
		v, err := o.abroad(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.Abroad[release.Place{Account: q.Account, Region: q.Region}] = world.Fact[[]world.Image]{At: at, Err: e, Val: v}
		}, err
	}
	panic("no way to look at " + string(q.Kind))
}

func inRegion[T any](q world.Query, v T, set func(*world.Region, world.Fact[T])) noted {
	return func(w *world.World, at time.Time, err string) {
		r := w.Regions[q.Region]
		set(&r, world.Fact[T]{At: at, Err: err, Val: v})
		w.Regions[q.Region] = r
	}
}

// setGrants replaces the map, since worlds are handed around as values.
func setGrants(r *world.Region, account string, f world.Fact[world.Grants]) {
	all := map[string]world.Fact[world.Grants]{account: f}
	for k, v := range r.Grants {
		if k != account {
			all[k] = v
		}
	}
	r.Grants = all
}

func (o *Observer) variant(name string) (release.Variant, error) {
	i := slices.IndexFunc(o.Desired.Variants, func(v release.Variant) bool { return v.Image+"/"+v.Arch == name })
	if i < 0 {
		return release.Variant{}, fmt.Errorf("no variant %s in this release", name)
	}
	return o.Desired.Variants[i], nil
}

func (o *Observer) fetch(ctx context.Context, q world.Query) (world.Package, error) {
	v, err := o.variant(q.Variant)
	if err != nil {
		return world.Package{}, err
	}
	if o.Fetch == nil {
		return world.Package{}, fmt.Errorf("the package of %s is not fetched here", q.Variant)
	}
	return o.Fetch(ctx, v)
}
