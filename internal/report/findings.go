package report

import (
	"cmp"
	"fmt"
	"io"

	"amiship/internal/audit"
	"amiship/internal/terminal"
)

// Findings writes what a check found: a line each.
func Findings(w io.Writer, found []audit.Finding) {
	t := terminal.NewTable(w)
	for _, f := range found {
		mark := "ok"
		if f.Err != "" {
			mark = "MISSING"
		}
		if other := map[string]string{audit.Unknown: "?", audit.Noted: "note"}[f.How]; f.Err == "" && other != "" {
			mark = other
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", mark, f.Where, f.What, f.How, cmp.Or(firstLine(f.Err), f.More))
	}
	t.Flush()
}
