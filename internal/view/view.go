// Package view makes one value of what was observed and planned of a project: where each
// release is, what blocks it, what is left of the quotas, and what to type next.
//
// Everything that people and programs are shown is drawn from it, so that no two of them
// tell different numbers. It is pure, and its JSON is a contract: within a schema no name is
// renamed or removed (docs/status.schema.json).
package view

import (
	"time"

	"amiship/internal/plan"
	"amiship/internal/reconcile"
)

// Schema is the version of the JSON.
const Schema = 1

// Header says of any answer who gives it, of which account, and when AWS was read.
type Header struct {
	Schema int    `json:"schema"`
	Tool   Tool   `json:"tool"`
	AWS    AWS    `json:"aws"`
	Read   Read   `json:"read"`
	Errors Errors `json:"errors,omitempty"`
}

// Head is the header of what embeds one.
func (h *Header) Head() *Header { return h }

// Tool is the program that answers.
type Tool struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
}

// AWS is the account that was read. What could not be read is empty.
type AWS struct {
	Account   string `json:"account,omitempty"` // 12 digits
	Alias     string `json:"alias,omitempty"`
	Caller    string `json:"caller,omitempty"` // ARN
	Partition string `json:"partition,omitempty"`
	Endpoint  string `json:"endpoint,omitempty"` // empty: AWS's own
	Sandbox   bool   `json:"sandbox"`
}

// Read is when AWS was read, by AWS's clock, and what that cost.
type Read struct {
	At      time.Time `json:"at,omitzero"`
	Seconds float64   `json:"seconds"`
	Calls   int       `json:"calls"`
}

// Errors are texts of what went wrong, each with what to type or to do.
type Errors []string

// View is a project at one moment.
type View struct {
	Header
	Project  string `json:"project"`
	Headline string `json:"headline"` // the truth of the moment, in one sentence
	Level    Level  `json:"level"`
	// Releases, the newest first.
	Releases []Release `json:"releases"`
	// Blockers, each once, those of open releases first.
	Blockers []Blocker `json:"blockers"`
	// Holds are the pause and the freezes under which no change begins.
	Holds     []Hold    `json:"holds,omitempty"`
	Quotas    []Quota   `json:"quotas"` // of public AMIs, by region: the scarcest first
	Listings  []Listing `json:"listings"`
	NextBases []Base    `json:"next_bases,omitempty"` // of the releases that come next
	// EveryDays is how long it was from one day with releases to the next, of the last ones;
	// 0: there are too few.
	EveryDays float64 `json:"every_days,omitempty"`
	// Leftovers are what interrupted runs left; Elsewhere what there is in regions that the
	// catalog does not name.
	Leftovers []Leftover            `json:"leftovers,omitempty"`
	Elsewhere []reconcile.Elsewhere `json:"elsewhere,omitempty"`
	Unread    []Unread              `json:"unread,omitempty"`
	Notes     []string              `json:"notes,omitempty"`
}

// Unseen is the view of a project of which nothing could be read.
func Unseen(project, why string) View {
	return View{
		Project: project, Headline: project + " could not be read.", Level: Warn, Releases: []Release{}, Blockers: []Blocker{}, Quotas: []Quota{}, Listings: []Listing{},
		Unread: []Unread{{What: project, Why: why}},
	}
}

// Level is how urgent a view is, or a part of it.
type Level string

// The levels, the most urgent last.
const (
	OK      Level = "ok"
	Working Level = "working" // something is under way, or is to be resumed
	Warn    Level = "warn"    // something will block, or could not be read
	Stopped Level = "stopped" // a person must decide
)

// Release is one release of a project.
type Release struct {
	Tag     string       `json:"tag"`
	Version string       `json:"version"`
	State   ReleaseState `json:"state"`
	Adopted bool         `json:"adopted,omitempty"` // made before Amiship, and tagged since
	Began   time.Time    `json:"began,omitzero"`    // its first AMI
	Ended   time.Time    `json:"ended,omitzero"`    // the last thing that was recorded, of one that is not open
	Commit  string       `json:"commit,omitempty"`  // of the catalog; empty: not recorded
	// Variants are rows, Regions columns, of which AMIs has a cell each.
	Variants []Variant `json:"variants"`
	Regions  []Region  `json:"regions"`
	AMIs     []AMI     `json:"amis"`
	// Ready of Required regions have all that becomes public.
	Ready    int `json:"ready_regions"`
	Required int `json:"required_regions"`
	Made     int `json:"available_amis"`
	Public   int `json:"public_amis"`
	// Stages are how far it is, of open releases.
	Stages   []Stage          `json:"stages,omitempty"`
	Listings []ReleaseListing `json:"listings,omitempty"`
	Waits    []Wait           `json:"waits,omitempty"`
	Blockers []string         `json:"blockers,omitempty"` // ids
	Bases    []Base           `json:"bases,omitempty"`
	Notes    []string         `json:"notes,omitempty"`
	Next     string           `json:"next,omitempty"`    // what is to be done next
	Command  string           `json:"command,omitempty"` // that does it
	Error    string           `json:"error,omitempty"`   // why it could not be planned
}

