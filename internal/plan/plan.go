// Package plan has the values of a plan: kinds of steps, steps, blockers, waits, and what a
// run knows. What is left to do is decided in package reconcile.
//
// A plan lists every step of a release from the first read, done ones included. A fact that
// it lacks is in Look; the caller reads it and reconciles again.
package plan

import (
	"slices"
	"time"

	"amiship/internal/world"
)

// ID names a step: "copy/prometheus/amd64/eu-west-1".
type ID string

// State is how far a step is.
type State string

// The states of a step.
const (
	Done    State = "done"
	Running State = "running" // this run is at it
	Ready   State = "ready"
	Queued  State = "queued"  // behind other steps, see After
	Waiting State = "waiting" // for AWS, or for another run
	Blocked State = "blocked" // a person or a policy must decide
	Failed  State = "failed"  // in this run; the next one tries again
	Skipped State = "skipped" // best effort, and it did not work out
)

// Step is an action and how far it is.
type Step struct {
	Action
	State    State
	Required bool
	After    []ID
	Set      string // the change set that is there for it already, or that it waits for
	Why      string
	Code     string        // AWS's error code, of a failure
	Retry    time.Time     // a failed step that waits for its next try
	Took     time.Duration // from its start in this run until AWS showed it done
	// WaitsFor names what the step waits for, down to a blocker, a wait or an action under
	// way; see Plan.WithPaths.
	WaitsFor []string
}

// Wait is something that AWS or another run is working on.
type Wait struct {
	On    ID          `json:"on"`
	Why   string      `json:"why"`
	Query world.Query `json:"query"`          // what to read to see whether it is over
	Since time.Time   `json:"since,omitzero"` // when AWS began; what has taken long is looked at more rarely
	// Unshown is what this run has made and AWS does not show, or a claim that one read
	// found expired: that is over soon, one way or the other, and no other run can tell
	// which.
	Unshown bool `json:"unshown,omitempty"`
}

// Blocker is something that a person must decide. It holds steps.
type Blocker struct {
	ID    string `json:"id"`
	Why   string `json:"why"`
	Holds []ID   `json:"holds"` // none, if it is about what was released before: what is released now may clear it
	// Since is when it came about, as far as AWS tells: a quota was used up when the
	// AMI was made that used up the quota. Zero: unknown.
	Since    time.Time `json:"since,omitzero"`
	Have     int       `json:"have,omitempty"`
	Need     int       `json:"need,omitempty"` // of what there is too little
	Remedies []Remedy  `json:"remedies"`
}

// Remedy is a way out of a blocker.
type Remedy struct {
	Name    string `json:"name"`
	Command string `json:"command"` // what to type, quoted for a shell, or to do, in words; empty: it can't be done now
	// Words: the command is a sentence, and not all of it is to be typed.
	Words bool `json:"words,omitempty"`
	// Approve is what the command approves of, STEP@DIGEST each.
	Approve []string `json:"approve,omitempty"`
	Cost    string   `json:"cost"` // what it costs or changes
	// Do is what unblock does for it; empty: a person does it, by the command.
	Do   []Action `json:"do,omitempty"`
	Auto bool     `json:"auto,omitempty"` // the catalog lets a release do it by itself
	IAM  []string `json:"iam,omitempty"`  // permissions that it needs
}

// Plan is what is left to do, and what was done.
type Plan struct {
	Project    string        `json:"project"`
	Tag        string        `json:"tag"`
	Skip       string        `json:"skip,omitempty"`
	Stage      Until         `json:"stage,omitempty"` // where it stops; empty: when the release is complete
	Now        time.Time     `json:"now,omitzero"`
	Steps      []Step        `json:"steps"`
	Waits      []Wait        `json:"waits,omitempty"`
	Blockers   []Blocker     `json:"blockers,omitempty"`
	Look       []world.Query `json:"look,omitempty"`       // facts that it lacks
	Missed     []world.Query `json:"missed,omitempty"`     // facts that could not be read, and that something rests on
	Held       bool          `json:"held,omitempty"`       // by a pause or a freeze: no change is begun
	Capacities []Capacity    `json:"capacities,omitempty"` // for public AMIs, where they were asked for
	Queues     []Queue       `json:"queues,omitempty"`     // versions to be added, by listing
	Bases      []Base        `json:"bases,omitempty"`      // what its candidates are built from, as far as that is known
	Notes      []string      `json:"notes,omitempty"`      // what a person should know
	// Again is the command that continues, quoted for a shell.
	Again string `json:"again,omitempty"`
}

// Complete reports whether nothing is left to do.
func (p Plan) Complete() bool {
	return len(p.Look) == 0 && !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.State != Done && s.State != Skipped })
}

// Obstacles are the blockers that hold a step. Others are about what was released before.
func (p Plan) Obstacles() []Blocker {
	return slices.DeleteFunc(slices.Clone(p.Blockers), func(b Blocker) bool { return len(b.Holds) == 0 })
}

// Count returns how many steps are in a state.
func (p Plan) Count(s State) int {
	n := 0
	for _, step := range p.Steps {
		if step.State == s {
			n++
		}
	}
	return n
}

// Step returns the step of that id.
func (p Plan) Step(id ID) (Step, bool) {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == id })
	if i < 0 {
		return Step{}, false
	}
	return p.Steps[i], true
}
