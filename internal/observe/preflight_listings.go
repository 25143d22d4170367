package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/release"
	"amiship/internal/world"
)

// PreflightListings asks Marketplace, without changing anything, whether each
// listing could get a version: that its product and its change sets can be read,
// and that it takes what the catalog has for it. Whether the caller may submit,
// and Marketplace may use the access role, can't be asked.
func PreflightListings(ctx context.Context, c *awsapi.Clients, listings []release.Listing, targets []release.Target) []audit.Finding {
	out := make([][]audit.Finding, len(listings))
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, l := range listings {
		g.Go(func() error {
			out[i] = append(productFindings(ctx, c, l, targets), setsFinding(ctx, c, l))
			return nil
		})
	}
	_ = g.Wait() // findings hold the errors
	return slices.Concat(out...)
}

func productFindings(ctx context.Context, c *awsapi.Clients, l release.Listing, targets []release.Target) []audit.Finding {
	e, err := entityOf(ctx, c.As(l.Role, l.ExternalID).Marketplace(), l.Product)
	if err != nil {
		return []audit.Finding{finding(l.Name, l.Product, err)}
	}
	what := fmt.Sprintf("%s, %s, %d of %d versions", e.Title, e.Visibility, e.Offered(), l.Limit)
	out := []audit.Finding{finding(l.Name, what, unable(e, l))}
	if what, where := e.NotOffered(targets); what != "" {
		out = append(out, audit.Finding{Where: l.Name, What: what, How: audit.Noted, More: where})
	}
	return out
}

// unable says why a product takes no version of a listing.
func unable(e world.Entity, l release.Listing) error {
	var why []string
	if e.Visibility == world.VisibleRestricted {
		why = append(why, "a restricted product gets no versions")
	}
	if i := slices.IndexFunc(e.Versions, func(v world.Version) bool { return v.Arch != "" && v.Arch != l.Arch }); i >= 0 {
		why = append(why, fmt.Sprintf("%q is %s, the listing's image %s: a product shows one architecture", e.Versions[i].Title, e.Versions[i].Arch, l.Arch))
	}
	if e.Offered() >= l.Limit {
		why = append(why, "no version quota left")
	}
	if len(why) == 0 {
		return nil
	}
	return errors.New(strings.Join(why, "; "))
}

func setsFinding(ctx context.Context, c *awsapi.Clients, l release.Listing) audit.Finding {
	sets, err := changeSets(ctx, c.As(l.Role, l.ExternalID).Marketplace(), l.Product)
	if err != nil {
		return finding(l.Name, "aws-marketplace:ListChangeSets", err)
	}
	what := "no change set pending"
	for _, s := range sets {
		if s.Pending() {
			what = fmt.Sprintf("change set %s pending, %s since %s", s.ID, s.Status, s.Start.UTC().Format("2006-01-02 15:04 UTC"))
			break
		}
	}
	return finding(l.Name, what, nil)
}
