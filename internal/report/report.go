// Package report writes plans and results for people (text) and for programs
// (JSON). It decides nothing.
//
// Texts here are what users compare their runbooks with; golden files in
// testdata hold them.
package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/terminal"
	"amiship/internal/view"
)

// Look is the cost of reading AWS.
type Look struct {
	At    time.Time
	Took  time.Duration
	Calls int
}

// JSON writes any result, indented.
func JSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// Plan writes what a release would do, its progress, and what blocks it.
func Plan(w io.Writer, d release.Desired, p plan.Plan, l Look) {
	fmt.Fprintf(w, "%s %s   %s, %s%s          read at %s in %.1f s, %s\n", d.Project, d.Tag,
		count(len(d.Variants), "variant"), count(len(d.Targets), "region"), listings(d),
		l.At.Format("15:04:05"), l.Took.Seconds(), count(l.Calls, "call"))
	if p.Skip != "" {
		fmt.Fprintf(w, "  nothing to release: %s\n", p.Skip)
		return
	}
	summary(w, p)
	Trouble(w, p)
	queues(w, p.Queues)
	remainingQuota(w, p)
	if p.Complete() {
		fmt.Fprintln(w, "  complete: there is nothing left to do")
		return
	}
	fmt.Fprintln(w, "  "+sum(p))
}

// summed are the kinds of steps whose number tells how much a release is, with the word for
// each.
var summed = []struct {
	kind plan.Kind
	verb string
}{{plan.Build, "build"}, {plan.Copy, "copy"}, {plan.Publish, "publish"}, {plan.ChangeSet, "list"}}

// sum says how much is left to do: "4 to build, 76 to copy, 38 to publish, 2 to list".
func sum(p plan.Plan) string {
	var parts []string
	left := map[plan.Kind]int{}
	others := 0
	for _, s := range p.Steps {
		if s.Pending() && !s.Kind().Housekeeping() {
			left[s.Kind()]++
			others++
		}
	}
	for _, k := range summed {
		if n := left[k.kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d to %s", n, k.verb))
			others -= n
		}
	}
	switch {
	case len(parts) > 0:
		return strings.Join(parts, ", ")
	case others > 0:
		return count(others, "other step") + " to do"
	}
	return "claims to end"
}

// listings counts those of a release, if it has any.
func listings(d release.Desired) string {
	if len(d.Listings) == 0 {
		return ""
	}
	return ", " + count(len(d.Listings), "listing")
}

// states in the order in which a summary names them.
var states = []plan.State{
	plan.Ready, plan.Running, plan.Queued, plan.Waiting, plan.Blocked, plan.Failed, plan.Skipped, plan.Done,
}

// summary writes a line for each kind of step: how far its steps are, and where.
func summary(w io.Writer, p plan.Plan) {
	t := terminal.NewTable(w)
	for _, kind := range kinds(p) {
		if kind.Passive() {
			s, _ := p.Step(plan.GateStep)
			fmt.Fprintf(t, "  %s\t%s\t\n", kind, gate(s))
			continue
		}
		var parts []string
		for _, st := range states {
			if n := countSteps(p, kind, st); n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, wording(st)))
			}
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", kind, strings.Join(parts, ", "), where(p, kind))
	}
	t.Flush()
}

// gate says whether the gate is open, and how much keeps it shut.
func gate(s plan.Step) string {
	switch s.State {
	case plan.Done:
		return "open"
	case plan.Queued:
		return "waits for " + count(len(s.After), "step")
	default:
		return string(s.State) + ": " + s.Why
	}
}

func wording(s plan.State) string {
	if s == plan.Ready {
		return "to do"
	}
	return string(s)
}

func kinds(p plan.Plan) []plan.Kind {
	var out []plan.Kind
	for _, s := range p.Steps {
		if !slices.Contains(out, s.Kind()) {
			out = append(out, s.Kind())
		}
	}
	return out
}

func countSteps(p plan.Plan, k plan.Kind, st plan.State) int {
	n := 0
	for _, s := range p.Steps {
		if s.Kind() == k && s.State == st {
			n++
		}
	}
	return n
}

