package quotas

import (
	"path"
	"time"

	"amiship/sandbox/cloud"
)

// Statuses of a request.
const (
	Pending     = "PENDING"
	CaseOpened  = "CASE_OPENED"
	Approved    = "APPROVED"
	Denied      = "DENIED"
	CaseClosed  = "CASE_CLOSED"
	NotApproved = "NOT_APPROVED"
)

// Request is a request for a higher quota, with the statuses it goes through.
type Request struct {
	ID, Account, Requester, Region, Service, Code string
	Desired                                       float64
	CaseID                                        string
	Steps                                         []Step    // the first one when it was made
	Raise                                         time.Time // when the quota becomes Desired; zero: never
}

// Step is a status and when it begins.
type Step struct {
	Status string
	At     time.Time
}

// at is the step that holds at a moment.
func (r Request) at(now time.Time) Step {
	cur := r.Steps[0]
	for _, s := range r.Steps[1:] {
		if !now.Before(s.At) {
			cur = s
		}
	}
	return cur
}

func (r Request) open(now time.Time) bool {
	s := r.at(now).Status
	return s == Pending || s == CaseOpened
}

func (r Request) granted(now time.Time) (time.Time, bool) {
	return r.Raise, !r.Raise.IsZero() && !now.Before(r.Raise)
}

// hasCase reports whether AWS support has been asked by now.
func (r Request) hasCase(now time.Time) bool {
	for _, s := range r.Steps {
		if s.Status == CaseOpened && !now.Before(s.At) {
			return true
		}
	}
	return false
}

// Outcome says how requests end. The first that matches one decides; its
// patterns are those of path.Match, an empty one matches all.
type Outcome struct {
	Account string `yaml:"account,omitempty"`
	Region  string `yaml:"region,omitempty"`
	Service string `yaml:"service,omitempty"`
	Code    string `yaml:"code,omitempty"`
	// UpTo limits the rule to requests for at most this value; 0: any.
	UpTo float64 `yaml:"up_to,omitempty"`
	// End is how it ends: see the Ends below.
	End End `yaml:"end"`
	// Case is how long it stays PENDING before a support case is opened.
	Case time.Duration `yaml:"case,omitempty"`
	// After is when it ends, counted from the request.
	After time.Duration `yaml:"after,omitempty"`
}

// End is a way in which a request can end. Which one AWS takes, and how long,
// is nowhere promised.
type End string

// The ends of a request.
const (
	Approve     End = "approve"      // APPROVED, without a case
	CaseApprove End = "case-approve" // CASE_OPENED, APPROVED
	CaseRaise   End = "case-raise"   // CASE_OPENED, CASE_CLOSED, and the quota is raised
	CaseRefuse  End = "case-refuse"  // CASE_OPENED, CASE_CLOSED, and it is not
	Deny        End = "deny"         // CASE_OPENED, DENIED
	Refuse      End = "refuse"       // NOT_APPROVED, without a case
	Never       End = "never"        // stays CASE_OPENED
)

// usual is what most people report: a support case that takes two days.
func usual() Outcome {
	return Outcome{End: CaseApprove, Case: 2 * time.Minute, After: 48 * time.Hour}
}

func outcome(tx *cloud.Tx, r Request) Outcome {
	for _, o := range rules.All(tx, "") {
		if o.matches(r) {
			return o
		}
	}
	return usual()
}

func (o Outcome) matches(r Request) bool {
	for pattern, is := range map[string]string{o.Account: r.Account, o.Region: r.Region, o.Service: r.Service, o.Code: r.Code} {
		if ok, _ := path.Match(pattern, is); pattern != "" && !ok {
			return false
		}
	}
	return o.UpTo == 0 || r.Desired <= o.UpTo
}

// plan gives r the statuses that the outcome leads it through.
func (o Outcome) plan(tx *cloud.Tx, r *Request, caseAllowed bool) {
	r.Steps = []Step{{Pending, tx.Now}}
	end := tx.Due(o.After)
	step := func(status string, at time.Time) { r.Steps = append(r.Steps, Step{status, at}) }
	withCase := o.End != Approve && o.End != Refuse
	if withCase && !caseAllowed {
		step(NotApproved, tx.Due(o.Case))
		return
	}
	if withCase {
		step(CaseOpened, tx.Due(o.Case))
	}
	switch o.End {
	case Approve, CaseApprove:
		step(Approved, end)
		r.Raise = end
	case CaseRaise:
		step(CaseClosed, end)
		r.Raise = end
	case CaseRefuse:
		step(CaseClosed, end)
	case Deny:
		step(Denied, end)
	case Refuse:
		step(NotApproved, end)
	case Never:
	}
}
