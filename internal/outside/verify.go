package outside

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// Audit checks every region of a finished release from two accounts. The
// customer's shows what is public, and that private AMIs are not; only the
// owner's shows tags, permissions, snapshots and parameters.
type Audit struct {
	Owner, Customer *awsapi.Clients
	Desired         release.Desired
	Listed          *Listed // nil: the ids were not recorded
	// Own are the owner's AMIs that several audits have in common; nil: each reads them.
	Own *Own
}

// ErrOwner says that the customer's account is the owner's.
var ErrOwner = errors.New("it owns the AMIs")

// sideBySide is how many regions are checked concurrently.
const sideBySide = 8

// Run inspects the release once, and returns all that differs from the catalog. What
// cannot be read is a finding; an error says that no account could be asked, that the
// credentials have expired, or that ctx ended.
func (a Audit) Run(ctx context.Context) (audit.Verified, error) {
	seen := audit.Verified{Project: a.Desired.Project, Tag: a.Desired.Tag, AMIs: []audit.Sight{}, Findings: []audit.Difference{}}
	before := a.calls()
	var err error
	if seen.Owner, _, err = a.Owner.Identity(ctx); err != nil {
		return seen, fmt.Errorf("as the owner: %w", err)
	}
	if seen.Customer, _, err = a.Customer.Identity(ctx); err != nil {
		return seen, fmt.Errorf("as the customer: %w", err)
	}
	if seen.Customer == seen.Owner {
		return seen, fmt.Errorf("account %s is no customer: %w", seen.Customer, ErrOwner)
	}
	looks, err := a.everywhere(ctx, seen.Owner, seen.Customer)
	if err != nil {
		return seen, err
	}
	if seen.Withdrawn = withdrawn(looks); seen.Withdrawn != "" {
		err = a.recalled(ctx, &seen, looks)
	} else {
		err = a.released(ctx, &seen, looks)
	}
	seen.Calls = a.calls() - before
	return seen, cmp.Or(a.Owner.Rejected(), a.Customer.Rejected(), err)
}

// released compares with the catalog.
func (a Audit) released(ctx context.Context, seen *audit.Verified, looks []*look) error {
	waive(looks, a.Owner.Now())
	if err := each(ctx, looks, (*look).run); err != nil {
		return err
	}
	keptByWaiver(looks)
	a.collect(seen, looks)
	byPlace(seen.Findings)
	return a.listings(ctx, seen)
}

func (a Audit) calls() int { return a.Owner.Calls() + a.Customer.Calls() }

// everywhere reads what the owner has in all regions.
func (a Audit) everywhere(ctx context.Context, owner, customer string) ([]*look, error) {
	looks := make([]*look, len(a.Desired.Targets))
	for i, t := range a.Desired.Targets {
		looks[i] = &look{Audit: a, Target: t, owner: owner, customer: customer}
	}
	return looks, each(ctx, looks, (*look).read)
}

// each does something in all regions, some of them at once. A region has as long as
// reading a fact may take.
func each(ctx context.Context, looks []*look, do func(*look, context.Context)) error {
	var g errgroup.Group
	g.SetLimit(sideBySide)
	for _, l := range looks {
		g.Go(func() error {
			within, cancel := l.Owner.Within(ctx)
			defer cancel()
			do(l, within)
			return ctx.Err()
		})
	}
	return g.Wait()
}

// collect puts the regions together, and what can only be seen across them.
func (a Audit) collect(seen *audit.Verified, looks []*look) {
	for _, l := range looks {
		seen.AMIs = append(seen.AMIs, l.sights...)
		seen.Findings = append(seen.Findings, l.found...)
		seen.Notes = append(seen.Notes, l.notes...)
	}
	for _, v := range a.Desired.Variants {
		seen.Findings = append(seen.Findings, origins(v, looks)...)
		if !v.Public && len(v.Organizations) > 0 {
			seen.Notes = append(seen.Notes, fmt.Sprintf("%s/%s is shared with organizations, which account %s may belong to: only its permissions show that other accounts do not see it",
				v.Image, v.Arch, seen.Customer))
		}
		if !v.Public && slices.Contains(v.Share, seen.Customer) {
			seen.Notes = append(seen.Notes, fmt.Sprintf("%s/%s is shared with account %s, which verified: only its permissions show that other accounts do not see it",
				v.Image, v.Arch, seen.Customer))
		}
	}
	if a.Listed != nil {
		seen.Findings = append(seen.Findings, a.Listed.compare(a.Desired, seen.AMIs)...)
	}
}

// byPlace sorts findings by region and variant.
func byPlace(found []audit.Difference) {
	slices.SortStableFunc(found, func(x, y audit.Difference) int {
		return cmp.Or(strings.Compare(x.Region, y.Region), strings.Compare(x.Image, y.Image), strings.Compare(x.Arch, y.Arch))
	})
}
