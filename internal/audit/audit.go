// Package audit holds what check and verify report, as values: the findings of the
// one, and the differences of the other.
//
// It is apart from world, which has facts alone: a finding is a judgment, in words
// for people, and no step of a plan rests on it.
package audit

// Verified is what was seen of a finished release: by its owner, and by a
// customer in another account.
type Verified struct {
	Project   string       `json:"project"`
	Tag       string       `json:"tag"`
	Owner     string       `json:"owner"`               // account id
	Customer  string       `json:"customer"`            // account id
	Withdrawn string       `json:"withdrawn,omitempty"` // why, of a withdrawn release; no other account must be able to use it
	AMIs      []Sight      `json:"amis"`                // each variant in each region, sorted by region
	Listings  []string     `json:"listings,omitempty"`  // that show the release, with the version's title
	Findings  []Difference `json:"findings"`
	Notes     []string     `json:"notes,omitempty"` // what is not wrong, but worth knowing
	Calls     int          `json:"calls"`
}

// Sight is one variant in one region.
type Sight struct {
	Region string `json:"region"`
	Image  string `json:"image"`
	Arch   string `json:"arch"`
	AMI    string `json:"ami,omitempty"` // empty: its owner has none, or could not be asked
	Unread bool   `json:"unread,omitempty"`
}

// Difference is a difference between AWS and the catalog.
type Difference struct {
	Region string `json:"region,omitempty"`
	Image  string `json:"image,omitempty"` // empty: not of one variant
	Arch   string `json:"arch,omitempty"`
	What   string `json:"what"` // in a few words that fit into a table
	Want   string `json:"want"`
	Got    string `json:"got"`
}

// Finding is one thing that a release needs, and whether it is there.
type Finding struct {
	Where string `json:"where"` // a region or a listing; empty: here
	What  string `json:"what"`
	How   string `json:"how"`            // Proven, Simulated, Unknown or Noted
	Err   string `json:"error"`          // empty: fine
	More  string `json:"more,omitempty"` // of a note
}

// How it is known that something is there.
const (
	Proven    = "proven"    // it was done
	Simulated = "simulated" // AWS says that it would work
	Unknown   = "unknown"   // it shows only when it is done
	Noted     = "noted"     // no release needs it, but the operator should know
)
