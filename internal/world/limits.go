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
	// BlockSnapshots does so for snapshots. It is read where some are to become public.
	BlockSnapshots string
	Encrypted      bool // new snapshots are encrypted: they can be neither public nor listed
}

// Who keeps AMIs of a region from becoming public.
const (
	BlockedByAccount = "account"
	BlockedByPolicy  = "declarative-policy" // an organization's: the account can't switch it off
)

// MetadataDefaults are what an account has set in a region for the metadata service of new
// instances (docs/reference/aws.md#metadata-defaults-of-an-account).
type MetadataDefaults struct {
	Tokens   string // TokensRequired or "optional", where a launch names neither; empty: as the AMI says
	Enforced bool   // AWS refuses to launch instances whose tokens are optional
	Off      bool   // there is no metadata service, where a launch asks for none
	ByPolicy bool   // a declarative policy of the organization sets them, not the account
}

// AllowedImages are an account's Allowed AMIs in a region: which images of other accounts it
// may find and use (docs/reference/aws.md#allowed-amis).
type AllowedImages struct {
	Enabled  bool     // what no criterion allows is hidden; else that is only noted, in audit mode
	ByPolicy bool     // a declarative policy of the organization sets them, not the account
	Allow    []string // the command that adds the base's owner to the criteria; none, where the account can't
}

// Subnet is where builds run.
type Subnet struct {
	VPC     string
	Zones   []string // in which they are, sorted
	Private bool     // instances get no public address there, unless their launch asks for one
	Missing string   // why nothing can be launched there
}

// TokensRequired says that a metadata service answers requests with tokens only.
const TokensRequired = "required"

// Refuses reports whether AWS refuses to launch an instance that names no tokens, from an
// AMI with an IMDS support of "v2.0" or none.
func (d MetadataDefaults) Refuses(imds string) bool {
	tokens := d.Tokens
	if tokens == "" && imds == "v2.0" {
		tokens = TokensRequired
	}
	return d.Enforced && tokens != TokensRequired
}

// Refusal says so.
func (d MetadataDefaults) Refusal(region string) string {
	return d.by() + " enforces IMDSv2 in " + region + ": AWS launches no instance whose tokens are optional, and builds ask for none"
}

func (d MetadataDefaults) by() string {
	if d.ByPolicy {
		return "a declarative policy of the organization"
	}
	return "the account"
}

// Without says what becomes of builds that have no metadata service.
func (d MetadataDefaults) Without(region string) string {
	return d.by() + " switches the metadata service of new instances off in " + region + ": a builder would not be given its key, and no one could log in to it"
}

// RequireTokens is the command by which launches that name no tokens require them; "" where
// the account can't set that.
func (d MetadataDefaults) RequireTokens(region string) string {
	return d.set(region, "--http-tokens required")
}

// SwitchOn is the command by which launches that do not name the metadata service have one;
// "" where the account can't set that.
func (d MetadataDefaults) SwitchOn(region string) string {
	return d.set(region, "--http-endpoint enabled")
}

func (d MetadataDefaults) set(region, options string) string {
	if d.ByPolicy {
		return ""
	}
	return "aws ec2 modify-instance-metadata-defaults --region " + region + " " + options
}

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
