package record

import (
	"encoding/json"
	"errors"
	"fmt"
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
