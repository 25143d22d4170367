package cli

import (
	"context"
	"errors"
	"fmt"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/outside"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

// verifyAll audits every release that AWS has, and sums up.
func (a *app) verifyAll(ctx context.Context, o verifyOptions) error {
	switch {
	case o.as == "":
		return needsEyes()
	case o.catalog != "":
		return usage(errors.New("--catalog is about one release: name its tag"))
	}
	b, err := a.loadSaved(ctx)
	if err != nil {
		return err
	}
	var audit outside.Audit
	if audit.Owner, audit.Customer, err = bothEyes(ctx, b.Catalog.Build.Region, o.as); err != nil {
		return err
	}
	released, err := everyRelease(ctx, audit.Owner, b)
	if err != nil {
		return err
	}
	wants := a.wanted(ctx, b, released)
	all := []report.Audited{}
	for _, r := range released {
		one, err := auditOne(ctx, audit, r, wants[r.Tag], o)
		if err != nil {
			return ofTag(r.Tag, asHint(err))
		}
		all = append(all, one)
	}
	if a.json {
		err = report.JSON(a.Out, all)
	} else {
		report.AuditedAll(a.Out, b.Catalog.Project, all)
	}
	if report.CountFindings(all) > 0 {
		return firstOf(err, silent(codeFailed))
	}
	return err
}

// auditOne audits a release as its catalog wanted it.
func auditOne(ctx context.Context, audit outside.Audit, r plan.Released, want wanted, o verifyOptions) (report.Audited, error) {
	out := report.Audited{Tag: r.Tag, Notes: want.notes()}
	switch {
	case r.Over == release.StageWithdrawn && want.err != nil:
		out.Skip = "was withdrawn, and the catalog takes it no longer"
		return out, nil
	case r.Over == release.StageWithdrawn:
	case r.Over != "":
		out.Skip = "is " + r.Over
		return out, nil
	case r.Candidates > 0:
		out.Skip = "is not complete: amiship release " + r.Tag
		return out, nil
	case want.err != nil:
		out.Err = fmt.Sprintf("the catalog takes it no longer: %v", want.err)
		return out, nil
	case want.desired.Skip != "":
		out.Err = "the catalog releases nothing at it any more: " + want.desired.Skip
		return out, nil
	}
	audit.Desired = want.desired
	audit.Desired.Untested = o.noTest
	seen, err := audit.Run(ctx)
	out.Seen = &seen
	return out, err
}

// everyRelease are all that AWS has, the newest first; every region must answer.
func everyRelease(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle) ([]plan.Released, error) {
	w, queries, err := lookForReleases(ctx, clients, b)
	if err != nil {
		return nil, err
	}
	return plan.Releases(b.Catalog.Project, w), unread(w, queries)
}

// lookForReleases reads the images of all regions.
func lookForReleases(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle) (world.World, []world.Query, error) {
	queries := imagesOf(allRegions(b.Catalog))
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, queries)
	return w, queries, err
}

// oneRelease is what the regions that answer show of a release.
func oneRelease(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle, tag string) ([]plan.Released, error) {
	w, _, err := lookForReleases(ctx, clients, b)
	for _, r := range plan.Releases(b.Catalog.Project, w) {
		if r.Tag == tag {
			return []plan.Released{r}, err
		}
	}
	return []plan.Released{{Tag: tag}}, err
}
