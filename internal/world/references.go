package world

import (
	"strings"
	"time"
)

// References are what of an account refers to some of its AMIs in a region
// (docs/reference/aws.md#image-references-and-usage).
type References struct {
	ByAMI  map[string][]string // ARNs; an AMI that was not asked about is not in it
	Denied string              // what AWS said, if the caller may not ask
}

// ReferencesQuery asks what refers to some AMIs of a region.
func ReferencesQuery(region string, amis []string) Query {
	return Query{Kind: LookReferences, Region: region, ID: strings.Join(amis, ",")}
}

// AMIs are those that a query of LookReferences is about.
func (q Query) AMIs() []string { return strings.Split(q.ID, ",") }

// Usage is which other accounts use an account's AMIs in a region, as far as there are reports
// (docs/reference/aws.md#image-usage-reports).
type Usage struct {
	Reports []UsageReport // of all accounts, and of instances and launch templates
	Denied  string        // what AWS said, if the caller may not ask
}

// UsageReport is an image usage report. Its numbers are read of the newest available one of an AMI.
type UsageReport struct {
	ID      string    `json:"id"`
	AMI     string    `json:"ami"`
	State   string    `json:"state"`            // Pending, Available or Erroneous
	Reason  string    `json:"reason,omitempty"` // why it could not be made
	Created time.Time `json:"created,omitzero"`
	Ours    bool      `json:"ours"` // it carries the project's tag

	Accounts  int `json:"accounts"`
	Instances int `json:"instances"`
	Templates int `json:"templates"` // of other accounts
}

// Erroneous is the state of a report that AWS could not make.
const Erroneous = "error"

// Newest is the newest report of an AMI in a state.
func (u Usage) Newest(ami, state string) (newest UsageReport, found bool) {
	for _, r := range u.Reports {
		if r.AMI == ami && r.State == state && (!found || r.Created.After(newest.Created)) {
			newest, found = r, true
		}
	}
	return newest, found
}
