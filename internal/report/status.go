package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"amiship/internal/plan"
	"amiship/internal/terminal"
	"amiship/internal/view"
)

// Status writes a view: the truth of the moment first, then what is open, what blocks, what
// is left, and what was released.
func Status(w io.Writer, v view.View) { status(w, v, true) }

// Fleet writes several views, and what they share. The catalogs of one project, each of a
// partition of AWS, have one table of releases.
func Fleet(w io.Writer, f view.Fleet) {
	fmt.Fprintln(w, f.Headline)
	once := map[string]bool{} // blockers that are told of their account
	for _, a := range f.Accounts {
		for _, b := range a.Blockers {
			once[a.Partition+a.Account+b.ID] = true
		}
	}
	parts := map[string][]view.View{}
	for _, v := range f.Views {
		parts[v.Project] = append(parts[v.Project], v)
	}
	for _, v := range f.Views {
		fmt.Fprintln(w)
		v.Blockers = slices.DeleteFunc(slices.Clone(v.Blockers), func(b view.Blocker) bool { return once[v.AWS.Partition+v.AWS.Account+b.ID] })
		all := parts[v.Project]
		status(w, v, len(all) == 1)
		if len(all) > 1 && all[len(all)-1].AWS == v.AWS {
			partitionsTable(w, all)
		}
	}
	for _, a := range f.Accounts {
		sharedAccount(w, a)
	}
}

// sharedAccount writes what several projects of an account take from the same quotas.
func sharedAccount(w io.Writer, a view.Account) {
	if len(a.Quotas)+len(a.Blockers) == 0 {
		return
	}
	fmt.Fprintf(w, "\naccount %s, %s together:\n", a.Account, strings.Join(a.Projects, ", "))
	viewBlockers(w, a.Blockers)
	scarcest(w, "public AMIs, for one release of each", "region", outlooks(a.Quotas))
}

func status(w io.Writer, v view.View, alone bool) {
	if v.Read.At.IsZero() {
		fmt.Fprintln(w, v.Headline)
		for _, u := range v.Unread {
			fmt.Fprintln(w, "  "+u.Why)
		}
		return
	}
	fmt.Fprintf(w, "%s   %s   read at %s in %.1f s, %s\n%s\n", v.Project, account(v.AWS), v.Read.At.Format("15:04:05"), v.Read.Seconds, count(v.Read.Calls, "call"), v.Headline)
	for _, r := range v.Releases {
		if r.State.IsOpen() {
			openRelease(w, r, v.Read.At)
		}
	}
	for _, h := range v.Holds {
		fmt.Fprintf(w, "  HELD     %s%s\n", h.Why, sinceText(h.Since))
	}
	viewBlockers(w, v.Blockers)
	for _, l := range v.Listings {
		assessed(w, l.Name+": ", l.Assessed, l.Unassessed)
	}
	quotasLeft(w, v)
	for _, b := range v.NextBases {
		fmt.Fprintf(w, "base of the next %s: %s\n", b.Variant, b.Text(v.Read.At))
	}
	if alone {
		releasesTable(w, v.Releases)
	}
	for _, u := range v.Unread {
		fmt.Fprintf(w, "%s could not be read: %s\n", u.What, u.Why)
	}
	for _, l := range v.Leftovers {
		fmt.Fprintf(w, "left over in %s: %s ends it\n", l.What, l.Command)
	}
	Elsewhere(w, v.Elsewhere)
	for _, note := range v.Notes {
		fmt.Fprintln(w, "  note     "+firstLine(note))
	}
}

// account says whose account was read: a sandbox first.
func account(a view.AWS) string {
	text := "account " + cmp.Or(a.Account, "unknown")
	if a.Alias != "" {
		text += " (" + a.Alias + ")"
	}
	switch {
	case a.Sandbox:
		return "SANDBOX " + text
	case a.Endpoint != "":
		return text + " at " + a.Endpoint
	}
	return text
}

// openRelease writes how far one is, and what comes next.
func openRelease(w io.Writer, r view.Release, now time.Time) {
	fmt.Fprintf(w, "\n%s   %s, since %s; ready in %d of %s\n", r.Tag, r.State, plan.Moment(r.Began), r.Ready, count(r.Required, "required region"))
	if r.Error != "" {
		fmt.Fprintln(w, "  ERROR    "+indent(r.Error))
		return
	}
	var parts []string
	for _, s := range r.Stages {
		text := fmt.Sprintf("%s %d/%d", s.Name, s.Done, s.Total)
		if s.Failed > 0 {
			text += fmt.Sprintf(" (%d held)", s.Failed)
		}
		parts = append(parts, text)
	}
	fmt.Fprintln(w, "  "+strings.Join(parts, ", "))
	for _, l := range amiLines(r) {
		fmt.Fprintln(w, "  "+l)
	}
	for _, x := range r.Waits {
		fmt.Fprintf(w, "  waiting  %s: %s%s\n", x.On, x.Why, sinceText(x.Since))
	}
	for _, l := range r.Listings {
		fmt.Fprintf(w, "  listing  %s: %s %s%s\n", l.Listing, l.Version, l.State, because(firstLine(l.Reason)))
	}
	for _, b := range r.Bases {
		fmt.Fprintf(w, "  base     %s: %s\n", b.Variant, b.Text(now))
	}
	for _, note := range r.Notes {
		fmt.Fprintln(w, "  note     "+firstLine(note))
	}
	if r.Next != "" {
		fmt.Fprintf(w, "  next     %s: %s\n", r.Next, r.Command)
	}
}

