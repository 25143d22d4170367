package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/engine"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// releaseOpen carries on every release that is not complete: one after the other,
// whatever became of those before.
func (a *app) releaseOpen(ctx context.Context, o releaseOptions) error {
	until, err := plan.ParseUntil(o.until)
	if err != nil {
		return usage(err)
	}
	b, err := a.loadSaved(ctx)
	if err != nil {
		return err
	}
	clients, err := awsapi.Load(ctx, b.Catalog.Build.Region) // one for all: they keep within Marketplace's rates
	if err != nil {
		return err
	}
	ctx, stop, cancel := interrupts(ctx)
	defer cancel()
	tags, err := openTags(ctx, clients, b)
	if err != nil {
		return err
	}
	if len(tags) == 0 {
		fmt.Fprintf(a.Err, "%s: no release is open\n", b.Catalog.Project)
	}
	worst, completed := engine.Complete, false
	var errs []error
	for _, tag := range tags {
		outcome, err := a.carryOn(ctx, stop, clients, b, tag, until, o)
		errs = append(errs, err)
		worst = worst.Worse(outcome)
		completed = completed || err == nil && outcome == engine.Complete
		if outcome == engine.Interrupted {
			break
		}
	}
	if completed && worst != engine.Interrupted && until == plan.UntilListed && b.Catalog.Retire.WithRelease {
		errs = append(errs, a.retireAfter(ctx))
	}
	return firstOf(errors.Join(errs...), outcomeError(worst))
}

func (a *app) carryOn(
	ctx context.Context, stop <-chan struct{}, clients *awsapi.Clients, b *catalog.Bundle, tag string, until plan.Until, o releaseOptions,
) (engine.Outcome, error) {
	d, err := catalog.Resolve(b, tag)
	if err != nil {
		return engine.HasFailed, fmt.Errorf("%s: %w", tag, err)
	}
	d.Untested = o.noTest
	outcome, err := a.releaseOne(ctx, stop, clients, d, o, func(w world.World, r plan.Run) plan.Plan {
		return plan.Reconcile(d, w, r).Until(until)
	})
	if err != nil {
		err = fmt.Errorf("%s: %w", tag, err)
	}
	return outcome, err
}

// openTags reads which releases are not complete.
func openTags(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle) ([]string, error) {
	listings := b.Listings()
	queries := append(imagesOf([]string{b.Catalog.Build.Region}), listingsOf(listings)...)
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project, Listings: listings}, queries)
	if err != nil {
		return nil, err
	}
	if err := unread(w, queries); err != nil {
		return nil, err
	}
	return plan.Open(b.Catalog.Project, listings, w), nil
}

func listingsOf(listings []release.Listing) []world.Query {
	var out []world.Query
	for _, l := range listings {
		out = append(out, world.Query{Kind: world.LookListing, Listing: l.Name})
	}
	return out
}

// unread says what could not be read of regions and listings.
func unread(w world.World, queries []world.Query) error {
	var errs []error
	for _, q := range queries {
		err := w.Regions[q.Region].Images.Err
		if l := w.Listings[q.Listing]; q.Listing != "" {
			err = cmp.Or(l.Entity.Err, l.Sets.Err)
		}
		if err != "" {
			errs = append(errs, errors.New(err))
		}
	}
	return errors.Join(errs...)
}
