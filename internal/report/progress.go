package report

import (
	"fmt"
	"io"
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
}

// NewProgress writes to w.
func NewProgress(w io.Writer, now func() time.Time) *Progress {
	return &Progress{w: w, now: now, seen: map[plan.ID]string{}}
}

// Plan writes what has changed since the last plan. What was done from the
// first is not news, and nothing is while facts are lacking.
func (pr *Progress) Plan(p plan.Plan) {
	if len(p.Look) > 0 {
		return
	}
	first := len(pr.seen) == 0
	for _, s := range p.Steps {
		text := string(s.State)
		if s.Why != "" && s.State != plan.After {
			text += ": " + s.Why
		}
		if pr.seen[s.ID] == text {
			continue
		}
		quiet := s.State == plan.After || s.State == plan.Ready || first && s.State == plan.Done ||
			s.State == plan.Running && !s.Kind.Long() // the others take a moment
		pr.seen[s.ID] = text
		if !quiet {
			fmt.Fprintf(pr.w, "%s  %s  %s\n", pr.now().Format("15:04:05"), s.ID, text)
		}
	}
}

// Result writes how a run ended: the AMIs, what is missing and why, and what
// to type next.
func Result(w io.Writer, d release.Desired, p plan.Plan, o engine.Outcome, l Look) {
	if p.Skip != "" {
		fmt.Fprintf(w, "%s %s: nothing to release: %s\n", d.Project, d.Tag, p.Skip)
		return
	}
	AMIs(w, d, p)
	Listings(w, p)
	Trouble(w, p)
	Notes(w, p)
	if t := times(p); t != "" {
		fmt.Fprintf(w, "  slowest of each: %s\n", t)
	}
	done, all := regionsDone(p)
	fmt.Fprintf(w, "%s %s: %s, %d of %s, %s, %s\n", d.Project, d.Tag, o, done, count(all, "region"),
		l.Took.Round(100*time.Millisecond), count(l.Calls, "call"))
	if o != engine.Complete {
		fmt.Fprintf(w, "carry on: amiship release %s\n", d.Tag)
	}
}

// regionsDone counts the regions in which nothing is left to do.
func regionsDone(p plan.Plan) (done, all int) {
	open := map[string]bool{}
	for _, s := range p.Steps {
		if s.Kind == plan.Copy || s.Kind == plan.Share || s.Kind == plan.Publish || s.Kind == plan.Parameter {
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
			if s.Kind == kind {
				slowest = max(slowest, s.Took)
			}
		}
		if slowest > 0 {
			parts = append(parts, fmt.Sprintf("%s %.1f s", kind, slowest.Seconds()))
		}
	}
	return strings.Join(parts, ", ")
}
