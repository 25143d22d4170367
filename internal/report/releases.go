package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"amiship/internal/reconcile"
	"amiship/internal/world"
)

// Releases writes the releases of a project, and which regions did not answer.
func Releases(w io.Writer, project string, releases []reconcile.Released, seen world.World) {
	unread := slices.ContainsFunc(slices.Collect(maps.Values(seen.Regions)), func(r world.Region) bool { return r.Images.Missed() })
	if len(releases) == 0 && !unread {
		fmt.Fprintf(w, "%s: no releases yet; amiship plan TAG shows what one would do\n", project)
	}
	t := tabwriter.NewWriter(w, 2, 0, 2, ' ', 0)
	for i, r := range releases {
		if i == 0 {
			fmt.Fprintln(t, "TAG\tSINCE\tVARIANTS\tREGIONS\tAMIS\tPUBLIC\tPENDING\tCANDIDATES\tSTAGE")
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\n", r.Tag, r.Since.Format("2006-01-02 15:04"),
			strings.Join(r.Variants, " "), len(r.Regions), r.AMIs, r.Public, r.Pending, r.Candidates, cmp.Or(r.Over, "-"))
	}
	t.Flush()
	for _, name := range slices.Sorted(maps.Keys(seen.Regions)) {
		if err := seen.Regions[name].Images.Err; err != "" {
			fmt.Fprintf(w, "%s could not be read: %s\n", name, err)
		}
	}
}

// Leftovers writes what runs that died have left, and the command that ends it.
func Leftovers(w io.Writer, left []string) {
	for _, what := range left {
		fmt.Fprintf(w, "left over in %s: amiship sweep ends it\n", what)
	}
}
