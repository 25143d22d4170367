package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/release"
)

// Progress writes a line whenever a step of a running release changes.
type Progress struct {
	w    io.Writer
	now  func() time.Time
	seen map[plan.ID]string
	done map[plan.Kind]int
	gone []plan.ID // carried out, and perhaps in no plan any longer
}

// NewProgress writes to w.
func NewProgress(w io.Writer, now func() time.Time) *Progress {
	return &Progress{w: w, now: now, seen: map[plan.ID]string{}, done: map[plan.Kind]int{}}
}

// Changed notes that an action was carried out. The next plan says what came of it, or no
// longer has a step of it: then it is done.
func (pr *Progress) Changed(act plan.Action) {
	pr.done[act.Kind()]++
	pr.gone = append(pr.gone, act.ID)
}

// vanished writes what was carried out and is in a plan no longer.
func (pr *Progress) vanished(p plan.Plan) {
	pr.gone = slices.DeleteFunc(pr.gone, func(id plan.ID) bool {
		_, there := p.Step(id)
		if !there {
			pr.line(id, string(plan.Done))
			pr.seen[id] = string(plan.Done)
		}
		return !there
	})
}

func (pr *Progress) line(id plan.ID, text string) {
	fmt.Fprintf(pr.w, "%s  %s  %s\n", pr.now().Format("15:04:05"), id, text)
}

// Sum counts what was carried out, by kind: "deprecate 4, parameter 2".
func (pr *Progress) Sum() string {
	var parts []string
	for _, kind := range plan.Kinds() {
		if n := pr.done[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", kind, n))
		}
	}
	if len(parts) == 0 {
		return "nothing was changed"
	}
	return "changed: " + strings.Join(parts, ", ")
}

// Plan writes what has changed since the last plan. What was done from the
// first is not news, and nothing is while facts are lacking.
func (pr *Progress) Plan(p plan.Plan) {
	if len(p.Look) > 0 {
		return
	}
	first := len(pr.seen) == 0
	pr.vanished(p)
	for _, s := range p.Steps {
		text := string(s.State)
		if s.Why != "" && s.State != plan.Queued {
			text += ": " + s.Why
		}
		if pr.seen[s.ID] == text {
			continue
		}
		quiet := s.State == plan.Queued || s.State == plan.Ready || first && s.State == plan.Done ||
			s.State == plan.Running && !s.Kind().Long() // the others take a moment
		pr.seen[s.ID] = text
		if s.Kind().Passive() && s.State == plan.Done {
			text = "open"
		}
		if !quiet {
			pr.line(s.ID, text)
		}
	}
}

// Result writes how a run ended, as the stage that was requested if that was reached: the AMIs, what is missing and why, and what
// to type next.
func Result(w io.Writer, d release.Desired, p plan.Plan, o engine.Outcome, l Look) {
	if p.Skip != "" {
		fmt.Fprintf(w, "%s %s: nothing to release: %s\n", d.Project, d.Tag, p.Skip)
		return
	}
	AMIs(w, Part{Desired: d, Plan: p})
	Listings(w, p)
	Trouble(w, p)
	bases(w, p)
	Notes(w, p)
	if t := times(p); t != "" {
		fmt.Fprintf(w, "  slowest of each: %s\n", t)
	}
	ended := string(o)
	if o == engine.Complete && p.Stage != "" {
		ended = string(p.Stage)
	}
	if done, all := regionsDone(p); all > 0 {
		ended += fmt.Sprintf(", %d of %s", done, count(all, "region"))
	}
	fmt.Fprintf(w, "%s %s: %s, %s, %s\n", d.Project, d.Tag, ended, l.Took.Round(100*time.Millisecond), count(l.Calls, "call"))
	if o != engine.Complete || p.Stage != "" {
		fmt.Fprintf(w, "continue: %s\n", p.Again)
	}
}

// regionsDone counts the regions in which nothing is left to do.
func regionsDone(p plan.Plan) (done, all int) {
	open := map[string]bool{}
	for _, s := range p.Steps {
		if s.Kind().CompletesRegion() {
			open[s.Target.Region] = open[s.Target.Region] || s.State != plan.Done
		}
	}
	for _, unfinished := range open {
		if !unfinished {
			done++
		}
	}
	return done, len(open)
}

// times says, for each kind of step that this run did, how long the slowest took.
func times(p plan.Plan) string {
	var parts []string
	for _, kind := range kinds(p) {
		var slowest time.Duration
		for _, s := range p.Steps {
			if s.Kind() == kind {
				slowest = max(slowest, s.Took)
			}
		}
		if slowest > 0 {
			parts = append(parts, fmt.Sprintf("%s %.1f s", kind, slowest.Seconds()))
		}
	}
	return strings.Join(parts, ", ")
}
