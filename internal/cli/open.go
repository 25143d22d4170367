package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/engine"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

// releaseOpen resumes every release that is not complete: one after the other,
// whatever became of those before.
func (c releaseCmd) runOpen(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	until, err := plan.ParseUntil(c.until)
	if err != nil {
		return usage(err)
	}
	approved, err := approvals(c.approve)
	if err != nil {
		return usage(err)
	}
	b, err := c.loadSaved(ctx)
	if err != nil {
		return err
	}
	clients, err := loadClients(ctx, b.Catalog.Build.Region) // one for all: they keep within Marketplace's rates
	if err != nil {
		return err
	}
	ctx, stop, cancel := c.interrupts(ctx)
	defer cancel()
	if c.who, err = c.announce(reading(ctx, stop), clients); err != nil {
		return err
	}
	tags, err := openTags(reading(ctx, stop), clients, b)
	if err != nil {
		return err
	}
	if len(tags) == 0 {
		fmt.Fprintf(c.Err, "%s: no release is open\n", b.Catalog.Project)
		c.result(c.releases, nothing)
	}
	worst, completed := engine.Complete, false
	var errs []error
	for _, tag := range tags {
		outcome, err := c.carryOn(ctx, stop, clients, b, tag, until, approved[plan.FreezeStep])
		errs = append(errs, err)
		worst = worst.Worse(outcome)
		completed = completed || err == nil && outcome == engine.Complete
		if outcome == engine.Interrupted {
			break
		}
	}
	if worst != engine.Interrupted {
		outcome, err := c.endDeadClaims(ctx, stop, clients, b)
		errs, worst = append(errs, err), worst.Worse(outcome)
	}
	if completed && worst != engine.Interrupted && until == plan.UntilListed && b.Catalog.Retire.WithRelease {
		errs = append(errs, c.retireAfter(ctx))
	}
	return firstOf(errors.Join(errs...), outcomeError(worst))
}

func (c releaseCmd) carryOn(
	ctx context.Context, stop <-chan struct{}, clients *awsapi.Clients, b *catalog.Bundle, tag string, until plan.Until, freeze string,
) (engine.Outcome, error) {
	d, err := c.atTag(ctx, b, tag)
	if err != nil {
		return engine.HasFailed, fmt.Errorf("%s: %w", tag, err)
	}
	d.Untested, d.Control.Approved = c.noTest, freeze
	outcome, err := c.releaseOne(ctx, stop, clients, d, func(w world.World, r plan.Run) plan.Plan {
		r.Unattended = true
		return reconcile.Reconcile(d, w, r).Until(until)
	})
	if err != nil {
		err = fmt.Errorf("%s: %w", tag, err)
	}
	return outcome, err
}

// endDeadClaims ends what runs that died have left running where the project builds: a
// schedule is all that comes by.
func (c releaseCmd) endDeadClaims(ctx context.Context, stop <-chan struct{}, clients *awsapi.Clients, b *catalog.Bundle) (engine.Outcome, error) {
	d, err := ofProject(b, approving{c.approve})
	if err != nil {
		return engine.HasFailed, err
	}
	s := reconcile.Sweep{Project: d.Project, Regions: []string{b.Catalog.Build.Region}, ClaimsOnly: true}
	p, outcome, err := c.runWith(ctx, stop, clients, d, c.runOptions, s.Reconcile)
	if err != nil {
		return outcome, fmt.Errorf("end the claims of dead runs: %w", err)
	}
	report.Trouble(c.Err, p)
	c.hints(p)
	return outcome, unreadRegions(p)
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
	return reconcile.Open(b.Catalog.Project, listings, w), nil
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
		if where := q.Region + q.Listing; err != "" && !strings.Contains(err, where) {
			err = where + ": " + err
		}
		if err != "" {
			errs = append(errs, errors.New(err))
		}
	}
	return errors.Join(errs...)
}
