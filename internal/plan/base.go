package plan

import (
	"fmt"
	"time"
)

// Base is the AMI that a variant's candidate is built from, or was.
type Base struct {
	Variant string    `json:"variant"` // "ce/arm64"
	ID      string    `json:"id"`
	Name    string    `json:"name,omitempty"`   // empty: an earlier run, which recorded the id alone, has built from it
	Created time.Time `json:"created,omitzero"` // zero: an earlier run has built from it
	// Change says how it differs from that of the last release; empty: it is of the same
	// family, or there was none.
	Change string `json:"change,omitempty"`
}

// Text is its name, its id and its age, as far as they are known, and what has changed.
func (b Base) Text(now time.Time) string {
	text := b.ID
	switch {
	case !b.Created.IsZero():
		text = fmt.Sprintf("%s (%s, %d days old)", b.Name, b.ID, int(now.Sub(b.Created).Hours()/24))
	case b.Name != "":
		text = fmt.Sprintf("%s (%s)", b.Name, b.ID)
	}
	if b.Change != "" {
		text += "; " + b.Change
	}
	return text
}
