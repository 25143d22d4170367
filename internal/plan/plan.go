// Package plan compares what a release asks for with what AWS has, and says
// what is left to do. It is pure: the same values give the same plan, sorted.
//
// What a newcomer would get wrong: the plan lists every step of the release
// from the first look, done ones included, and never acts on what it does not
// know. A fact it lacks is in Look; the caller reads it and reconciles again.
package plan

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"amiship/internal/release"
	"amiship/internal/world"
)

// ID names a step: "copy/prometheus/amd64/eu-west-1".
type ID string

// Kind is what a step does.
type Kind string

// The kinds of steps, in the order in which a release goes through them.
const (
	Raise     Kind = "raise"   // ask AWS for more public AMIs
	Allow     Kind = "allow"   // switch block public access for AMIs off
	Unclaim   Kind = "unclaim" // end a claim: our own when the build is over, a dead one with what it left
	Discard   Kind = "discard" // deregister an AMI that failed
	Claim     Kind = "claim"
	Build     Kind = "build"
	Adopt     Kind = "adopt" // complete the tags of a candidate whose run died
	IMDS      Kind = "imds"  // make an AMI ask for IMDSv2
	Test      Kind = "test"  // boot the candidate, and ask it what the catalog's checks say
	Copy      Kind = "copy"
	Share     Kind = "share"
	Publish   Kind = "publish"
	Parameter Kind = "parameter"
	Cancel    Kind = "cancel"    // a change set of somebody else that locks a listing
	Validate  Kind = "validate"  // have Marketplace try a version, and add none
	ChangeSet Kind = "changeset" // add a version to a listing
	Restrict  Kind = "restrict"  // take versions of a listing from new buyers
	Withdraw  Kind = "withdraw"  // mark an AMI: it is recalled
	Close     Kind = "close"     // take every launch permission away
	Waive     Kind = "waive"     // note on a candidate which required regions its release may do without
	Deprecate Kind = "deprecate" // show customers from when on an AMI is not to be used
	Demote    Kind = "demote"    // make an AMI private that was replaced, or is kept no longer
	Disable   Kind = "disable"   // let nobody start it
	Remove    Kind = "remove"    // the candidate once the release is complete; AMIs that it replaces; what is kept no longer
)

var order = []Kind{
	Raise, Allow, Unclaim, Discard, Claim, Build, Adopt, IMDS, Test, Copy, Share, Publish, Parameter, Cancel, Validate, ChangeSet,
	Restrict, Withdraw, Close, Waive, Deprecate, Demote, Disable, Remove,
}

// Long reports whether a step of that kind takes minutes: a machine works.
func (k Kind) Long() bool { return k == Build || k == Test }

// Compare orders kinds as a release goes through them.
func (k Kind) Compare(o Kind) int { return cmp.Compare(slices.Index(order, k), slices.Index(order, o)) }

// State is how far a step is.
type State string

// The states of a step.
const (
	Done    State = "done"
	Running State = "running" // this run is at it
	Ready   State = "ready"
	After   State = "after"   // other steps first
	Waiting State = "waiting" // for AWS, or for another run
	Blocked State = "blocked" // somebody or a policy must decide
	Failed  State = "failed"  // in this run; the next one tries again
	Skipped State = "skipped" // best effort, and it did not work out
)

// Action is one change to one thing.
type Action struct {
	ID     ID
	Kind   Kind
	Target release.Key
	Token  string `json:",omitempty"` // client token: the same intent gives the same token
	Name   string `json:",omitempty"` // AMI name, claim name or parameter name
	AMI    string `json:",omitempty"` // the image that is acted on, or that is there already
	Value  string `json:",omitempty"` // the parameter's value, or the details of a change
	From   Source `json:",omitzero"`  // of a copy, and of a build
	Device string `json:",omitempty"` // root device of the AMI that a build starts from
	// Tags to write, complete.
	Tags      map[string]string `json:",omitempty"`
	Snapshots []string          `json:",omitempty"`
	Accounts  []string          `json:",omitempty"` // to share with: those that are missing; to close to: those known
	Options   []string          `json:",omitempty"` // delivery options that a change set restricts
	Group     string            `json:",omitempty"` // of the claim to end
	Own       bool              `json:",omitempty"` // the claim is this run's
	Title     string            `json:",omitempty"` // of the version that a change set adds
	Set       string            `json:",omitempty"` // id of the change set that is acted on, or that is there already
	Launched  string            `json:",omitempty"` // of what is kept no longer: when somebody last started it
	Seen      string            `json:",omitempty"` // digest of the facts it rests on; of a change set: the revision of its entity
}

// Source is an AMI to copy from.
type Source struct{ Region, AMI string }

// Step is an action and how far it is.
type Step struct {
	Action
	State    State
	Required bool
	After    []ID          `json:",omitempty"`
	Why      string        `json:",omitempty"`
	Code     string        `json:",omitempty"` // AWS's error code, of a failure
	Retry    time.Time     `json:",omitzero"`  // a failed step that waits for its next try
	Took     time.Duration `json:",omitzero"`  // from its start in this run until AWS showed it done
}

// Wait is something that AWS or another run is working on.
type Wait struct {
	On    ID
	Why   string
	Query world.Query // what to read to see whether it is over
	Since time.Time   `json:",omitzero"` // when AWS began; what has taken long is looked at more rarely
	// Unshown is what this run has made and AWS does not show: that is over
	// soon, one way or the other, and no other run can tell which.
	Unshown bool `json:",omitempty"`
}

// Blocker is something that somebody must decide. It holds steps.
type Blocker struct {
	ID    string
	Why   string
	Holds []ID
	// Since is when it came about, as far as AWS tells: a quota was used up when the
	// AMI was made that took the room. Zero: nobody knows.
	Since      time.Time `json:",omitzero"`
	Have, Need int       `json:",omitempty"` // of what there is too little
	Remedies   []Remedy
}

