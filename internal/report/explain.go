package report

import (
	"cmp"
	"fmt"
	"io"

	"amiship/internal/plan"
)

// Explain writes in words what a step waits for, and what to type next.
func Explain(w io.Writer, p plan.Plan, id plan.ID) {
	path := p.Path(id)
	for i, l := range path {
		switch {
		case l.Blocker != nil:
			blocker(w, p, *l.Blocker)
		case l.Wait != nil:
			fmt.Fprintf(w, "  waits for: %s\n", indent(l.Wait.Why))
		case i == 0:
			fmt.Fprintf(w, "%s is %s: %s\n", l.Step.ID, wording(l.Step.State), l.Step.Kind().Does())
		default:
			fmt.Fprintf(w, "  after %s, which is %s: %s\n", l.Step.ID, wording(l.Step.State), l.Step.Kind().Does())
		}
	}
	if last := path[len(path)-1].Step; last != nil && last.Why != "" {
		fmt.Fprintf(w, "  %s\n", indent(last.Why))
	}
	next(w, p, path)
}

// next is the command that continues, where no remedy of a blocker is named before.
func next(w io.Writer, p plan.Plan, path []plan.Link) {
	last := path[len(path)-1]
	switch {
	case last.Blocker != nil:
	case last.Wait == nil && (last.Step.State == plan.Done || last.Step.State == plan.Skipped):
	default:
		fmt.Fprintf(w, "  next: %s\n", p.Again)
	}
}

// ExplainRelease writes what the steps of a release that are not done wait for: each
// blocker, wait and step that can be done, with the steps behind it.
func ExplainRelease(w io.Writer, p plan.Plan) {
	type end struct {
		path   []plan.Link
		behind []plan.ID
	}
	ends := map[string]*end{}
	var order []string
	left := 0
	for _, s := range p.Steps {
		if s.State == plan.Done || s.State == plan.Skipped {
			continue
		}
		path := p.Path(s.ID)
		name := path[len(path)-1].Name()
		if ends[name] == nil {
			ends[name], order = &end{path: path}, append(order, name)
		}
		left++
		if len(path) > 1 {
			ends[name].behind = append(ends[name].behind, s.ID)
		}
	}
	fmt.Fprintf(w, "%s %s: %d of %s to do\n", p.Project, p.Tag, left, count(len(p.Steps), "step"))
	for _, name := range order {
		e := ends[name]
		switch last := e.path[len(e.path)-1]; {
		case last.Blocker != nil:
			blocker(w, p, *last.Blocker)
		case last.Wait != nil:
			fmt.Fprintf(w, "  waiting  %s: %s\n", last.Wait.On, indent(last.Wait.Why))
		default:
			fmt.Fprintf(w, "  %-8s %s: %s\n", wording(last.Step.State), last.Step.ID, cmp.Or(indent(last.Step.Why), last.Step.Kind().Does()))
		}
		if len(e.behind) > 0 {
			fmt.Fprintf(w, "           keeps back %s\n", list(namesOf(p, e.behind), "step"))
		}
	}
	if left > 0 {
		fmt.Fprintf(w, "  next: %s\n", p.Again)
	}
}
