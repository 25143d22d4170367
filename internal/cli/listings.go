package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"amiship/internal/awsapi"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/world"
)

func (a *app) listingsCommand() *cobra.Command {
	var days int
	cmd := &cobra.Command{
		Use: "listings [NAME...]", Short: "Show the listings on AWS Marketplace: versions, head-room, change sets",
		Long: `Listings shows what AWS Marketplace has of each product of the catalog: its
versions and how many more there may be, and the change sets of the last weeks
with what they asked for and how they ended. It changes nothing.`,
		Example: `  amiship listings
  amiship listings premium --days 60 --json | jq '.[].Versions[].Title'`,
		RunE: func(cmd *cobra.Command, names []string) error {
			return a.listings(cmd.Context(), names, time.Duration(days)*24*time.Hour)
		},
	}
	cmd.Flags().IntVar(&days, "days", 28, "change sets that began so many days ago or later, and all that are pending")
	return cmd
}

func (a *app) listings(ctx context.Context, names []string, since time.Duration) error {
	b, err := a.load()
	if err != nil {
		return err
	}
	all, err := chosen(b.Listings(), names)
	if err != nil {
		return usage(err)
	}
	if len(all) == 0 {
		_, err := fmt.Fprintf(a.Out, "%s: no listings; they stand under listings in %s\n", b.Catalog.Project, a.file)
		return err
	}
	clients, err := awsapi.Load(ctx, b.Catalog.Build.Region)
	if err != nil {
		return err
	}
	o := observe.Observer{Clients: clients, Desired: release.Desired{Project: b.Catalog.Project, Listings: all}}
	w := world.New()
	queries := listingsOf(all)
	if err := o.Look(ctx, &w, queries); err != nil {
		return err
	}
	if err := o.Look(ctx, &w, setsOf(all, w, since)); err != nil {
		return err
	}
	shown := plan.Listed(b.Catalog.Project, all, w, since)
	if a.json {
		err = report.JSON(a.Out, shown)
	} else {
		report.Products(a.Out, shown)
	}
	return firstOf(err, unread(w, queries))
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
			return nil, fmt.Errorf("no listing %s in the catalog", name)
		}
		out = append(out, l)
	}
	return out, nil
}

func named(all []release.Listing, name string) (release.Listing, bool) {
	for _, l := range all {
		if l.Name == name {
			return l, true
		}
	}
	return release.Listing{}, false
}

// setsOf asks for the details of the change sets that are shown.
func setsOf(all []release.Listing, w world.World, since time.Duration) []world.Query {
	var out []world.Query
	for _, l := range all {
		for _, set := range plan.Recent(w.Listings[l.Name].Sets.Val, w.Now, since) {
			out = append(out, world.Query{Kind: world.LookChangeSet, Listing: l.Name, Set: set.ID})
		}
	}
	return out
}
