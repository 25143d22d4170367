package cli

import (
	"context"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/world"
)

// baseFindings note how the bases of releases differ from those of the last ones. A base that
// can't be read is a finding of its own.
func baseFindings(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle, tags []string) (found []audit.Finding, err error) {
	home := b.Catalog.Build.Region
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, imagesOf([]string{home}))
	if err != nil {
		return nil, err
	}
	releases, err := releasesToCheck(b, tags, reconcile.NextVersion(b.Catalog.Project, w))
	if err != nil {
		return nil, err
	}
	for _, d := range releases {
		var queries []world.Query
		for _, v := range d.Variants {
			queries = append(queries, world.Query{Kind: world.LookBase, Variant: v.Image + "/" + v.Arch, Region: v.Build.Region})
		}
		bases, err := observe.Once(ctx, clients, d, queries)
		if err != nil {
			return nil, err
		}
		w.Bases = bases.Bases
		for _, base := range reconcile.Bases(d, w) {
			if base.Change != "" {
				found = append(found, audit.Finding{Where: home, What: "base of " + base.Variant + ": " + base.Change, How: audit.Noted})
			}
		}
	}
	return found, nil
}