// ReleaseState is how far a release is.
type ReleaseState string

// The states of a release.
const (
	Open      ReleaseState = "open"
	Held      ReleaseState = "held" // open, and a person must decide
	Complete  ReleaseState = "complete"
	Replaced  ReleaseState = "retired" // its AMIs are no longer kept for customers
	Recalled  ReleaseState = "withdrawn"
	Unplanned ReleaseState = "unknown" // it could not be planned: see Error
)

// IsOpen reports whether something is left to do.
func (s ReleaseState) IsOpen() bool { return s == Open || s == Held || s == Unplanned }

// Variant is an image on one architecture.
type Variant struct {
	Name   string `json:"name"` // "ce/arm64"
	Public bool   `json:"public"`
}

// Region is a region of a release.
type Region struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Unread   string `json:"unread,omitempty"` // why its AMIs could not be read
}

// AMI is where one variant is in one region.
type AMI struct {
	Variant  string    `json:"variant"`
	Region   string    `json:"region"`
	State    AMIState  `json:"state"`
	Final    bool      `json:"final"` // it is as it is to be: public, or shared if it is private
	ID       string    `json:"ami,omitempty"`
	Name     string    `json:"name,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	Reason   string    `json:"reason,omitempty"` // AWS's, of what failed; else what it waits for
	Required bool      `json:"required"`
}

// AMIState is how far an AMI of a release is.
type AMIState string

// The states of an AMI, in the order of a release.
const (
	Missing   AMIState = "missing"
	Building  AMIState = "building"
	Tested    AMIState = "tested" // its candidate is, and it is not copied yet
	Copying   AMIState = "copying"
	Copied    AMIState = "copied"
	Shared    AMIState = "shared" // the end of a private one
	Public    AMIState = "public"
	Withdrawn AMIState = "withdrawn"
	Retired   AMIState = "retired"
	Failed    AMIState = "failed"
	Skipped   AMIState = "skipped"
	Waived    AMIState = "waived"
	Unknown   AMIState = "unread"
)

// AMIStates are all, in the order of a release.
func AMIStates() []AMIState {
	return []AMIState{Missing, Building, Tested, Copying, Copied, Shared, Public, Withdrawn, Retired, Failed, Skipped, Waived, Unknown}
}

// Stage is how far one kind of work of a release is.
type Stage struct {
	Name   string `json:"name"` // build, test, copy, share, publish, list
	Done   int    `json:"done"`
	Total  int    `json:"total"`
	Failed int    `json:"failed,omitempty"` // failed or blocked
}

// Wait is something that AWS or another run is at.
type Wait struct {
	On    string    `json:"on"` // "copy premium/amd64 to eu-west-3"
	Step  string    `json:"step"`
	Why   string    `json:"why"`
	Since time.Time `json:"since,omitzero"`
	// UsualSeconds is how long the same took before; 0: not known.
	UsualSeconds float64 `json:"usual_seconds,omitempty"`
}

// ReleaseListing is the version that a release adds to a listing.
type ReleaseListing struct {
	Listing   string    `json:"listing"`
	Version   string    `json:"version,omitempty"` // its title
	AMI       string    `json:"ami,omitempty"`
	ChangeSet string    `json:"change_set,omitempty"`
	State     string    `json:"state"`            // done, waiting, … as a step's
	Status    string    `json:"status,omitempty"` // of the change set, as Marketplace spells it
	Reason    string    `json:"reason,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	// UsualSeconds is how long the change sets of earlier versions took.
	UsualSeconds float64 `json:"usual_seconds,omitempty"`
}

