package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"amiship/internal/reconcile"
	"amiship/internal/release"
	"amiship/internal/retention"
	"amiship/internal/terminal"
)

// Retirement writes what is kept of a project's AMIs, what goes, and why.
func Retirement(w io.Writer, r reconcile.Retirement) {
	if len(r.Groups) == 0 {
		fmt.Fprintf(w, "%s: no releases\n", r.Project)
	}
	t := terminal.NewTable(w)
	for _, row := range rowsOf(r) {
		fmt.Fprintf(t, "  %s\n", strings.Join(row, "\t"))
	}
	t.Flush()
	for _, x := range r.Capacities {
		if x.Now+x.Later > 0 {
			fmt.Fprintf(w, "  quota    %s: %d public, %d fewer now, %d later\n", x.Region, x.Public, x.Now, x.Later)
		}
	}
	for _, u := range usersOf(r) {
		fmt.Fprintf(w, "  used     %s of %s in %s: %s\n", u[0], u[1], u[2], u[3])
	}
	for _, o := range r.Offers {
		fmt.Fprintf(w, "  listing  %s: %s\n", o.Listing, strings.TrimPrefix(fmt.Sprintf("%s %q: %s", keeps(o), o.Title, o.Why), `keep "": `))
	}
	for _, q := range r.Unread {
		fmt.Fprintf(w, "  UNREAD   %s of %s%s: what it could protect is kept\n", q.Kind, q.Region, q.Listing)
	}
}

// NothingDue writes in a line that there is nothing to do, and what comes next.
func NothingDue(w io.Writer, r reconcile.Retirement) {
	next := ""
	var first time.Time
	for _, g := range r.Groups {
		if !g.Kept && (next == "" || g.Due.Before(first)) {
			first, next = g.Due, fmt.Sprintf(" before %s, %s of %s", g.Due.Format(time.DateOnly), g.Next, g.Tag)
		}
	}
	fmt.Fprintf(w, "%s: nothing is due%s; amiship retire --plan shows what is kept, and why\n", r.Project, next)
}

// RetirementMarkdown writes the same for people who have to agree.
func RetirementMarkdown(w io.Writer, r reconcile.Retirement) {
	fmt.Fprintf(w, "# %s: what is kept, and what is retired\n\n%s. Kept are:\n\n", r.Project, r.Now.Format("2006-01-02 15:04 MST"))
	for _, rule := range rules(r.Policies) {
		fmt.Fprintln(w, "- "+rule)
	}
	fmt.Fprintf(w, "\n%s\n", graces(r.Policies.Grace))
	table(w, "AMIs", []string{"", "When", "Version", "Image", "Age", "Last launched", "Regions", "Why"}, rowsOf(r))
	table(w, "Who uses them", []string{"AMI", "Version", "Region", "In use by"}, usersOf(r))
	var quotas, offers [][]string
	for _, x := range r.Capacities {
		quotas = append(quotas, []string{x.Region, fmt.Sprint(x.Public), fmt.Sprint(x.Now), fmt.Sprint(x.Later)})
	}
	table(w, "Quota of public AMIs", []string{"Region", "Public", "Fewer now", "Fewer later"}, quotas)
	for _, o := range r.Offers {
		offers = append(offers, []string{keeps(o), o.Listing, o.Title, age(r.Now, o.Created), o.Why})
	}
	table(w, "Versions of listings", []string{"", "Listing", "Title", "Age", "Why"}, offers)
	for _, q := range r.Unread {
		fmt.Fprintf(w, "\n**Not read:** %s of %s%s. What it could protect is kept.\n", q.Kind, q.Region, q.Listing)
	}
}

// usersOf are who uses AMIs, in the columns of its table.
func usersOf(r reconcile.Retirement) [][]string {
	var out [][]string
	for _, u := range r.Users {
		by := slices.Clone(u.References)
		if u.Report != nil {
			by = append(by, fmt.Sprintf("%s (%s, %s)", retention.Others(*u.Report), u.Report.ID, u.Report.Created.Format("2006-01-02 15:04 MST")))
		}
		out = append(out, []string{u.AMI, u.Tag, u.Region, strings.Join(by, "; ")})
	}
	return out
}

// keeps: the operator may restrict a version that is not kept.
func keeps(o retention.Offer) string {
	if o.Kept {
		return "keep"
	}
	return "to restrict"
}

// rowsOf are the lines of a retirement, in the columns of its table.
func rowsOf(r reconcile.Retirement) [][]string {
	var out [][]string
	for _, g := range r.Groups {
		what, when := "keep", ""
		if !g.Kept {
			what, when = string(g.Next), "now"
			if g.Due.After(r.Now) {
				when = g.Due.Format(time.DateOnly)
			}
		}
		last := "never"
		if !g.LastLaunched.IsZero() {
			last = age(r.Now, g.LastLaunched) + " ago"
		}
		out = append(out, []string{what, when, g.Tag, g.Image + "/" + g.Arch, age(r.Now, g.Created), last, few(append([]string{}, g.Regions...), "region"), g.Why})
	}
	return out
}

func age(now, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return count(int(now.Sub(at).Hours()/24), "day")
}

// table writes a table of Markdown, if it has any rows.
func table(w io.Writer, title string, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\n## %s\n\n", title)
	line := func(cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	line(strings.Fields(strings.Repeat("--- ", len(head))))
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = strings.ReplaceAll(firstLine(cell), "|", `\|`)
		}
		line(cells)
	}
}

// rules are what a policy keeps, in words.
func rules(p release.Retention) []string {
	out := []string{"the newest AMI of each image, what a parameter points at that moves on, and what a listing offers"}
	for _, k := range []struct {
		what string
		keep *release.Keep
	}{{"public AMIs", p.Public}, {"private AMIs", p.Private}, {"versions of listings", p.Versions}} {
		if k.keep == nil {
			out = append(out, "all "+k.what)
			continue
		}
		out = append(out, fmt.Sprintf("of the %s the newest %d patches of each of the newest %d minors, and all that are younger than %s",
			k.what, k.keep.Patches, k.keep.Minors, daysOf(k.keep.Age)))
	}
	if p.Referenced {
		out = append(out, "AMIs that instances, launch templates or SSM parameters of the account refer to")
	}
	if p.UsedByOthers {
		out = append(out, fmt.Sprintf("AMIs that other accounts use by a usage report of the last %d days, and those without one", retention.ReportDays))
	}
	return append(out, "AMIs that were launched within "+daysOf(p.Launched))
}

func graces(g release.Grace) string {
	return fmt.Sprintf("An AMI that is kept no longer is left out of searches after %s, private after %s, disabled after %s and removed after %s.",
		daysOf(g.Deprecate), daysOf(g.Demote), daysOf(g.Disable), daysOf(g.Deregister))
}

func daysOf(d time.Duration) string { return count(int(d.Hours()/24), "day") }
