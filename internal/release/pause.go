package release

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Pause holds every change that a run of the project would make. It is recorded
// in an SSM parameter, PauseParameter, as JSON.
type Pause struct {
	Reason string
	By     Actor
	Since  time.Time // by AWS's clock
	Until  time.Time `json:",omitzero"` // zero: until it is resumed
}

// maxReason is how many characters a reason may have: SSM takes 4096 bytes in all.
const maxReason = 1000

// PauseParameter is the name of the parameter that pauses a project.
func PauseParameter(project string) string { return "/amiship/" + project + "/pause" }

// InForce reports whether changes are held at a moment.
func (p Pause) InForce(now time.Time) bool {
	return !p.Since.IsZero() && (p.Until.IsZero() || now.Before(p.Until))
}

// Value is what the parameter holds. It fails on a reason that is empty or too long.
func (p Pause) Value() (string, error) {
	p.Reason = strings.Join(strings.Fields(p.Reason), " ")
	switch n := len([]rune(p.Reason)); {
	case n == 0:
		return "", errors.New("the reason is empty: it is what other runs report")
	case n > maxReason:
		return "", fmt.Errorf("the reason has %d characters, at most %d fit", n, maxReason)
	}
	text, err := json.Marshal(p)
	return string(text), err
}

// ReadPause reads what Value wrote. A value that it cannot read is an error: it may
// be a newer Amiship's pause.
func ReadPause(value string) (Pause, error) {
	var p Pause
	if err := json.Unmarshal([]byte(value), &p); err != nil {
		return Pause{}, fmt.Errorf("%q is not a pause: %w", value, err)
	}
	if p.Since.IsZero() {
		return Pause{}, fmt.Errorf("%q is not a pause: it has no Since", value)
	}
	return p, nil
}

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
	return Digest(12, strconv.FormatInt(f.From.Unix(), 10), strconv.FormatInt(f.To.Unix(), 10), f.Reason)
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