// Base is the AMI that a variant is built from.
type Base struct {
	Variant string    `json:"variant"`
	ID      string    `json:"ami"`
	Name    string    `json:"name,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Change  string    `json:"change,omitempty"` // how it differs from the last release's
}

// Text is its name, its id and its age, as far as they are known, and what has changed.
func (b Base) Text(now time.Time) string {
	return plan.Base{ID: b.ID, Name: b.Name, Created: b.Created, Change: b.Change}.Text(now)
}

// Blocker is something that a person must decide.
type Blocker struct {
	ID       string    `json:"id"` // "quota/eu-west-1"
	Why      string    `json:"why"`
	Since    time.Time `json:"since,omitzero"`
	Tags     []string  `json:"tags"` // of the releases that it holds
	Now      bool      `json:"now"`  // it holds an open release; else the next one
	Steps    int       `json:"steps"`
	Have     int       `json:"have,omitempty"`
	Need     int       `json:"need,omitempty"`
	Remedies []Remedy  `json:"remedies"`
}

// Remedy is a way out of a blocker.
type Remedy struct {
	Name        string   `json:"name"`
	Command     string   `json:"command,omitempty"` // empty: it can't be had now
	Words       bool     `json:"words,omitempty"`   // the command is a sentence
	Cost        string   `json:"cost"`
	Permissions []string `json:"permissions,omitempty"` // IAM actions
}

// Hold is a pause or a freeze.
type Hold struct {
	ID    string    `json:"id"`
	Why   string    `json:"why"`
	Since time.Time `json:"since,omitzero"`
}

// Quota is what is left of the quota of public AMIs in a region.
type Quota struct {
	Region   string `json:"region"`
	Limit    int    `json:"limit"`
	Default  bool   `json:"default"` // the limit is AWS's own
	Used     int    `json:"used"`
	Reserved int    `json:"reserved"` // for open releases
	Each     int    `json:"each"`     // a release needs
	// ReleasesLeft is for how many more there is capacity.
	ReleasesLeft int       `json:"releases_left"`
	Until        time.Time `json:"until,omitzero"` // when the last of them will have come, at the rate of the last ones
	Requests     []Request `json:"requests,omitempty"`
}

// Request is a request for a higher quota that AWS has not decided.
type Request struct {
	ID      string    `json:"id"`
	Status  string    `json:"status"`
	Desired int       `json:"desired"`
	Created time.Time `json:"created,omitzero"`
}

// Listing is a product on AWS Marketplace.
type Listing struct {
	Name         string      `json:"name"`
	Product      string      `json:"product"`
	Title        string      `json:"title,omitempty"`
	Visibility   string      `json:"visibility,omitempty"`
	Variant      string      `json:"variant"`
	Offered      int         `json:"offered"` // versions
	Limit        int         `json:"limit"`
	ReleasesLeft int         `json:"releases_left"`
	Until        time.Time   `json:"until,omitzero"`
	Versions     []Version   `json:"versions"`    // the newest first
	ChangeSets   []ChangeSet `json:"change_sets"` // the newest first
	// Assessed are the versions that buyers can get and Marketplace has assessed; Unassessed
	// is why that could not be read.
	Assessed   []reconcile.Assessed `json:"assessed,omitempty"`
	Unassessed string               `json:"unassessed,omitempty"`
	Unread     string               `json:"unread,omitempty"`
}

// FailedAssessments counts the versions whose newest assessment has failed; it is not known
// if they could not be read.
func (l Listing) FailedAssessments() (n int, known bool) {
	for _, a := range l.Assessed {
		if a.Failed {
			n++
		}
	}
	return n, l.Unread == "" && l.Unassessed == ""
}

// Version is a version of a product.
type Version struct {
	Title   string    `json:"title"`
	ID      string    `json:"id"`
	AMI     string    `json:"ami,omitempty"`
	Created time.Time `json:"created,omitzero"`
	Offered bool      `json:"offered"` // buyers can still get it
}

// ChangeSet is a request to change a product.
type ChangeSet struct {
	ID      string    `json:"id"`
	Name    string    `json:"name,omitempty"`
	Status  string    `json:"status"` // as Marketplace spells it
	Pending bool      `json:"pending"`
	Ours    bool      `json:"ours"`
	What    string    `json:"what,omitempty"`
	Start   time.Time `json:"start,omitzero"`
	End     time.Time `json:"end,omitzero"`
	// Seconds that it took, or is under way.
	Seconds float64  `json:"seconds"`
	Errors  []string `json:"errors,omitempty"`
}

// Leftover is what an interrupted run left in a region.
type Leftover struct {
	What    string `json:"what"`
	Command string `json:"command"`
}

// Unread is something that AWS did not tell. What rests on it is unknown, not empty.
type Unread struct {
	What      string `json:"what"` // a region or a listing
	Why       string `json:"why"`
	Throttled bool   `json:"throttled,omitempty"` // AWS refused it for its rate alone
}

// Counts are numbers of a view, as metrics and texts name them.
type Counts struct {
	Open, Held                int // releases; those that are held are open, too
	BlockersNow, BlockersNext int
}

// Count adds up.
func (v View) Count() Counts {
	var c Counts
	for _, r := range v.Releases {
		if r.State.IsOpen() {
			c.Open++
		}
		if r.State == Held {
			c.Held++
		}
	}
	for _, b := range v.Blockers {
		if b.Now {
			c.BlockersNow++
		} else {
			c.BlockersNext++
		}
	}
	return c
}

// Pending reports whether AWS or another run is at something.
func (v View) Pending() bool {
	for _, r := range v.Releases {
		if len(r.Waits) > 0 {
			return true
		}
	}
	for _, l := range v.Listings {
		for _, s := range l.ChangeSets {
			if s.Pending {
				return true
			}
		}
	}
	return false
}
