// Package observe fills a world.World with what AWS has: batched, places side
// by side, a fixed number of calls per region and page, never per image.
//
// A failed read is a fact too. It is recorded with its reason, and the other
// reads continue.
package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"amiship/internal/awsapi"
	"amiship/internal/record"
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
	// Digest reads the SHA-256 that a variant's package has where it comes from. Nil:
	// none is read, and a query for one is answered with an error.
	Digest func(context.Context, release.Variant) (string, error)
	// Notes runs the command that prints a listing's release notes. Nil: none is
	// run, and a query for notes is answered with an error.
	Notes func(ctx context.Context, command []string) (string, error)

	// Whole: what is read serves several releases, so that permissions are read of all AMIs.
	Whole bool

	answered atomic.Bool // AWS has answered something
}

// parallel bounds the calls under way at once, all regions together.
const parallel = 64

// Look reads the queries and writes what it found into w. Failures are facts in w. An
// error is returned when ctx has ended, or when no call can work: AWS has never
// answered anything (no credentials, unknown ones, an address where nothing listens),
// or rejects the credentials now.
func (o *Observer) Look(ctx context.Context, w *world.World, queries []world.Query) error {
	var mu sync.Mutex
	err := o.Each(ctx, queries, func(_ world.Query, note func(*world.World)) {
		mu.Lock()
		defer mu.Unlock()
		note(w)
	})
	w.Now, w.Skew = o.Clients.Now(), o.Clients.Skew()
	return err
}

