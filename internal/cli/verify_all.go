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
)

// verifyAll audits every release that AWS has, and sums up.
func (a *app) verifyAll(ctx context.Context, o verifyOptions) error {
	switch {
	case o.as == "":
		return needsEyes()
	case o.catalog != "":
		return usage(errors.New("--catalog is about one release: name its tag"))
	}
	b, err := a.load()
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
	all := []report.Audited{}
	for _, r := range released {
		one, err := auditOne(ctx, audit, b, r, o)
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

// auditOne audits a release as today's catalog wants it.
func auditOne(ctx context.Context, audit outside.Audit, b *catalog.Bundle, r plan.Released, o verifyOptions) (report.Audited, error) {
	out := report.Audited{Tag: r.Tag}
	switch {
	case r.Over != "":
		out.Skip = "is " + r.Over
		return out, nil
	case r.Candidates > 0:
		out.Skip = "is not complete: amiship release " + r.Tag
		return out, nil
	}
	d, err := catalog.Resolve(b, r.Tag)
	if err != nil {
		out.Err = fmt.Sprintf("the catalog takes it no longer: %v", err)
		return out, nil
	}
	if d.Skip != "" {
		out.Err = "the catalog releases nothing at it any more: " + d.Skip
		return out, nil
	}
	d.Untested = o.noTest
	audit.Desired = d
	seen, err := audit.Run(ctx)
	out.Seen = &seen
	return out, err
}

// everyRelease are all that AWS has, the newest first; every region must answer.
func everyRelease(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle) ([]plan.Released, error) {
	queries := imagesOf(allRegions(b.Catalog))
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, queries)
	if err != nil {
		return nil, err
	}
	return plan.Releases(b.Catalog.Project, w), unread(w, queries)
}
