package world

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"amiship/internal/release"
)

// Listing is what is known of a product on Marketplace.
type Listing struct {
	Entity Fact[Entity]
	// Sets are its newest change sets, in whatever state: at most 20, the newest
	// first.
	Sets  Fact[[]ChangeSet]
	Notes Fact[string] // what the command for the release notes printed
	// Assessments are the newest of each delivery option.
	Assessments Fact[[]Assessment]
}

// Missed says why the product or its change sets could not be read, or nothing.
func (l Listing) Missed() string {
	if l.Entity.Err == l.Sets.Err {
		return l.Entity.Err
	}
	return strings.Trim(l.Entity.Err+"\n"+l.Sets.Err, "\n")
}

// Entity is a product as Marketplace has it now.
type Entity struct {
	Revision   string // "prod-…@7": an act on it says which revision it has seen
	Title      string
	Visibility string   // Public, Limited, Restricted, Draft
	Code       string   // product code of its AMIs
	Regions    []string // in which buyers find it; empty: not said
	Versions   []Version
}

// NotOffered says in how many of a release's regions buyers can't launch the product, and in
// which; nothing, if Marketplace does not say where they can.
func (e Entity) NotOffered(targets []release.Target) (what, where string) {
	var lacks []string
	for _, t := range targets {
		if len(e.Regions) > 0 && !slices.Contains(e.Regions, t.Region) {
			lacks = append(lacks, t.Region)
		}
	}
	if len(lacks) == 0 {
		return "", ""
	}
	return fmt.Sprintf("buyers can't launch %s in %d of the catalog's %d regions", e.Title, len(lacks), len(targets)),
		strings.Join(lacks, ", ") + ": AddRegions offers the product there"
}

// Version is one version of a product, with what it offers.
type Version struct {
	ID      string    `json:"id"`
	Title   string    `json:"title"`
	Created time.Time `json:"created,omitzero"`
	AMI     string    `json:"ami"`  // the seller's
	Arch    string    `json:"arch"` // amd64, arm64
	Options []Option  `json:"options"`
}

// Option is a delivery option. Restricting all of a version's restricts it.
type Option struct {
	ID         string `json:"id"`
	Visibility string `json:"visibility"`
}

// The visibilities that decisions rest on.
const (
	VisiblePublic     = "Public"
	VisibleRestricted = "Restricted"
)

// Offered reports whether buyers can still get the version.
func (v Version) Offered() bool {
	return slices.ContainsFunc(v.Options, func(o Option) bool { return o.Visibility != VisibleRestricted })
}

// Public reports whether buyers of the product see the version: all, or those
// that a product is limited to.
func (e Entity) Public(v Version) bool {
	return slices.ContainsFunc(v.Options, func(o Option) bool {
		return o.Visibility == VisiblePublic || o.Visibility == e.Visibility && o.Visibility != VisibleRestricted
	})
}

// Version returns the version of a title: the newest, if there are several.
func (e Entity) Version(title string) (Version, bool) {
	var found Version
	for _, v := range e.Versions {
		if v.Title == title && (found.ID == "" || v.Created.After(found.Created)) {
			found = v
		}
	}
	return found, found.ID != ""
}

// Offered counts the versions that buyers can still get.
func (e Entity) Offered() int {
	n := 0
	for _, v := range e.Versions {
		if v.Offered() {
			n++
		}
	}
	return n
}

// ChangeSet is a request to change a product, and how far it is.
type ChangeSet struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Status      string    `json:"status"`
	FailureCode string    `json:"failure_code"` // of a failed one: ClientError or ServerFault
	Start       time.Time `json:"start,omitzero"`
	End         time.Time `json:"end,omitzero"`
}

// The states of a change set, and why it failed.
const (
	Preparing = "PREPARING"
	Applying  = "APPLYING"
	Succeeded = "SUCCEEDED"
	SetFailed = "FAILED"
	Cancelled = "CANCELLED"

	ClientError = "CLIENT_ERROR" // the request, or what it names, is wrong
	ServerFault = "SERVER_FAULT" // Marketplace's own fault: the same may work later
)

// Pending reports whether it locks what it changes.
func (s ChangeSet) Pending() bool { return s.Status == Preparing || s.Status == Applying }

// SetDetails is what a change set requests, and what was wrong with it.
type SetDetails struct {
	Status      string
	Description string // of the failure
	Tags        map[string]string
	Changes     []Change
	Controls    []Control // that have failed, of one that was refused
	Unassessed  string    // why they could not be read
}

// Assessment is what Marketplace has found in the AMI of a delivery option.
type Assessment struct {
	ID, Option       string
	Failed           bool
	Created, Expires time.Time
}

// Control is a rule of Marketplace's that an AMI has failed.
type Control struct {
	ID     string
	Errors []ControlError
}

// ControlError is why.
type ControlError struct {
	Code, Message string
	Scope         []string // what it is about: "FILE_PATH /root/.ssh/authorized_keys"
}

// Change is one change of a change set.
type Change struct {
	Type, Name string
	Details    string // JSON
	Errors     []ChangeError
}

// ChangeError is what Marketplace says was wrong with a change. Report is the
// content of the URL that is the message, if it is one.
type ChangeError struct{ Code, Message, Report string }

// Errors returns those of all changes.
func (d SetDetails) Errors() []ChangeError {
	var out []ChangeError
	for _, c := range d.Changes {
		out = append(out, c.Errors...)
	}
	return out
}