// Each is Look for a caller that needs every fact as soon as it is known: found
// gets a function that writes it into a world. It is called concurrently by
// several goroutines.
func (o *Observer) Each(ctx context.Context, queries []world.Query, found func(world.Query, func(*world.World))) error {
	failures := make([]error, len(queries))
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, q := range queries {
		g.Go(func() error {
			note, err := o.readWithin(ctx, q)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if failures[i] = err; err == nil && !q.Fetched() {
				o.answered.Store(true)
			}
			at, skew, why := o.Clients.Now(), o.Clients.Skew(), reason(q, err)
			found(q, func(w *world.World) {
				note(w, at, why)
				throttled(w, q, err)
				w.Now, w.Skew = at, skew
			})
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return o.verdict(queries, failures)
}

// readWithin is read, which takes no longer than a fact may take. What is fetched has
// deadlines of its own.
func (o *Observer) readWithin(ctx context.Context, q world.Query) (noted, error) {
	if q.Fetched() {
		return o.read(ctx, q)
	}
	within, cancel := o.Clients.Within(ctx)
	defer cancel()
	note, err := o.read(within, q)
	if err != nil && within.Err() != nil {
		err = fmt.Errorf("read %s of %s: %w", q.Kind.Noun(), cmp.Or(q.Region, q.Listing), context.Cause(within))
	}
	return note, err
}

// verdict returns why no call can work, if that is what failures come to.
func (o *Observer) verdict(queries []world.Query, failures []error) error {
	if err := o.Clients.Rejected(); err != nil {
		return err
	}
	var failed []error
	for i, err := range failures {
		if err == nil && !queries[i].Fetched() {
			return nil
		}
		if !queries[i].Fetched() {
			failed = append(failed, err)
		}
	}
	if !o.answered.Load() {
		return hopeless(failed)
	}
	return nil
}

// throttled notes whether a read failed for its rate alone.
func throttled(w *world.World, q world.Query, err error) {
	if awsapi.IsThrottled(err) {
		w.Throttled[q] = true
	} else {
		delete(w.Throttled, q)
	}
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

// Once reads facts about the desired release that were not read yet.
func Once(ctx context.Context, c *awsapi.Clients, d release.Desired, queries []world.Query) (world.World, error) {
	o, w := Observer{Clients: c, Desired: d}, world.New()
	err := o.Look(ctx, &w, queries)
	return w, err
}

// reason is the text for a failed read in a plan.
func reason(q world.Query, err error) string {
	if err == nil {
		return ""
	}
	var silent *awsapi.SilentError
	at := awsapi.Unreachable(err)
	switch {
	case q.Fetched(), at == "":
		return awsapi.Text(err)
	case errors.As(err, &silent):
		return silent.Error()
	case at == "AWS": // whose address is not known, or no matter
		return err.Error()
	}
	return at + " does not answer"
}

// noted writes a fact, known or missed, into a world.
type noted func(w *world.World, at time.Time, err string)

func (o *Observer) read(ctx context.Context, q world.Query) (noted, error) {
	switch q.Kind {
	case world.LookImages, world.LookRelease:
		v, err := o.images(ctx, q)
		return inRegion(q, v, func(r *world.Region, f world.Fact[[]world.Image]) {
			r.Off, r.NoRegion = errors.Is(err, errOff), errors.Is(err, errNoRegion)
			if q.Kind == world.LookRelease {
				r.Release = f
			} else {
				r.Images = f
			}
		}), err
	case world.LookNamesakes:
		v, err := o.namesakes(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[[]world.Image]) { r.Namesakes = f }), err
	case world.LookPending:
		v, err := o.pending(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[[]string]) { r.Pending = f }), err
	case world.LookGrants:
		v, err := o.grants(ctx, q.Region, q.Account)
		return inRegion(q, v, func(r *world.Region, f world.Fact[world.Grants]) { r.SawGrants(q.Account, f) }), err
	case world.LookAccess:
		v, err := o.access(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.Access[q.ID] = world.Fact[[]string]{At: at, Err: e, Val: v}
		}, err
	case world.LookClaims:
		v, err := o.claims(ctx, q.Region)
		return inRegion(q, v, (*world.Region).SawClaims), err
	case world.LookParams:
		v, unfit, err := o.params(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[map[string]string]) { r.Params, r.Unfit = f, unfit }), err
	case world.LookReferences:
		v, err := o.references(ctx, q)
		return inRegion(q, v, func(r *world.Region, f world.Fact[world.References]) { r.References = f }), err
	case world.LookUsage:
		v, err := o.usage(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[world.Usage]) { r.Usage = f }), err
	case world.LookBin:
		v, err := o.binRules(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[[]world.BinRule]) { r.Bin = f }), err
	case world.LookSnapshots:
		v, err := o.snapshots(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[[]world.Snapshot]) { r.Snapshots = f }), err
	case world.LookNamed:
		v, err := o.named(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[world.Parameters]) { r.Named = f }), err
	case world.LookLimits:
		v, err := o.limits(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[world.Limits]) { r.Limits = f }), err
	case world.LookNetwork:
		v, err := o.network(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[map[string]world.Subnet]) { r.Network = f }), err
	case world.LookTypes:
		v, err := o.types(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[map[string]world.InstanceType]) { r.Types = f }), err
	case world.LookMetadata:
		v, err := metadataDefaults(ctx, o.Clients.EC2(q.Region))
		return inRegion(q, v, func(r *world.Region, f world.Fact[world.MetadataDefaults]) { r.Metadata = f }), err
	case world.LookDenied:
		v, err := o.denied(ctx, q.Region)
		return inRegion(q, v, func(r *world.Region, f world.Fact[map[string]string]) { r.Denied = f }), err
	case world.LookPackage:
		v, err := o.fetch(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.Packages[q.Variant] = world.Fact[world.Package]{At: at, Err: e, Val: v}
		}, err
	case world.LookDigest:
		v, err := o.digest(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.Digests[q.Variant] = world.Fact[string]{At: at, Err: e, Val: v}
		}, err
	case world.LookBase:
		v, err := o.base(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.Bases[q.Variant] = world.Fact[world.Base]{At: at, Err: e, Val: v}
		}, err
	case world.LookPause:
		v, err := Pause(ctx, o.Clients, q.Region, o.Desired.Project)
		return func(w *world.World, at time.Time, e string) {
			w.Pause = world.Fact[record.Pause]{At: at, Err: e, Val: v}
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
	case world.LookAssessments:
		v, err := o.assessments(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			l := w.Listings[q.Listing]
			l.Assessments = world.Fact[[]world.Assessment]{At: at, Err: e, Val: v}
			w.Listings[q.Listing] = l
		}, err
	case world.LookAssessment:
		v, err := o.assessment(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.Assessments[q.ID] = world.Fact[[]world.Control]{At: at, Err: e, Val: v}
		}, err
	case world.LookSellerImages:
		v, err := o.sellerImages(ctx, q)
		return func(w *world.World, at time.Time, e string) {
			w.SellerImages[release.Place{Account: q.Account, Region: q.Region}] = world.Fact[[]world.Image]{At: at, Err: e, Val: v}
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

func (o *Observer) digest(ctx context.Context, q world.Query) (string, error) {
	v, err := o.variant(q.Variant)
	if err != nil {
		return "", err
	}
	if o.Digest == nil {
		return "", fmt.Errorf("the package's digest of %s is not read here", q.Variant)
	}
	return o.Digest(ctx, v)
}
