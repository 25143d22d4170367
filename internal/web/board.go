package web

import (
	"fmt"
	"slices"
	"strings"

	"amiship/internal/view"
)

// sorts of AMIs: a sign and what it means.
var signs = map[view.AMIState]struct{ glyph, means string }{
	view.Missing:   {"○", "not yet"},
	view.Building:  {"◔", "is built or tested"},
	view.Tested:    {"◑", "tested, not copied yet"},
	view.Copying:   {"⇢", "AWS copies it"},
	view.Copied:    {"◕", "copied"},
	view.Shared:    {"◉", "shared"},
	view.Public:    {"●", "public"},
	view.Withdrawn: {"⊘", "withdrawn"},
	view.Retired:   {"–", "retired"},
	view.Failed:    {"✕", "failed"},
	view.Skipped:   {"»", "skipped"},
	view.Waived:    {"~", "waived"},
	view.Unknown:   {"?", "could not be read"},
}

func glyph(s view.AMIState) string   { return signs[s].glyph }
func meaning(s view.AMIState) string { return signs[s].means }

func titleOf(a view.AMI) string {
	text := a.Variant + " in " + a.Region + ": " + string(a.State)
	if a.ID != "" {
		text += ", " + a.ID
	}
	if a.Reason != "" {
		text += ": " + a.Reason
	}
	return text
}

// amiOf is a variant's AMI in a region; of several, the last.
func amiOf(r view.Release, variant, region string) view.AMI {
	out := view.AMI{Variant: variant, Region: region, State: view.Missing}
	for _, a := range r.AMIs {
		if a.Variant == variant && a.Region == region {
			out = a
		}
	}
	return out
}

func statesOf(r view.Release) []view.AMIState {
	return slices.DeleteFunc(view.AMIStates(), func(s view.AMIState) bool {
		return !slices.ContainsFunc(r.AMIs, func(a view.AMI) bool { return a.State == s })
	})
}

func bad(s view.AMIState) bool { return s == view.Failed || s == view.Unknown }

func troubled(r view.Release, region string) bool {
	return slices.ContainsFunc(r.AMIs, func(a view.AMI) bool { return a.Region == region && bad(a.State) })
}

func optional(g view.Region) string {
	if g.Required {
		return ""
	}
	return " (optional)"
}

// whys are why AMIs failed, were skipped or could not be read, each reason once.
func whys(r view.Release) []string {
	type why struct {
		state  view.AMIState
		reason string
	}
	var order []why
	where := map[why][]string{}
	for _, a := range r.AMIs {
		if a.Reason == "" || !slices.Contains([]view.AMIState{view.Failed, view.Skipped, view.Waived, view.Unknown}, a.State) {
			continue
		}
		k := why{a.State, a.Reason}
		if where[k] == nil {
			order = append(order, k)
		}
		if !slices.Contains(where[k], a.Region) {
			where[k] = append(where[k], a.Region)
		}
	}
	var out []string
	for _, k := range order {
		out = append(out, fmt.Sprintf("%s in %s: %s", k.state, strings.Join(where[k], ", "), k.reason))
	}
	return out
}

// regions are those in which all variants are equally far: a row of the narrow board.
type regions struct {
	names []string
	amis  []view.AMI
	bad   bool
}

// grouped puts regions together, those in trouble first.
func grouped(r view.Release) []regions {
	var out []regions
	at := map[string]int{}
	for _, g := range r.Regions {
		row := regions{names: []string{g.Name}, bad: troubled(r, g.Name)}
		key := ""
		for _, v := range r.Variants {
			a := amiOf(r, v.Name, g.Name)
			row.amis = append(row.amis, a)
			key += string(a.State) + " "
		}
		if i, there := at[key]; there {
			out[i].names = append(out[i].names, g.Name)
			continue
		}
		at[key] = len(out)
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(x, y regions) int {
		return map[bool]int{false: 1}[x.bad] - map[bool]int{false: 1}[y.bad]
	})
	return out
}

func (g regions) title() string {
	if len(g.names) == 1 {
		return g.names[0]
	}
	return fmt.Sprintf("%d regions", len(g.names))
}

func (g regions) rest() string {
	if len(g.names) == 1 {
		return ""
	}
	return strings.Join(g.names, ", ")
}

// part of a bar.
type part struct {
	n, of int
	class string
}

type span struct{ class, x, width string }

// spans are the parts of a bar, one behind the other, at most its whole.
func spans(parts []part) []span {
	var out []span
	at := 0.0
	for _, p := range parts {
		if p.of <= 0 || p.n <= 0 {
			continue
		}
		width := min(100*float64(p.n)/float64(p.of), 100-at)
		if width > 0 {
			out = append(out, span{p.class, fmt.Sprintf("%.2f", at), fmt.Sprintf("%.2f", width)})
		}
		at += width
	}
	return out
}

func classOfStage(s view.Stage) string {
	switch {
	case s.Failed > 0:
		return "p-bad"
	case s.Done == s.Total:
		return "p-done"
	}
	return "p-part"
}

func stageText(s view.Stage) string {
	text := fmt.Sprintf("%d of %d", s.Done, s.Total)
	if s.Failed > 0 {
		text += fmt.Sprintf(", %d held", s.Failed)
	}
	return text
}