// where names the variants and regions of a kind's steps: each, if they are few.
func where(p plan.Plan, k plan.Kind) string {
	var variants, regions, listings []string
	for _, s := range p.Steps {
		if s.Kind() == k && s.Target.Listing != "" {
			listings = append(listings, s.Target.Listing)
		} else if s.Kind() == k {
			variants = append(variants, s.Target.Variant())
			regions = append(regions, s.Target.Region)
		}
	}
	if len(listings) > 0 {
		return few(listings, "listing")
	}
	return few(variants, "variant") + " in " + few(regions, "region")
}

func few(names []string, noun string) string {
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 4 {
		return count(len(names), noun)
	}
	return strings.Join(names, " ")
}

// list is few of names that have spaces.
func list(names []string, noun string) string {
	if len(names) > 4 {
		return count(len(names), noun)
	}
	return strings.Join(names, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Trouble writes what failed, what blocks with its remedies, and what was
// skipped.
func Trouble(w io.Writer, p plan.Plan) {
	for _, s := range p.Steps {
		switch s.State {
		case plan.Failed:
			fmt.Fprintf(w, "  %s   %s: %s\n", terminal.Paint(w, terminal.Bad, "FAILED"), view.StepName(s.Action, s.ID), indent(s.Why))
		case plan.Skipped:
			fmt.Fprintf(w, "  skipped  %s: %s\n", view.StepName(s.Action, s.ID), indent(s.Why))
		}
	}
	blockers(w, p)
	waits(w, p, p.Waits)
}

// waits writes each once, though several facts may show its end.
func waits(w io.Writer, p plan.Plan, all []plan.Wait) {
	for i, x := range all {
		if i == 0 || x.On != all[i-1].On || x.Why != all[i-1].Why {
			fmt.Fprintf(w, "  waiting  %s: %s\n", nameOf(p, x.On), x.Why)
		}
	}
}

// nameOf says for people which step an id means; ids are for explain and for programs.
func nameOf(p plan.Plan, id plan.ID) string {
	s, _ := p.Step(id)
	return view.StepName(s.Action, id)
}

func namesOf(p plan.Plan, ids []plan.ID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = nameOf(p, id)
	}
	return out
}

// blockers writes each with its remedies. A remedy without a command can't be had
// now, and says why.
func blockers(w io.Writer, p plan.Plan) {
	for _, b := range p.Blockers {
		blocker(w, p, b)
	}
}

func blocker(w io.Writer, p plan.Plan, b plan.Blocker) {
	fmt.Fprintf(w, "  %s  %s\n           %s%s; holds %s\n", terminal.Paint(w, terminal.Care, "BLOCKED"), b.ID, indent(b.Why), since(b), cmp.Or(list(namesOf(p, b.Holds), "step"), "no step"))
	for _, r := range b.Remedies {
		remedy(w, r.Name, r.Command, r.Cost, r.Words)
	}
}

// remedy writes one way out; what is to be typed stays on one line.
func remedy(w io.Writer, name, command, cost string, words bool) {
	switch {
	case command == "":
		fmt.Fprintf(w, "             %-12s %s\n", name, cost)
		return
	case !words:
		command = terminal.Unbroken(w, command)
	}
	fmt.Fprintf(w, "             %-12s %s (%s)\n", name, command, cost)
}

// since says from when on it blocks, if that is known.
func since(b plan.Blocker) string {
	if b.Since.IsZero() {
		return ""
	}
	return "; since " + plan.Moment(b.Since)
}

func indent(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n           ") }

// Steps writes every step of a plan, and what it waits for: down to the blocker, the wait
// or the step that is under way.
func Steps(w io.Writer, p plan.Plan) {
	t := terminal.NewTable(w)
	for _, s := range p.Steps {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", s.State, s.ID, waiting(s))
	}
	t.Flush()
}

// waiting says why a step is not done: of a queued one, the path to what it waits for, if
// the plan has the paths.
func waiting(s plan.Step) string {
	if names := s.WaitsFor; s.State == plan.Queued && len(names) > 0 {
		if len(names) > 3 {
			names = []string{names[0], "…", names[len(names)-1]}
		}
		return strings.Join(names, " → ")
	}
	return firstLine(s.Why)
}
