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
