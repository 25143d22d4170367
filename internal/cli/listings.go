package cli

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/observe"
	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/view"
	"amiship/internal/world"
)

// listingsCmd is the command listings.
type listingsCmd struct {
	*app
	days int
}

func listingsCommand(a *app) *cobra.Command {
	c := listingsCmd{app: a}
	cmd := &cobra.Command{
		Use: "listings [NAME...]", Short: "Show Marketplace listings: versions, limits, change sets",
		Long: `Listings shows each product of the catalog on AWS Marketplace: its versions, how
many more it can have, those whose assessment by AWS Marketplace has failed or
expires soon, and the change sets of the last weeks with their details and
results. It changes nothing.`,
		Annotations: takes(catalogFlags, awsFlags, jsonFlag),
		Example: `  amiship listings
  amiship listings premium --days 60 --json | jq '.listings[].versions[].title'`,
		RunE: func(cmd *cobra.Command, names []string) error {
			return c.run(cmd.Context(), names)
		},
	}
	cmd.Flags().IntVar(&c.days, "days", 28, "show the change sets of the last `N` days, and all pending ones")
	return cmd
}

func (c listingsCmd) run(ctx context.Context, names []string) error {
	since := time.Duration(c.days) * 24 * time.Hour
	b, err := c.load()
	if err != nil {
		return err
	}
	all, err := chosen(b.Listings(), names)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		c.result(&listingsAnswer{Project: b.Catalog.Project, Listings: []reconcile.Product{}}, c.line("%s: no listings; %s has no section listings", b.Catalog.Project, c.file))
		return nil
	}
	clients, err := loadClients(ctx, b.Catalog.Build.Region)
	if err != nil {
		return err
	}
	o := observe.Observer{Clients: clients, Desired: release.Desired{Project: b.Catalog.Project, Listings: all}}
	w := world.New()
	queries := listingsOf(all)
	assessments := assessmentsOf(all)
	if err := o.Look(ctx, &w, slices.Concat(queries, assessments)); err != nil {
		return err
	}
	if err := o.Look(ctx, &w, slices.Concat(setsOf(all, w, since), failedAssessments(all, w))); err != nil {
		return err
	}
	shown := reconcile.Listed(b.Catalog.Project, all, w, since)
	c.result(&listingsAnswer{Project: b.Catalog.Project, Listings: shown}, func() { report.Products(c.Out, shown) })
	return unread(w, queries)
}

type listingsAnswer struct {
	view.Header
	Project  string              `json:"project"`
	Listings []reconcile.Product `json:"listings"`
}

// chosen are the listings that were named, or all.
func chosen(all []release.Listing, names []string) ([]release.Listing, error) {
	if len(names) == 0 {
		return all, nil
	}
	var out []release.Listing
	for _, name := range names {
		l, ok := named(all, name)
		if !ok {
			return nil, unknownName("listing", name, listingNames(all))
		}
		out = append(out, l)
	}
	return out, nil
}

func listingNames(all []release.Listing) []string {
	var out []string
	for _, l := range all {
		out = append(out, l.Name)
	}
	return out
}

func named(all []release.Listing, name string) (release.Listing, bool) {
	for _, l := range all {
		if l.Name == name {
			return l, true
		}
	}
	return release.Listing{}, false
}

// setsOf requests the details of the change sets that are shown.
func setsOf(all []release.Listing, w world.World, since time.Duration) []world.Query {
	var out []world.Query
	for _, l := range all {
		for _, set := range reconcile.Recent(w.Listings[l.Name].Sets.Val, w.Now, since) {
			out = append(out, world.Query{Kind: world.LookChangeSet, Listing: l.Name, Set: set.ID})
		}
	}
	return out
}

// assessmentsOf requests what Marketplace has found in their versions.
func assessmentsOf(all []release.Listing) []world.Query {
	var out []world.Query
	for _, l := range all {
		out = append(out, world.Query{Kind: world.LookAssessments, Listing: l.Name})
	}
	return out
}

// failedAssessments requests what has failed in versions.
func failedAssessments(all []release.Listing, w world.World) []world.Query {
	var out []world.Query
	for _, l := range all {
		out = append(out, reconcile.FailedAssessments(l.Name, w)...)
	}
	return out
}
