package plan

import "time"

// Base is the AMI that a variant's candidate is built from, or was.
type Base struct {
	Variant string // "ce/arm64"
	ID      string
	Name    string    `json:",omitempty"` // empty: it was built by an earlier run, which recorded the id alone
	Created time.Time `json:",omitzero"`
	// Change says how it differs from that of the last release; empty: it is of the same
	// family, or there was none.
	Change string `json:",omitempty"`
}
