package report

import (
	"fmt"
	"io"
	"time"

	"amiship/internal/reconcile"
)

// Forecast writes for how many releases the quotas suffice: the scarcest
// regions, and the date when their quota will be used up.
func Forecast(w io.Writer, f reconcile.Forecast) {
	outlook(w, "public AMIs", "region", f.Regions)
	outlook(w, "versions", "listing", f.Listings)
	if days := f.Every.Hours() / 24; days > 0 && len(f.Regions)+len(f.Listings) > 0 {
		fmt.Fprintf(w, "  at one release in %.1f days, as the last ones came\n", days)
	}
}

func outlook(w io.Writer, what, noun string, all []reconcile.Outlook) {
	if len(all) == 0 {
		return
	}
	least := all[0]
	text := fmt.Sprintf("remaining quota for %s: %s in %s", what, count(least.Left, "release"), least.Where)
	if !least.Until.IsZero() {
		text += ", until " + least.Until.Format(time.DateOnly)
	}
	others := 0
	for _, o := range all[1:] {
		if o.Left > least.Left {
			others++
		} else {
			text += ", " + o.Where
		}
	}
	if others > 0 {
		text += fmt.Sprintf("; more in %s", count(others, noun))
	}
	fmt.Fprintln(w, text)
}
