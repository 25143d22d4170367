package world

import (
	"slices"
	"time"
)

// Limits are what AWS lets the account do in a region.
type Limits struct {
	Public Quota // of AMIs that are public
	AMIs   Quota // of all AMIs, disabled ones and those in the Recycle Bin included
	// Binned are AMIs in the Recycle Bin. Those that were public count as public,
	// and which these are AWS does not say.
	Binned int
	// BlockPublic keeps AMIs from becoming public: "" if it is off, else who has
	// switched it on: BlockedByAccount or BlockedByPolicy.
	BlockPublic string
	Encrypted   bool // new snapshots are encrypted: they can be neither public nor listed
}

// Who keeps AMIs of a region from becoming public.
const (
	BlockedByAccount = "account"
	BlockedByPolicy  = "declarative-policy" // an organization's: the account can't switch it off
)

// Quota is how many of something an account may have in a region.
type Quota struct {
	Limit   int
	Default bool   // no increase was ever requested
	Err     string // why the number is not known
	// Requests for more, the newest first.
	Requests []QuotaRequest
}

// Known reports whether Service Quotas has said what the limit is.
func (q Quota) Known() bool { return q.Err == "" && q.Limit > 0 }

// The quotas of AMIs, by Service Quotas' names.
const (
	QuotaService    = "ec2"
	QuotaPublicAMIs = "L-0E3CBAB9"
	QuotaAMIs       = "L-B665C33B"
)

// QuotaRequest is a request for a higher quota.
type QuotaRequest struct {
	ID, Status, Case string
	Desired          int
	Created, Updated time.Time
}

// Open reports whether AWS has not decided yet.
func (r QuotaRequest) Open() bool {
	return slices.Contains([]string{"PENDING", "CASE_OPENED"}, r.Status)
}

// Refused reports whether AWS has said no. That a case was closed says nothing.
func (r QuotaRequest) Refused() bool {
	return slices.Contains([]string{"DENIED", "NOT_APPROVED", "INVALID_REQUEST"}, r.Status)
}
