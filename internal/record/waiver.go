package record

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Waiver makes a required region of a release optional for a while.
type Waiver struct {
	Region string
	Until  time.Time // midnight UTC, at the end of the last day
	Why    string
}

// InForce reports whether a waiver has not run out.
func (w Waiver) InForce(now time.Time) bool { return now.Before(w.Until) }

// Day is the last day on which it is in force: "2026-12-01".
func (w Waiver) Day() string { return w.Until.AddDate(0, 0, -1).Format(time.DateOnly) }

func (w Waiver) String() string { return w.Region + " " + w.Day() + " " + w.Why }

// ParseDay reads the last day of a waiver.
func ParseDay(text string) (until time.Time, err error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no date: want 2026-12-31", text)
	}
	return day.AddDate(0, 0, 1), nil
}

// WriteWaivers spells waivers for TagWaived, sorted by region:
// "eu-west-1 2026-12-01 why; us-west-2 …". It fails if AWS would not take that
// much.
func WriteWaivers(all []Waiver) (string, error) {
	var parts []string
	for _, w := range all {
		w.Why = strings.ReplaceAll(strings.Join(strings.Fields(w.Why), " "), ";", ",")
		parts = append(parts, w.String())
	}
	slices.Sort(parts)
	text := strings.Join(parts, "; ")
	if n := len([]rune(text)); n > maxTag {
		return "", fmt.Errorf("what is waived takes %d characters and a tag %d: give a shorter reason", n, maxTag)
	}
	return text, nil
}

// ReadWaivers reads what WriteWaivers wrote; what is none is left out.
func ReadWaivers(text string) []Waiver {
	var out []Waiver
	for part := range strings.SplitSeq(text, "; ") {
		region, rest, _ := strings.Cut(part, " ")
		day, why, _ := strings.Cut(rest, " ")
		until, err := ParseDay(day)
		if region != "" && err == nil {
			out = append(out, Waiver{Region: region, Until: until, Why: why})
		}
	}
	return out
}
