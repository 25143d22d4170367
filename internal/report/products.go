package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"amiship/internal/reconcile"
	"amiship/internal/terminal"
	"amiship/internal/world"
)

// Products writes what Marketplace has of listings: remaining version quota,
// versions, change sets.
func Products(w io.Writer, all []reconcile.Product) {
	for i, p := range all {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if p.Err != "" {
			fmt.Fprintf(w, "%s   %s could not be read: %s\n", p.Name, p.Product, p.Err)
			continue
		}
		fmt.Fprintf(w, "%s   %s, %s, %s, backed by %s\n", p.Name, p.Title, p.Product, p.Visibility, p.Backed)
		fmt.Fprintf(w, "  %s of %d, capacity for %d more\n", count(p.Offered, "version"), p.Limit, p.Left)
		versions(w, p.Versions)
		assessed(w, "", p.Assessed, p.Unassessed)
		productSets(w, p.ChangeSets)
	}
}

// mostVersions is how many of a listing's versions are shown to people.
const mostVersions = 10

func versions(w io.Writer, all []world.Version) {
	t := terminal.NewTable(w, "VISIBILITY")
	for i, v := range all {
		if i == 0 {
			fmt.Fprintln(t, "  VERSION\tSINCE\tAMI\tVISIBILITY")
		}
		if i == mostVersions {
			fmt.Fprintf(t, "  … and %d older; --json shows all\n", len(all)-i)
			break
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", v.Title, v.Created.Format(time.DateOnly), v.AMI, visibilities(v))
	}
	t.Flush()
}

// assessed names the versions whose newest assessment has failed, or expires soon; listing is
// what a line begins with.
func assessed(w io.Writer, listing string, all []reconcile.Assessed, unread string) {
	if unread != "" {
		fmt.Fprintf(w, "  note     %sMarketplace's assessments could not be read: %s\n", listing, firstLine(unread))
	}
	for _, a := range all {
		switch {
		case a.Failed:
			fmt.Fprintf(w, "  FAILED   %s%s: Marketplace's assessment of %s\n", listing, a.Title, a.Created.Format(time.DateOnly))
			for _, why := range a.Why {
				fmt.Fprintf(w, "           %s\n", why)
			}
		case a.Soon:
			fmt.Fprintf(w, "  note     %s%s: Marketplace's assessment expires %s\n", listing, a.Title, a.Expires.Format(time.DateOnly))
		}
	}
}

func visibilities(v world.Version) string {
	var out []string
	for _, o := range v.Options {
		out = append(out, o.Visibility)
	}
	return orDash(strings.Join(out, ", "))
}

func productSets(w io.Writer, all []reconcile.ProductSet) {
	t := terminal.NewTable(w, "NAME", "WHAT")
	for i, s := range all {
		if i == 0 {
			fmt.Fprintln(t, "  CHANGE SET\tBEGUN\tSTATUS\tWHAT\tNAME")
		}
		status := s.Status
		if s.FailureCode != "" {
			status += " " + s.FailureCode
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", s.ID, s.Start.Format("2006-01-02 15:04"), status, orDash(s.What), s.Name)
	}
	t.Flush()
	for _, s := range all {
		for _, e := range s.Errors {
			fmt.Fprintf(w, "  %s  %s: %s\n    %s\n", s.ID, e.Code, e.Means, indent(e.Message))
		}
		for _, text := range s.Failed {
			fmt.Fprintf(w, "  %s  %s\n", s.ID, text)
		}
	}
}
