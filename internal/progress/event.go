// Package progress says what a run is doing while it runs: as lines, as JSON, or as a table
// that is drawn again and again.
//
// Each of them shows events and nothing else, so what is drawn of a run in another process, as
// of a rehearsal's, is the same. The plan decides what a release needs; here is only what of
// its steps is news.
package progress

import (
	"time"

	"amiship/internal/plan"
	"amiship/internal/view"
)

// Schema is the version of the JSON.
const Schema = 1

// Kind is what an event tells. The member of that name has it.
type Kind string

// The kinds of events.
const (
	OfRelease  Kind = "release"  // a run of a release begins
	OfAMI      Kind = "ami"      // an AMI is further than before
	OfReading  Kind = "reading"  // facts are read before anything is decided
	OfStages   Kind = "stages"   // how far the release is
	OfStep     Kind = "step"     // a step has changed
	OfAnswer   Kind = "answer"   // what a step under way heard last
	OfWaiting  Kind = "waiting"  // nothing has changed for a while: what is under way
	OfBlockers Kind = "blockers" // what holds the release: all of it
	OfLog      Kind = "log"      // something outside, or a line of Packer
	OfNote     Kind = "note"     // a text for people
	OfEnd      Kind = "end"      // the run has ended
)

// Event is one line of --progress json.
type Event struct {
	Schema   int          `json:"schema"`
	At       time.Time    `json:"at"` // by the clock of this machine
	Event    Kind         `json:"event"`
	Release  *Release     `json:"release,omitempty"`
	AMI      *view.AMI    `json:"ami,omitempty"`
	Reading  []string     `json:"reading,omitempty"` // none: no longer
	Stages   []view.Stage `json:"stages,omitempty"`
	Step     *Step        `json:"step,omitempty"`
	Answer   *Answer      `json:"answer,omitempty"`
	Waiting  []Waiting    `json:"waiting,omitempty"`
	Blockers []Blocker    `json:"blockers,omitempty"`
	Log      *Log         `json:"log,omitempty"`
	Note     string       `json:"note,omitempty"`
}

// Release is what a run is about.
type Release struct {
	Project  string   `json:"project"`
	Tag      string   `json:"tag"`
	Variants []string `json:"variants"`
	Regions  []string `json:"regions"`
}

// Step is how far a step is.
type Step struct {
	ID      plan.ID    `json:"id"`
	Name    string     `json:"name"` // "copy premium/amd64 to eu-west-3"
	Kind    plan.Kind  `json:"kind"`
	Variant string     `json:"variant,omitempty"`
	Region  string     `json:"region,omitempty"`
	State   plan.State `json:"state"`
	Why     string     `json:"why,omitempty"`
	Seconds float64    `json:"seconds,omitempty"` // that it took in this run
	Before  bool       `json:"before,omitempty"`  // it was done when the run began
	Again   bool       `json:"again,omitempty"`   // the same was told of it last
}

// Answer is what a step under way has heard last, of Packer or of an instance.
type Answer struct {
	Step         plan.ID `json:"step"`
	Text         string  `json:"text"`
	LimitSeconds float64 `json:"limit_seconds,omitempty"` // after which it fails
}

// Waiting is something that takes time.
type Waiting struct {
	Name         string    `json:"name"` // of a step, or "12 copies"
	Why          string    `json:"why,omitempty"`
	Since        time.Time `json:"since"`
	Seconds      float64   `json:"seconds"`
	UsualSeconds float64   `json:"usual_seconds,omitempty"` // the same took, of others
	LimitSeconds float64   `json:"limit_seconds,omitempty"`
	Answer       string    `json:"answer,omitempty"`
}

// Blocker is something that a person must decide, and the first way out.
type Blocker struct {
	ID      string `json:"id"`
	Why     string `json:"why"`
	Command string `json:"command,omitempty"`
}

// Log is a record of a log.
type Log struct {
	Level   string            `json:"level"`
	Message string            `json:"message"`
	Values  map[string]string `json:"values,omitempty"`
}

// Shower shows events, each batch of what came at once.
type Shower interface {
	Show(events ...Event)
	// Quiet is after which time without a line it wants to be told what is under way.
	Quiet() time.Duration
}
