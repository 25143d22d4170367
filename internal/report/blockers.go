package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"amiship/internal/plan"
	"amiship/internal/view"
)

// Blockers writes what would block a release, and the remaining quota.
func Blockers(w io.Writer, tag string, p plan.Plan) {
	if len(p.Blockers) == 0 {
		fmt.Fprintf(w, "%s %s: nothing blocks it\n", p.Project, tag)
	} else {
		fmt.Fprintf(w, "%s %s: %s\n", p.Project, tag, count(len(p.Blockers), "blocker"))
	}
	blockers(w, p)
	waits(w, p, slices.DeleteFunc(slices.Clone(p.Waits), func(x plan.Wait) bool {
		s, _ := p.Step(x.On)
		return s.Kind() != plan.Order
	}))
	queues(w, p.Queues)
	remainingQuota(w, p)
}

// remainingQuota says how many more releases like this one fit into the
// quotas that were read.
func remainingQuota(w io.Writer, p plan.Plan) {
	left := map[string]int{}
	for _, r := range p.Capacities {
		if r.Each > 0 {
			left[r.Region] = r.Releases()
		}
	}
	if len(left) > 0 {
		fmt.Fprintf(w, "  remaining quota after it, in releases: %s\n", perRegion(left))
	}
	bases(w, p)
	Notes(w, p)
}

// bases writes what candidates are built from, or were.
func bases(w io.Writer, p plan.Plan) {
	for _, b := range p.Bases {
		fmt.Fprintf(w, "  base     %s: %s\n", b.Variant, b.Text(p.Now))
	}
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
		fmt.Fprintln(w, "    "+strings.TrimSpace(view.StepName(act, act.ID)+" "+subject(act)))
	}
	if len(r.IAM) > 0 {
		fmt.Fprintf(w, "  needs %s\n", strings.Join(r.IAM, ", "))
	}
}

// subject is what an action is about, besides what its id says.
func subject(act plan.Action) string {
	switch c := act.Change.(type) {
	case plan.RaiseQuota:
		return fmt.Sprintf("%s %d", c.Quota, c.Limit)
	case plan.SubmitChangeSet:
		return c.SetName
	}
	return act.Image().Name
}
