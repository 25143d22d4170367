package rehearse

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Phase is a part of the rehearsal, and how it went.
type Phase struct {
	Name, Result string
	Took         time.Duration
}

// Report is how a rehearsal went.
type Report struct {
	Title   string
	Release string // what `amiship release` printed
	Phases  []Phase
	Notes   []string
	Total   time.Duration
}

func (r *Report) add(name, result string, since time.Time) {
	r.Phases = append(r.Phases, Phase{Name: name, Result: result, Took: time.Since(since)})
}

// Write writes the report for people: what each part took and came to.
func (r Report) Write(w io.Writer) {
	fmt.Fprintf(w, "\nRehearsal of %s\n\n%s\n", r.Title, r.Release)
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for _, p := range r.Phases {
		fmt.Fprintf(t, "  %s\t%s\t%s\n", p.Name, seconds(p.Took), p.Result)
	}
	t.Flush()
	for _, note := range r.Notes {
		fmt.Fprintln(w, "  note:", note)
	}
	fmt.Fprintf(w, "  in all %s\n", seconds(r.Total))
}

func seconds(d time.Duration) string { return fmt.Sprintf("%6.1f s", d.Seconds()) }
