package marketplace

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"amiship/sandbox/cloud"
)

// ChangeSet is a request to change products, and what has become of it.
type ChangeSet struct {
	ID, Account, Name, Intent, Status string
	Token, Digest                     string    `json:",omitempty"` // of the request that made it
	Started                           time.Time // all times are the sandbox's
	Prepared, Applied                 time.Time // when it moves on
	Ended                             time.Time `json:",omitzero"`
	FailureCode, FailureText          string    `json:",omitempty"`
	Changes                           []Change
	Fate                              *Fate `json:",omitempty"` // how the world wants it to end
}

// Change is one change of one product.
type Change struct {
	Type       string
	Name       string `json:",omitempty"`
	Product    string // id
	Identifier string // as the request spells it
	Details    json.RawMessage
	Problems   []Problem `json:",omitempty"`
}

// Fate overrides how a change set ends.
type Fate struct {
	Stuck       string    `json:",omitempty"` // the status it never leaves
	FailureCode string    `json:",omitempty"` // it fails so when it is prepared
	Problems    []Problem `json:",omitempty"`
}

// Statuses of a change set.
const (
	preparing = "PREPARING"
	applying  = "APPLYING"
	succeeded = "SUCCEEDED"
	cancelled = "CANCELLED"
	failed    = "FAILED"
)

// Failure codes.
const (
	clientError = "CLIENT_ERROR"
	serverFault = "SERVER_FAULT"
)

const (
	apply    = "APPLY"
	validate = "VALIDATE"
)

// Change types that the sandbox knows.
const (
	addOptions      = "AddDeliveryOptions"
	updateOptions   = "UpdateDeliveryOptions"
	restrictOptions = "RestrictDeliveryOptions"
	updateInfo      = "UpdateInformation"
)

var changeTypes = []string{addOptions, updateOptions, restrictOptions, updateInfo}

// sets by id; those that are pending in one partition, all others in another.
var sets = cloud.NewTable[ChangeSet]("marketplace.change-sets")

const (
	pendingSets = "pending"
	endedSets   = "ended"
)

func findSet(tx *cloud.Tx, account, id string) (ChangeSet, bool) {
	for _, part := range []string{pendingSets, endedSets} {
		if s, found := sets.Get(tx, part, id); found && s.Account == account {
			return s, true
		}
	}
	return ChangeSet{}, false
}

func putSet(tx *cloud.Tx, s ChangeSet) {
	if s.pending() {
		sets.Put(tx, pendingSets, s.ID, s)
		return
	}
	sets.Delete(tx, pendingSets, s.ID)
	sets.Put(tx, endedSets, s.ID, s)
}

func (s ChangeSet) pending() bool { return s.Status == preparing || s.Status == applying }

func (s ChangeSet) arn() string {
	return arnOf(s.Account, "ChangeSet", s.ID)
}

func arnOf(account, kind, id string) string {
	return cloud.PartitionOf(home).ARN("aws-marketplace", home, account, catalogName+"/"+kind+"/"+id)
}

// due is when the change set moves on next; never, if the world says so.
func (s ChangeSet) due() (time.Time, bool) {
	if s.Fate != nil && s.Fate.Stuck == s.Status {
		return time.Time{}, false
	}
	if s.Status == preparing {
		return s.Prepared, true
	}
	return s.Applied, s.Status == applying
}

// dueBy reports whether the change set must have advanced by a moment.
func (s ChangeSet) dueBy(now time.Time) bool {
	at, moves := s.due()
	return moves && !now.Before(at)
}

// touches reports whether a change of the set is of the product.
func (s ChangeSet) touches(product string) bool {
	return slices.ContainsFunc(s.Changes, func(c Change) bool { return c.Product == product })
}

// end returns the set as it is when it has ended.
func (s ChangeSet) end(status string, at time.Time) ChangeSet {
	s.Status, s.Ended = status, at
	return s
}

// fail returns the set as it is when it has failed. problems are by change.
func (s ChangeSet) fail(code string, at time.Time, problems [][]Problem) ChangeSet {
	phase := "preparation"
	if s.Status == applying {
		phase = "application"
	}
	s = s.end(failed, at)
	s.FailureCode = code
	s.FailureText = fmt.Sprintf("Change set %s failed. See the ErrorDetailList of its changes.", phase)
	s.Changes = slices.Clone(s.Changes)
	for i, p := range problems {
		s.Changes[i].Problems = p
	}
	return s
}
