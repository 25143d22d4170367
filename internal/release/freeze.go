package release

import (
	"slices"
	"strconv"
	"time"

	"amiship/internal/record"
)

// Freeze is a window of the catalog in which no run changes anything: from From
// until before To.
type Freeze struct {
	From, To time.Time
	Reason   string
	Line     string // where it is: "amiship.yaml:41"
}

// InForce reports whether changes are held at a moment.
func (f Freeze) InForce(now time.Time) bool { return !now.Before(f.From) && now.Before(f.To) }

// Digest names exactly this window in an approval. 12 hex digits.
func (f Freeze) Digest() string {
	return record.Digest(12, strconv.FormatInt(f.From.Unix(), 10), strconv.FormatInt(f.To.Unix(), 10), f.Reason)
}

// ChangeControl says what can hold the changes of every run of a project.
type ChangeControl struct {
	Region  string // where the pause is recorded: the region of the builds
	Freezes []Freeze
	// Approved is the digest of a freeze that this run may ignore.
	Approved string
	// Override lets this run make changes whatever the pause and the freezes say.
	Override bool
}

// Exempt reports whether a freeze is in force at a moment that this run may ignore.
func (c ChangeControl) Exempt(now time.Time) bool {
	return slices.ContainsFunc(c.Freezes, func(f Freeze) bool { return f.InForce(now) && f.Digest() == c.Approved })
}

// Frozen is the freeze in force at a moment that this run has no approval for.
func (c ChangeControl) Frozen(now time.Time) (Freeze, bool) {
	for _, f := range c.Freezes {
		if f.InForce(now) && f.Digest() != c.Approved {
			return f, true
		}
	}
	return Freeze{}, false
}
