package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/view"
)

// group are blockers of one kind that hold the same releases: the quota of several regions.
type group struct {
	kind string
	all  []view.Blocker
}

func groups(all []view.Blocker) []group {
	var out []group
	for _, b := range all {
		kind, _, _ := strings.Cut(b.ID, "/")
		i := slices.IndexFunc(out, func(g group) bool {
			return g.kind == kind && g.all[0].Now == b.Now && slices.Equal(g.all[0].Tags, b.Tags)
		})
		if i < 0 {
			i, out = len(out), append(out, group{kind: kind})
		}
		out[i].all = append(out[i].all, b)
	}
	return out
}

func (g group) title() string {
	if len(g.all) == 1 {
		return g.all[0].ID
	}
	var where []string
	for _, b := range g.all {
		_, place, _ := strings.Cut(b.ID, "/")
		where = append(where, place)
	}
	return g.kind + ": " + strings.Join(where, ", ")
}

func (g group) now() bool { return g.all[0].Now }

func (g group) pill() string {
	if g.now() {
		return "bad"
	}
	return "warn"
}

func (g group) word() string {
	if g.now() {
		return "blocks now"
	}
	return "blocks the next release"
}

func (g group) holds() string { return "Holds " + strings.Join(g.all[0].Tags, ", ") }

func remediesText(b view.Blocker) string {
	var names []string
	for _, r := range b.Remedies {
		names = append(names, r.Name)
	}
	return "Remedies: " + strings.Join(names, ", ")
}

// tight are the quotas with the least capacity; ample the others. At least the
// first few are tight.
func tight(all []view.Quota) []view.Quota { return all[:tightest(all)] }

func ample(all []view.Quota) []view.Quota { return all[tightest(all):] }

func tightest(all []view.Quota) int {
	const few = 4
	n := 0
	for n < len(all) && (n < few || all[n].ReleasesLeft == 0) {
		n++
	}
	return n
}

func ampleText(all []view.Quota) string {
	left := ample(all)
	return fmt.Sprintf("%d more regions, with capacity for %d or more releases", len(left), left[0].ReleasesLeft)
}

func quotaClass(q view.Quota) string {
	switch {
	case q.ReleasesLeft == 0:
		return "p-bad"
	case q.ReleasesLeft < 3:
		return "p-warn"
	}
	return "p-done"
}

func quotaText(q view.Quota) string {
	text := fmt.Sprintf("%d used", q.Used)
	if q.Reserved > 0 {
		text += fmt.Sprintf(", %d reserved for open releases", q.Reserved)
	}
	if q.Default {
		text += "; AWS's default limit"
	}
	for _, r := range q.Requests {
		text += fmt.Sprintf("; %d requested, %s", r.Desired, strings.ToLower(strings.ReplaceAll(r.Status, "_", " ")))
	}
	return text + untilText(q.Until)
}

func listingClass(l view.Listing) string {
	switch {
	case l.ReleasesLeft == 0:
		return "p-bad"
	case l.ReleasesLeft < 5:
		return "p-warn"
	}
	return "p-done"
}

func setText(s view.ChangeSet) string {
	text := s.What
	if text == "" {
		text = "change set " + s.ID
	}
	text += ", begun " + moment(s.Start)
	if s.Pending {
		return text + ", for " + duration(s.Seconds)
	}
	if s.Seconds > 0 {
		text += ", took " + duration(s.Seconds)
	}
	return text
}

// The time line shows this long.
const lineDays = 120

type dot struct{ class, x, title, label, anchor string }

type mark struct{ x, text, anchor string }

func lineX(now, at time.Time) (x float64, ok bool) {
	days := now.Sub(at).Hours() / 24
	return 390 - 380*days/lineDays, days >= 0 && days <= lineDays
}

// dots are the versions on the time line. Labels that would overlap are left out.
func dots(now time.Time, l view.Listing) []dot {
	var out []dot
	last := 1000.0
	for _, v := range l.Versions { // the newest first
		x, ok := lineX(now, v.Created)
		if !ok {
			continue
		}
		d := dot{class: "v-ok", x: fmt.Sprintf("%.1f", x), title: v.Title + ", " + v.Created.Format(time.DateOnly), anchor: "middle"}
		if !v.Offered {
			d.class, d.title = "v-off", d.title+", restricted"
		}
		if label := digits(v.Title); last-x > 34 && label != "" {
			d.label, last = label, x
		}
		switch {
		case x > 370:
			d.anchor = "end"
		case x < 30:
			d.anchor = "start"
		}
		out = append(out, d)
	}
	return out
}

// digits is the version in a title: its last word that begins with a digit.
func digits(title string) string {
	words := strings.Fields(title)
	for _, w := range slices.Backward(words) {
		if w[0] >= '0' && w[0] <= '9' && len(w) <= 10 {
			return w
		}
	}
	return ""
}

func marks(now time.Time) []mark {
	var out []mark
	for _, days := range []int{120, 90, 60, 30, 0} {
		x, _ := lineX(now, now.Add(-time.Duration(days)*24*time.Hour))
		m := mark{fmt.Sprintf("%.1f", x), fmt.Sprintf("%d d", days), "middle"}
		switch days {
		case 0:
			m.text, m.anchor = "now", "end"
		case lineDays:
			m.anchor = "start"
		}
		out = append(out, m)
	}
	return out
}

func timelineText(now time.Time, l view.Listing) string {
	n := 0
	for _, v := range l.Versions {
		if _, ok := lineX(now, v.Created); ok {
			n++
		}
	}
	return fmt.Sprintf("%d versions of %s were added in the last %d days", n, l.Name, lineDays)
}
