package report

import (
	"fmt"
	"io"
	"strings"

	"amiship/internal/plan"
)

// Blockers writes what would block a release, and how much room there is.
func Blockers(w io.Writer, tag string, p plan.Plan) {
	if len(p.Blockers) == 0 {
		fmt.Fprintf(w, "%s %s: nothing blocks it\n", p.Project, tag)
	} else {
		fmt.Fprintf(w, "%s %s: %s\n", p.Project, tag, count(len(p.Blockers), "blocker"))
	}
	blockers(w, p.Blockers)
	headRoom(w, p)
}

// headRoom says for how many more releases like this one there is room, where
// that was looked at.
func headRoom(w io.Writer, p plan.Plan) {
	left := map[string]int{}
	for _, r := range p.Rooms {
		if r.Each > 0 {
			left[r.Region] = r.Releases()
		}
	}
	if len(left) > 0 {
		fmt.Fprintf(w, "  head-room after it, in releases: %s\n", perRegion(left))
	}
	Notes(w, p)
}

// Notes writes what a person should know.
func Notes(w io.Writer, p plan.Plan) {
	for _, note := range p.Notes {
		fmt.Fprintln(w, "  note     "+firstLine(note))
	}
}

// Remedy writes what clearing a blocker will change.
func Remedy(w io.Writer, bl plan.Blocker, r plan.Remedy) {
	fmt.Fprintf(w, "%s: %s\n  %s: %s\n", bl.ID, indent(bl.Why), r.Name, indent(r.Cost))
	for _, act := range r.Do {
		fmt.Fprintf(w, "    %s %s\n", act.ID, strings.TrimSpace(act.Name+" "+act.Value))
	}
	if len(r.IAM) > 0 {
		fmt.Fprintf(w, "  needs %s\n", strings.Join(r.IAM, ", "))
	}
}
