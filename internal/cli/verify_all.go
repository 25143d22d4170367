package cli

import (
	"context"
	"errors"
	"fmt"

	"amiship/internal/awsapi"
	"amiship/internal/catalog"
	"amiship/internal/observe"
	"amiship/internal/outside"
	"amiship/internal/reconcile"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/view"
	"amiship/internal/world"
)

// runAll audits every release that AWS has, and sums up.
func (c verifyCmd) runAll(ctx context.Context) error {
	switch {
	case c.as == "":
		return needsEyes()
	case c.catalog != "":
		return usage(errors.New("--catalog is about one release: name its tag"))
	}
	b, err := c.loadSaved(ctx)
	if err != nil {
		return err
	}
	var audit outside.Audit
	if audit.Owner, audit.Customer, err = bothEyes(ctx, b.Catalog.Build.Region, c.as); err != nil {
		return err
	}
	released, err := everyRelease(ctx, audit.Owner, b)
	if err != nil {
		return err
	}
	wants := c.wanted(ctx, b, released)
	audit.Own = &outside.Own{}
	all := []report.Audited{}
	for _, r := range released {
		one, err := c.auditOne(ctx, audit, r, wants[r.Tag])
		if err != nil {
			return ofTag(r.Tag, asHint(err))
		}
		all = append(all, one)
	}
	audit.Desired = release.Desired{Project: b.Catalog.Project, Forms: b.Forms()}
	rest, err := audit.Parameters(ctx, allRegions(b.Catalog))
	if err != nil {
		return asHint(err)
	}
	left, err := elsewhere(ctx, audit.Owner, b.Catalog)
	if err != nil {
		return asHint(err)
	}
	rest.Notes = append(rest.Notes, report.ElsewhereLines(left)...)
	if len(rest.Findings)+len(rest.Notes) > 0 {
		all = append(all, report.Audited{Seen: &rest})
	}
	c.result(&verifyAllAnswer{Project: b.Catalog.Project, Releases: all}, func() { report.AuditedAll(c.Out, b.Catalog.Project, all) })
	if report.CountFindings(all) > 0 {
		return silent(codeFailed)
	}
	return nil
}

// verifyAllAnswer is of all releases.
type verifyAllAnswer struct {
	view.Header
	Project  string           `json:"project"`
	Releases []report.Audited `json:"releases"`
}

// auditOne audits a release as its catalog wanted it.
func (c verifyCmd) auditOne(ctx context.Context, audit outside.Audit, r reconcile.Released, want wanted) (report.Audited, error) {
	out := report.Audited{Tag: r.Tag, Notes: want.notes()}
	switch {
	case r.Over == record.StageWithdrawn && want.err != nil:
		out.Skip = "was withdrawn, and the catalog takes it no longer"
		return out, nil
	case r.Over == record.StageWithdrawn:
	case r.Over != "":
		out.Skip = "is " + r.Over
		return out, nil
	case r.Candidates > 0:
		out.Skip = "is not complete: amiship release " + r.Tag
		return out, nil
	case want.apart != "":
		out.Skip, out.Notes = "is not comparable: "+want.apart, nil
		return out, nil
	case want.err != nil:
		out.Err = fmt.Sprintf("the catalog takes it no longer: %v", want.err)
		return out, nil
	case want.desired.Skip != "":
		out.Err = "the catalog no longer releases anything at it: " + want.desired.Skip
		return out, nil
	}
	audit.Desired = want.desired
	audit.Desired.Untested = c.noTest
	seen, err := audit.Run(ctx)
	out.Seen = &seen
	return out, err
}

// everyRelease are all that AWS has, the newest first; every region must answer.
func everyRelease(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle) ([]reconcile.Released, error) {
	w, queries, err := lookForReleases(ctx, clients, b)
	if err != nil {
		return nil, err
	}
	return reconcile.Releases(b.Catalog.Project, w), unread(w, queries)
}

// lookForReleases reads the images of all regions.
func lookForReleases(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle) (world.World, []world.Query, error) {
	queries := imagesOf(allRegions(b.Catalog))
	w, err := observe.Once(ctx, clients, release.Desired{Project: b.Catalog.Project}, queries)
	return w, queries, err
}

// oneRelease is what the regions that answer show of a release.
func oneRelease(ctx context.Context, clients *awsapi.Clients, b *catalog.Bundle, tag string) ([]reconcile.Released, error) {
	w, _, err := lookForReleases(ctx, clients, b)
	for _, r := range reconcile.Releases(b.Catalog.Project, w) {
		if r.Tag == tag {
			return []reconcile.Released{r}, err
		}
	}
	return []reconcile.Released{{Tag: tag}}, err
}
