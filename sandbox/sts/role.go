package sts

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/policy"
	"amiship/sandbox/wire"
)

// Role can be assumed by those whom it trusts.
type Role struct {
	Account    string          // id
	Partition  cloud.Partition `json:",omitempty"`
	Name       string          // with its path, if it has one: team/release
	Trusted    []string        // account ids, ARNs of principals, services, or "*"
	ExternalID string          // that callers must name; empty: none
	Deny       []string        // as in cloud.Credential
	Policies   *policy.Set     `json:",omitempty"` // as in cloud.Credential
	MaxSession time.Duration
	Federated  []Federated `json:",omitempty"` // whose tokens it trusts
}

// roles by ARN, in partition "".
var roles = cloud.NewTable[Role]("roles")

// ARN names the role.
func (r Role) ARN() string { return r.Partition.ARN("iam", "", r.Account, "role/"+r.Name) }

// PutRole makes the role, or changes it.
func PutRole(tx *cloud.Tx, r Role) {
	if r.MaxSession == 0 {
		r.MaxSession = time.Hour
	}
	roles.Put(tx, "", r.ARN(), r)
}

// FindRole returns the role that an ARN names.
func FindRole(tx *cloud.Tx, arn string) (Role, bool) { return roles.Get(tx, "", arn) }

// Lacks reports whether the role may not do an action on a resource: an ARN, or "*".
func (r Role) Lacks(action, resource string) bool {
	return cloud.Denies(r.Deny, action) || r.Policies != nil && !r.Policies.Decide(policy.Request{Action: action, Resource: resource}).Allowed
}

// trusts says whether the role may be assumed with the credential. A principal
// that took a role of its own is trusted by its account or by its session's ARN.
func (r Role) trusts(cred cloud.Credential) bool {
	return slices.ContainsFunc(r.Trusted, func(t string) bool {
		return t == "*" || t == cred.Account || t == cred.Principal || t == r.Partition.ARN("iam", "", cred.Account, "root")
	})
}

type assumeIn struct {
	RoleArn           string
	RoleSessionName   string
	DurationSeconds   *int
	ExternalID        string `wire:"ExternalId"`
	SourceIdentity    string
	Tags              []sessionTag
	TransitiveTagKeys []string
	Policy            string
}

type sessionTag struct{ Key, Value string }

type assumeOut struct {
	Credentials     credentials
	AssumedRoleUser assumedRole
	SourceIdentity  string `xml:",omitempty"`
}

type assumedRole struct {
	AssumedRoleID string `xml:"AssumedRoleId"`
	Arn           string
}

var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

func assumeRole(c *wire.Call, in *assumeIn) (*assumeOut, error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	role, ok := roles.Get(c.Tx, "", in.RoleArn)
	if !ok || role.Partition != c.Account.Partition || !role.trusts(c.Credential) || role.ExternalID != "" && role.ExternalID != in.ExternalID {
		return nil, &wire.Error{
			Code: "AccessDenied", Status: http.StatusForbidden,
			Message: "User: " + c.Credential.Principal + " is not authorized to perform: sts:AssumeRole on resource: " + in.RoleArn,
		}
	}
	if len(in.Tags) > 0 && c.Lacks("sts:TagSession", in.RoleArn) {
		return nil, &wire.Error{
			Code: "AccessDenied", Status: http.StatusForbidden,
			Message: "User: " + c.Credential.Principal + " is not authorized to perform: sts:TagSession on resource: " + in.RoleArn,
		}
	}
	longest := role.MaxSession
	if strings.Contains(c.Credential.Principal, ":assumed-role/") {
		longest = time.Hour // AWS's limit for role chaining
	}
	limits, err := sessionPolicies(in.Policy)
	if err != nil {
		return nil, err
	}
	keys, user, err := role.session(c, in.RoleSessionName, in.DurationSeconds, longest, limits)
	if err != nil {
		return nil, err
	}
	return &assumeOut{Credentials: keys, AssumedRoleUser: user, SourceIdentity: in.SourceIdentity}, nil
}

// session makes the keys of a session of the role, which lasts an hour unless it says how many
// seconds.
func (r Role) session(c *wire.Call, name string, seconds *int, longest time.Duration, limits *policy.Set) (credentials, assumedRole, error) {
	life, err := lifetime(seconds, time.Hour, 12*time.Hour)
	if err != nil {
		return credentials{}, assumedRole{}, err
	}
	if life > longest {
		return credentials{}, assumedRole{}, wire.Errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	arn := r.Partition.ARN("sts", "", r.Account, "assumed-role/"+r.base()+"/"+name)
	return issue(c, cloud.Credential{Account: r.Account, Principal: arn, Deny: r.Deny, Policies: r.Policies, Session: limits}, life), assumedRole{userID(arn), arn}, nil
}

// sessionPolicies reads those that a caller gives to a session: what they do not allow, it may not do.
func sessionPolicies(text string) (*policy.Set, error) {
	if text == "" {
		return nil, nil
	}
	p, err := wire.ReadPolicy([]byte(text))
	switch {
	case len(text) > 2048:
		return nil, wire.Errorf("PackedPolicyTooLarge", "Packed policy consumes %d%% of allotted space, please use smaller policy.", len(text)*100/2048)
	case err != nil:
		return nil, wire.Errorf("MalformedPolicyDocument", "%v", err)
	}
	return &policy.Set{p}, nil
}

// base is the name without the path.
func (r Role) base() string { return r.Name[strings.LastIndex(r.Name, "/")+1:] }

func (in *assumeIn) check() error {
	if err := checkSession(in.RoleArn, in.RoleSessionName); err != nil {
		return err
	}
	return in.checkTags()
}

// checkSession applies the rules for what each way to assume a role names.
func checkSession(role, session string) error {
	switch {
	case role == "":
		return missing("roleArn")
	case session == "":
		return missing("roleSessionName")
	case !sessionName.MatchString(session):
		return wire.Errorf("ValidationError", `1 validation error detected: Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`, session)
	}
	return nil
}

func missing(member string) error {
	return wire.Errorf("ValidationError", "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", member)
}

// maxSessionTags is how many tags a session may have.
const maxSessionTags = 50

// checkTags applies the documented rules for session tags. They decide nothing here: policies
// that name them are refused.
func (in *assumeIn) checkTags() error {
	if len(in.Tags) > maxSessionTags {
		return wire.Errorf("ValidationError", "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxSessionTags)
	}
	keys := map[string]bool{}
	for _, t := range in.Tags {
		key := strings.ToLower(t.Key)
		switch {
		case t.Key == "" || len(t.Key) > 128 || len(t.Value) > 256:
			return wire.Errorf("ValidationError", "1 validation error detected: Value '%s' at 'tags' failed to satisfy constraint: a key has 1 to 128 characters, a value at most 256", t.Key)
		case strings.HasPrefix(key, "aws:"):
			return wire.Errorf("InvalidParameterValue", "Tag keys that begin with aws: are reserved: %s.", t.Key)
		case keys[key]:
			return wire.Errorf("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		keys[key] = true
	}
	for _, key := range in.TransitiveTagKeys {
		if !keys[strings.ToLower(key)] {
			return wire.Errorf("InvalidParameterValue", "One or more specified transitive tag keys are missing: %s.", key)
		}
	}
	return nil
}