// amiLines put AMIs of one variant in the same state together: "ce/arm64   copying in 3 regions".
func amiLines(r view.Release) []string {
	var out []string
	for _, v := range r.Variants {
		var parts []string
		for _, state := range view.AMIStates() {
			var regions []string
			reason := ""
			for _, a := range r.AMIs {
				if a.Variant == v.Name && a.State == state {
					regions, reason = append(regions, a.Region), cmp.Or(reason, a.Reason)
				}
			}
			if len(regions) == 0 {
				continue
			}
			text := fmt.Sprintf("%s in %s", state, few(regions, "region"))
			if state == view.Failed || state == view.Skipped || state == view.Waived || state == view.Unknown {
				text += because(firstLine(reason))
			}
			parts = append(parts, text)
		}
		out = append(out, v.Name+": "+strings.Join(parts, ", "))
	}
	return out
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return " (" + why + ")"
}

func sinceText(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return "; since " + plan.Moment(at)
}

func viewBlockers(w io.Writer, all []view.Blocker) {
	for i, b := range all {
		if i == 0 {
			fmt.Fprintln(w)
		}
		word := "BLOCKED "
		if !b.Now {
			word = "AHEAD   "
		}
		fmt.Fprintf(w, "  %s %s\n           %s%s; holds %s\n", word, b.ID, indent(b.Why), sinceText(b.Since), strings.Join(b.Tags, ", "))
		for _, r := range b.Remedies {
			remedy(w, r.Name, r.Command, r.Cost, r.Words)
		}
	}
}

// quotasLeft says for how many releases the quotas are enough: the scarcest.
func quotasLeft(w io.Writer, v view.View) {
	var listings []outlook
	for _, l := range v.Listings {
		if l.Unread == "" {
			listings = append(listings, outlook{l.Name, l.ReleasesLeft, l.Until})
		}
	}
	scarcest(w, "public AMIs", "region", outlooks(v.Quotas))
	scarcest(w, "versions", "listing", listings)
	if v.EveryDays > 0 && len(v.Quotas)+len(listings) > 0 {
		fmt.Fprintf(w, "  at one release in %.1f days, as the last ones came\n", v.EveryDays)
	}
}

func releasesTable(w io.Writer, all []view.Release) {
	t := terminal.NewTable(w, "COMMIT", "PUBLIC", "BEGAN")
	for i, r := range all {
		if i == 0 {
			fmt.Fprintln(t, "\nRELEASE\tSTATE\tBEGAN\tREADY\tAMIS\tPUBLIC\tCOMMIT")
		}
		state := string(r.State)
		if r.Adopted {
			state += ", adopted"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d of %d\t%d\t%d\t%.12s\n", r.Tag, state, r.Began.Format("2006-01-02 15:04"), r.Ready, r.Required, r.Made, r.Public, orDash(r.Commit))
	}
	t.Flush()
}

// partitionsTable has a row for each release, and a column for each account that has it.
func partitionsTable(w io.Writer, views []view.View) {
	t := terminal.NewTable(w)
	head := "\nRELEASE\tBEGAN"
	rows := map[string][]string{}
	began := map[string]time.Time{}
	for i, v := range views {
		head += "\t" + strings.ToUpper(cmp.Or(v.AWS.Partition, "unknown")) + " " + v.AWS.Account
		for _, r := range v.Releases {
			if rows[r.Tag] == nil {
				rows[r.Tag] = slices.Repeat([]string{"-"}, len(views))
			}
			rows[r.Tag][i] = fmt.Sprintf("%s, %d of %d", r.State, r.Ready, r.Required)
			if first := began[r.Tag]; first.IsZero() || r.Began.Before(first) {
				began[r.Tag] = r.Began
			}
		}
	}
	fmt.Fprintln(t, head)
	newest := slices.SortedFunc(maps.Keys(rows), func(x, y string) int { return cmp.Or(began[y].Compare(began[x]), cmp.Compare(x, y)) })
	for _, tag := range newest {
		fmt.Fprintf(t, "%s\t%s\t%s\n", tag, began[tag].Format("2006-01-02 15:04"), strings.Join(rows[tag], "\t"))
	}
	t.Flush()
}

// outlook is for how many releases there is capacity in one region or listing, and until when
// that will do.
type outlook struct {
	where string
	left  int
	until time.Time
}

func outlooks(quotas []view.Quota) []outlook {
	var out []outlook
	for _, q := range quotas {
		out = append(out, outlook{q.Region, q.ReleasesLeft, q.Until})
	}
	return out
}

func scarcest(w io.Writer, what, noun string, all []outlook) {
	if len(all) == 0 {
		return
	}
	slices.SortStableFunc(all, func(x, y outlook) int { return cmp.Compare(x.left, y.left) })
	least := all[0]
	text := fmt.Sprintf("remaining quota for %s: %s in %s", what, count(least.left, "release"), least.where)
	if !least.until.IsZero() {
		text += ", until " + least.until.Format(time.DateOnly)
	}
	others := 0
	for _, o := range all[1:] {
		if o.left > least.left {
			others++
		} else {
			text += ", " + o.where
		}
	}
	if others > 0 {
		text += fmt.Sprintf("; more in %s", count(others, noun))
	}
	fmt.Fprintln(w, text)
}
