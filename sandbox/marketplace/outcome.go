package marketplace

import (
	"cmp"
	"fmt"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Outcome says how the next change sets of a product end. The first that
// matches decides, as often as it says.
type Outcome struct {
	Product string `yaml:"product,omitempty"` // id; any when empty
	Type    string `yaml:"type,omitempty"`    // change type; any when empty
	// Status is FAILED, or where it is stuck: PREPARING or APPLYING. Empty: it
	// ends as it would, in the times below.
	Status      string       `yaml:"status,omitempty"`
	Stuck       bool         `yaml:"stuck,omitempty"`        // it never leaves Status
	FailureCode string       `yaml:"failure_code,omitempty"` // CLIENT_ERROR when empty
	Errors      []WorldError `yaml:"errors,omitempty"`
	// How long it takes; the settings' times when zero.
	Preparing time.Duration `yaml:"preparing,omitempty"`
	Applying  time.Duration `yaml:"applying,omitempty"`
	Times     int           `yaml:"times,omitempty"` // how many it hits; 0: all
}

// expected is an outcome, and how often it has been met.
type expected struct {
	Outcome
	Met int
}

// outcomes in the order of the world file, in partition "".
var outcomes = cloud.NewTable[expected]("marketplace.outcomes")

func (o Outcome) load(tx *cloud.Tx, n int) error {
	if _, found := products.Get(tx, "", o.Product); o.Product != "" && !found {
		return fmt.Errorf("there is no product %q", o.Product)
	}
	if o.Stuck {
		o.Status = cmp.Or(o.Status, preparing)
	}
	switch {
	case o.Stuck && o.Status != preparing && o.Status != applying:
		return fmt.Errorf("status %q: a change set is stuck in %s or %s", o.Status, preparing, applying)
	case !o.Stuck && o.Status != "" && o.Status != failed:
		return fmt.Errorf("status %q: a change set ends %s here, or as it would", o.Status, failed)
	case o.FailureCode != "" && o.FailureCode != clientError && o.FailureCode != serverFault:
		return fmt.Errorf("failure_code %q: there are %s and %s", o.FailureCode, clientError, serverFault)
	}
	o.FailureCode = cmp.Or(o.FailureCode, clientError)
	outcomes.Put(tx, "", fmt.Sprintf("%06d", n), expected{Outcome: o})
	return nil
}

// takeOutcome finds what the world has in mind for a new change set.
func takeOutcome(tx *cloud.Tx, s ChangeSet) Outcome {
	for key, o := range outcomes.All(tx, "") {
		if o.Times > 0 && o.Met >= o.Times || !o.matches(s) {
			continue
		}
		o.Met++
		outcomes.Put(tx, "", key, o)
		return o.Outcome
	}
	return Outcome{}
}

func (o Outcome) matches(s ChangeSet) bool {
	for _, c := range s.Changes {
		if (o.Product == "" || o.Product == c.Product) && (o.Type == "" || o.Type == c.Type) {
			return true
		}
	}
	return false
}

// endingOf puts what the call's fault says in place of an outcome.
func endingOf(c *wire.Call, o Outcome) Outcome {
	switch ending, _ := c.Ends(); ending {
	case wire.EndsFailed:
		return Outcome{Status: failed, FailureCode: serverFault}
	case wire.EndsStuck:
		return Outcome{Status: preparing, Stuck: true}
	}
	return o
}

// fate is nil if no other end was set.
func (o Outcome) fate() *Fate {
	switch {
	case o.Stuck:
		return &Fate{Stuck: o.Status}
	case o.Status == failed:
		return &Fate{FailureCode: o.FailureCode, Problems: problemsOf(o.Errors)}
	}
	return nil
}
