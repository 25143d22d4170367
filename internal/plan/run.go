package plan

import (
	"maps"
	"time"
)

// Run is what this run knows and AWS cannot show. It is lost on purpose.
type Run struct {
	ID       string
	InFlight map[ID]time.Time
	Failed   map[ID]Failure
	Made     map[ID]Made
	// Removed are images this run deregistered; a read that lags behind may
	// still show them.
	Removed map[string]bool
	// Changed are the steps that have changed something that exists; a read that lags
	// behind may still show it as it was.
	Changed map[ID]Changed
	// Left are removals of this run that have left snapshots behind: AWS shows the
	// AMI no longer, and no other step tells.
	Left map[ID]Left
	// Refused are the claims that AWS says exist already, and when it said so; a read
	// that lags behind may not show them.
	Refused map[string]time.Time
	// Unattended runs make nothing public that was public before: an operator may have made
	// it private.
	Unattended bool
	Stopping   bool // asked to stop: its claims are given back
	Rebuild    bool // build anew what failed its test, or was built from another package
	Retest     bool // test again what failed its test
	// Ahead is how many releases after this one must find capacity as well.
	Ahead int
	// Others is how many public AMIs, by region, releases of other projects of the account need
	// as well.
	Others map[string]int
	// Resubmit offers Marketplace again what it refused, or what was cancelled,
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

// Changed is a step that has ended without an error, and when.
type Changed struct {
	Action Action
	At     time.Time
}

// Left is a step that is over, and what it has left undone.
type Left struct {
	Action
	Failure
}

// Made is what an action returned or wrote, which AWS may not show yet: an AMI, a claim or a
// change set.
type Made struct {
	AMI       string
	Claim     string // its security group
	ChangeSet string
	Parameter string // name of the one that now holds the AMI
	Was       string // what that parameter held before; empty: nothing
	Region    string
	Account   string // of an AMI in the account that a listing belongs to
	At        time.Time
	Lost      bool // it was missing for long enough in looks far enough apart
	// Tags are those that a claim or a candidate was made with.
	Tags map[string]string
}

// NewRun returns a run that has done nothing yet.
func NewRun(id string) Run {
	return Run{
		ID: id, InFlight: map[ID]time.Time{}, Failed: map[ID]Failure{}, Made: map[ID]Made{}, Removed: map[string]bool{}, Changed: map[ID]Changed{},
		Left: map[ID]Left{}, Refused: map[string]time.Time{},
	}
}

// Ended records what a step that ended without an error has made, at a time of AWS's clock;
// id is what AWS returned.
func (r *Run) Ended(a Action, id string, at time.Time) {
	made := Made{Region: a.Target.Region, Account: a.Target.Account, At: at, Tags: a.Tags()}
	switch a.Kind().spec().effect {
	case changes:
		r.Changed[a.ID] = Changed{a, at}
		return
	case makes:
		made.AMI = id
	case claimed:
		made.Claim = id
	case submits:
		made.ChangeSet = id
	case sets:
		p := As[PutParameter](a)
		made.Parameter, made.AMI, made.Was = p.Name, p.Value, a.Guard.Parameter
	case ends:
		group := As[EndClaim](a).Group
		r.Removed[group] = true
		r.ForgetClaim(group)
		return
	case removes:
		r.Removed[a.Image().AMI] = true
		return
	}
	r.Made[a.ID] = made
}

// ForgetClaim forgets a claim, by its security group, that this run no longer holds.
func (r *Run) ForgetClaim(group string) {
	maps.DeleteFunc(r.Made, func(_ ID, m Made) bool { return m.Claim == group })
}
