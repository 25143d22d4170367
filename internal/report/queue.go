package report

import (
	"fmt"
	"io"
	"time"

	"amiship/internal/plan"
	"amiship/internal/terminal"
)

// queues writes in which order versions are added to listings, and when each is expected to
// be there. A version that is alone in its queue has none, unless a newer one is there already.
func queues(w io.Writer, all []plan.Queue) {
	for _, q := range all {
		if len(q.Versions) > 1 || len(q.Versions) == 1 && !q.Latest && q.Overtakes() {
			queue(w, q)
		}
	}
}

func queue(w io.Writer, q plan.Queue) {
	took := "no change set shows how long a version takes"
	if q.Took > 0 {
		took = "a version takes about " + q.Took.Round(time.Minute).String()
	}
	fmt.Fprintf(w, "  queue    %s: %s; buyers are offered %s first in the end\n", q.Listing, took, q.Shown())
	t := terminal.NewTable(w)
	for i, v := range q.Versions {
		state, end := "in line", ""
		if v.Submitted {
			state = "submitted"
		}
		if !v.End.IsZero() {
			end = "expected by " + plan.Moment(v.End)
		}
		fmt.Fprintf(t, "             %d\t%s\t%s\t%s\n", i+1, v.Tag, state, end)
	}
	t.Flush()
}
