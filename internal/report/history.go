package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"amiship/internal/reconcile"
	"amiship/internal/terminal"
)

// History writes what was done for a release, when, and by whom: what was done to a
// variant in several regions by the same in one line.
func History(w io.Writer, project, tag string, entries []reconcile.Entry) {
	fmt.Fprintf(w, "%s %s\n", project, tag)
	if len(entries) == 0 {
		fmt.Fprintln(w, "  AWS has nothing of it")
		return
	}
	t := terminal.NewTable(w)
	fmt.Fprintln(t, "  WHAT\tOF\tREGIONS\tWHEN (UTC)\tWHO")
	for _, line := range historyLines(entries) {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", line.What, cmp.Or(line.Listing, line.Variant), regions(line.regions), line.when(), line.who())
	}
	t.Flush()
}

// historyLine is entries that differ in where and when only.
type historyLine struct {
	reconcile.Entry
	regions []string
	last    time.Time
}

func historyLines(entries []reconcile.Entry) []historyLine {
	var out []historyLine
	for _, e := range entries {
		i := slices.IndexFunc(out, func(l historyLine) bool { return l.takes(e) })
		if i < 0 {
			out = append(out, historyLine{Entry: e, regions: []string{e.Region}, last: e.At})
			continue
		}
		out[i].regions = append(out[i].regions, e.Region)
		if e.At.After(out[i].last) {
			out[i].last = e.At
		}
	}
	return out
}

func (l historyLine) takes(e reconcile.Entry) bool {
	sameActor := l.By == nil && e.By == nil || l.By != nil && e.By != nil && *l.By == *e.By
	return sameActor && l.What == e.What && l.Variant == e.Variant && l.Listing == e.Listing && l.Note == e.Note && l.At.IsZero() == e.At.IsZero()
}

// regions names one, and counts several.
func regions(all []string) string {
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 1 {
		return all[0]
	}
	return count(len(all), "region")
}

func (l historyLine) when() string {
	last := l.last
	if l.End.After(last) {
		last = l.End
	}
	switch from := l.At.UTC().Format(time.DateTime); {
	case l.At.IsZero():
		return "unknown"
	case last.UTC().Format(time.DateTime) == from:
		return from
	default:
		return from + " to " + last.UTC().Format(time.DateTime)
	}
}

func (l historyLine) who() string {
	who := "unknown"
	if l.By != nil {
		who = l.By.String()
	}
	if l.Note != "" {
		who += " (" + l.Note + ")"
	}
	return who
}
