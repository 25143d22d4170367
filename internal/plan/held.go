package plan

import (
	"fmt"

	"amiship/internal/record"
	"amiship/internal/release"
)

// Paused says of a pause who, why, since when and until when.
func Paused(p record.Pause) string { return PausedSince(p, " since "+Moment(p.Since)) }

// PausedSince is Paused with another text of since when.
func PausedSince(p record.Pause, since string) string {
	until := "amiship resume"
	if !p.Until.IsZero() {
		until = Moment(p.Until)
	}
	return fmt.Sprintf("changes are paused%s until %s by %s: %s", since, until, p.By, p.Reason)
}

// Frozen says of a freeze why, and until when.
func Frozen(f release.Freeze) string {
	return fmt.Sprintf("changes are frozen from %s until %s (freeze, %s): %s", Moment(f.From), Moment(f.To), f.Line, f.Reason)
}