// Remedy is a way out of a blocker.
type Remedy struct {
	Name    string
	Command string // what to type; empty: it can't be done now
	Cost    string // what it costs or changes
	// Do is what unblock does for it; empty: a person does it, by the command.
	Do   []Action `json:",omitempty"`
	Auto bool     `json:",omitempty"` // the catalog lets a release do it by itself
	IAM  []string `json:",omitempty"` // permissions that it needs
}

// Plan is what is left to do, and what was done.
type Plan struct {
	Project, Tag string
	Skip         string `json:",omitempty"`
	Now          time.Time
	Steps        []Step
	Waits        []Wait        `json:",omitempty"`
	Blockers     []Blocker     `json:",omitempty"`
	Look         []world.Query `json:",omitempty"` // facts that it lacks
	Missed       []world.Query `json:",omitempty"` // facts that could not be read, and that something rests on
	Rooms        []Room        `json:",omitempty"` // for public AMIs, where they were asked for
	Notes        []string      `json:",omitempty"` // what a person should know
}

// Run is what this run knows and AWS cannot show. It is lost on purpose.
type Run struct {
	ID       string
	InFlight map[ID]time.Time
	Failed   map[ID]Failure
	Made     map[ID]Made
	// Removed are images this run deregistered; a read that lags behind may
	// still show them.
	Removed map[string]bool
	Rebuild bool // build anew what failed its test, or was built from another package
	Retest  bool // test again what failed its test
	// Ahead is how many releases after this one shall find room as well.
	Ahead int
	// Resubmit offers Marketplace again what it refused, or what somebody cancelled,
	// before this run.
	Resubmit bool
	// Approved says what may be done that only a person can allow: by step, the
	// digest of what was shown.
	Approved map[ID]string
}

// Failure is why an action did not work, in this run.
type Failure struct {
	Err   string
	Code  string    // AWS's error code
	Retry time.Time // zero: not again in this run
}

// Made is what an action returned or wrote, which AWS may not show yet.
type Made struct {
	AMI     string // the id of an AMI, of a claim's group, or of a change set
	Name    string // of the parameter that now holds the AMI
	Region  string
	Account string // of an AMI in the account that a listing belongs to
	At      time.Time
	Lost    bool // it was missing for long enough in looks far enough apart
}

// NewRun returns a run that has done nothing yet.
func NewRun(id string) Run {
	return Run{ID: id, InFlight: map[ID]time.Time{}, Failed: map[ID]Failure{}, Made: map[ID]Made{}, Removed: map[string]bool{}}
}

// Reconcile compares what is asked for with what is there.
func Reconcile(d release.Desired, w world.World, r Run) Plan {
	b := &builder{d: d, w: w, r: r, plan: Plan{Project: d.Project, Tag: d.Tag, Skip: d.Skip, Now: w.Now}}
	b.needImages()
	if by := b.successor(); by != "" {
		b.plan.Skip = by + " has replaced it"
		return b.finish()
	}
	if why := b.over(); why != "" {
		b.plan.Skip = why
		return b.finish()
	}
	b.waive()
	for _, v := range d.Variants {
		b.variant(v)
	}
	b.rooms()
	b.publishing()
	for _, l := range d.Listings {
		b.listing(l)
	}
	b.permissions()
	b.holdBuilds()
	b.removal()
	return b.finish()
}

// Complete reports whether nothing is left to do.
func (p Plan) Complete() bool {
	return len(p.Look) == 0 && !slices.ContainsFunc(p.Steps, func(s Step) bool { return s.State != Done && s.State != Skipped })
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

// builder collects a plan.
type builder struct {
	d        release.Desired
	w        world.World
	r        Run
	plan     Plan
	variants []*variant
	look     map[world.Query]bool
	missed   map[world.Query]bool
	blockers map[string]*Blocker
	builds   bool               // something is to be built
	lacking  []string           // blockers of variants that lack what they would be built from
	shut     map[string]Blocker // by region: why nothing can become public there
	closed   []string           // blockers of what is required: regions that are shut, names that are taken
	rivals   map[string]rival   // by tag: releases that may want the same room, and this one
	crowded  []string           // blockers of listings that have no room
	waived   []release.Waiver   // that are in force
	again    string             // the command that carries on; empty: release
}

// finish sorts everything, so that equal worlds give equal plans.
func (b *builder) finish() Plan {
	slices.SortFunc(b.plan.Steps, compareSteps)
	slices.SortFunc(b.plan.Waits, func(x, y Wait) int { return cmp.Compare(x.On, y.On) })
	b.plan.Look = slices.SortedFunc(maps.Keys(b.look), compareQueries)
	b.plan.Missed = slices.SortedFunc(maps.Keys(b.missed), compareQueries)
	for _, id := range slices.Sorted(maps.Keys(b.blockers)) {
		bl := b.blockers[id]
		slices.Sort(bl.Holds)
		bl.Holds = slices.Compact(bl.Holds)
		b.plan.Blockers = append(b.plan.Blockers, *bl)
	}
	return b.plan
}

func compareSteps(x, y Step) int {
	return cmp.Or(
		x.Kind.Compare(y.Kind),
		x.Target.Compare(y.Target), cmp.Compare(x.ID, y.ID))
}

func compareQueries(x, y world.Query) int {
	return cmp.Or(cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Region, y.Region),
		cmp.Compare(x.Account, y.Account), cmp.Compare(x.Variant, y.Variant),
		cmp.Compare(x.Listing, y.Listing), cmp.Compare(x.Set, y.Set))
}
