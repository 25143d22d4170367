package report

import (
	"fmt"
	"io"
	"strings"

	"amiship/internal/reconcile"
)

// Leftovers writes what runs that died have left, and the command that ends it.
func Leftovers(w io.Writer, left []string) {
	for _, what := range left {
		fmt.Fprintf(w, "left over in %s: amiship sweep ends it\n", what)
	}
}

// Elsewhere writes what is in regions that the catalog does not name.
func Elsewhere(w io.Writer, all []reconcile.Elsewhere) {
	for _, line := range ElsewhereLines(all) {
		fmt.Fprintln(w, line)
	}
}

// ElsewhereLines are a line for each region in which something is left, with the command that
// ends it, and one for those in which nothing could be read.
func ElsewhereLines(all []reconcile.Elsewhere) (lines []string) {
	var unread []string
	why := ""
	for _, e := range all {
		if e.Nothing() {
			unread, why = append(unread, e.Region), e.Err
			continue
		}
		text := fmt.Sprintf("left in %s, which the catalog does not name: %s (%d public), %s of %d GiB, %s: amiship retire --region %s ends it",
			e.Region, count(e.AMIs, "AMI"), e.Public, count(e.Snapshots, "snapshot"), e.GiB, count(e.Parameters, "parameter"), e.Region)
		if e.Err != "" {
			text += "; not all could be read: " + firstLine(e.Err)
		}
		lines = append(lines, text)
	}
	if len(unread) > 0 {
		lines = append(lines, fmt.Sprintf("whether anything is left in %s that the catalog does not name could not be read: %s: %s", count(len(unread), "enabled region"), strings.Join(unread, ", "), firstLine(why)))
	}
	return lines
}
