package iam

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
)

// role is what IAM keeps of a role; who may assume it is in sts.
type role struct {
	Account     string
	Partition   cloud.Partition `json:",omitempty"`
	Name        string
	Path        string `json:",omitempty"`
	Description string `json:",omitempty"`
	Document    string // who may assume it: JSON
	Created     time.Time
	MaxSession  int               `json:",omitempty"` // seconds
	Policies    map[string]string `json:",omitempty"` // inline ones, by name; they have no effect
	Tags        []tag             `json:",omitempty"`
}

// roles by account and name, in partition "": those that were made here. A world's are
// in sts alone.
var roles = cloud.NewTable[role]("iam.roles")

const usualSession = 3600 // seconds

func (r role) arn() string { return r.sts().ARN() }

func (r role) sts() sts.Role {
	name := r.Name
	if r.Path != "" {
		name = r.Path[1:] + name
	}
	return sts.Role{Account: r.Account, Partition: r.Partition, Name: name, MaxSession: time.Duration(r.MaxSession) * time.Second}
}

func findRole(tx *cloud.Tx, account string, partition cloud.Partition, name string) (role, bool) {
	if r, found := roles.Get(tx, "", account+"/"+name); found {
		return r, true
	}
	r := role{Account: account, Partition: partition, Name: name}
	given, found := sts.FindRole(tx, r.arn())
	r.MaxSession = int(given.MaxSession.Seconds())
	r.Document = trusting(given.Trusted)
	return r, found && name != ""
}

func ownRole(c *wire.Call, name string) (role, error) {
	if err := checkName("roleName", name, ""); err != nil {
		return role{}, err
	}
	r, found := findRole(c.Tx, c.Account.ID, c.Account.Partition, name)
	if !found {
		return r, notFound("The role with name %s cannot be found.", name)
	}
	return r, nil
}

type xmlRole struct {
	Path        string
	RoleName    string
	RoleID      string `xml:"RoleId"`
	ARN         string `xml:"Arn"`
	CreateDate  wire.Time
	Document    string `xml:"AssumeRolePolicyDocument"` // URL-encoded
	Description string `xml:",omitempty"`
	MaxSession  int    `xml:"MaxSessionDuration"`
	Tags        []tag  `xml:"Tags>member"`
}

func (r role) xml() xmlRole {
	return xmlRole{
		Path: pathOf(r.Path), RoleName: r.Name, RoleID: uniqueID("AROA", r.arn()), ARN: r.arn(), CreateDate: wire.Time(r.Created),
		Document: strings.ReplaceAll(url.QueryEscape(r.Document), "+", "%20"), Description: r.Description, MaxSession: r.MaxSession, Tags: r.Tags,
	}
}

type roleIn struct{ RoleName string }

type createRoleIn struct {
	roleIn
	Document    string `wire:"AssumeRolePolicyDocument"`
	Description string
	MaxSession  int `wire:"MaxSessionDuration"`
	Path        string
	Tags        []tag
}

type roleOut struct{ Role xmlRole }

func createRole(c *wire.Call, in *createRoleIn) (*roleOut, error) {
	if err := checkName("roleName", in.RoleName, in.Path); err != nil {
		return nil, err
	}
	if _, exists := findRole(c.Tx, c.Account.ID, c.Account.Partition, in.RoleName); exists {
		return nil, conflict("EntityAlreadyExists", "Role with name %s already exists.", in.RoleName)
	}
	trusted, err := trustedBy(in.Document)
	if err != nil {
		return nil, err
	}
	if in.MaxSession == 0 {
		in.MaxSession = usualSession
	}
	r := role{
		Account: c.Account.ID, Partition: c.Account.Partition, Name: in.RoleName, Path: in.Path, Description: in.Description,
		Document: in.Document, Created: c.Now, MaxSession: in.MaxSession, Tags: in.Tags,
	}
	roles.Put(c.Tx, "", r.Account+"/"+r.Name, r)
	assumable := r.sts()
	assumable.Trusted = trusted
	sts.PutRole(c.Tx, assumable)
	return &roleOut{r.xml()}, nil
}

func getRole(c *wire.Call, in *roleIn) (*roleOut, error) {
	r, err := ownRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	return &roleOut{r.xml()}, nil
}

func deleteRole(c *wire.Call, in *roleIn) (*done, error) {
	r, err := ownRole(c, in.RoleName)
	switch {
	case err != nil:
		return nil, err
	case len(profilesOf(c.Tx, r.Account, r.Name)) > 0:
		return nil, conflict("DeleteConflict", "Cannot delete entity, must remove roles from instance profile first.")
	case len(r.Policies) > 0:
		return nil, conflict("DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	roles.Delete(c.Tx, "", r.Account+"/"+r.Name)
	sts.DropRole(c.Tx, r.arn())
	return &done{}, nil
}

type policyIn struct {
	roleIn
	PolicyName string
}

type putPolicyIn struct {
	policyIn
	PolicyDocument string
}

func putPolicy(c *wire.Call, in *putPolicyIn) (*done, error) {
	r, err := ownRole(c, in.RoleName)
	if err == nil {
		err = checkName("policyName", in.PolicyName, "")
	}
	if err != nil {
		return nil, err
	}
	if !json.Valid([]byte(in.PolicyDocument)) {
		return nil, wire.Errorf("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	policies := maps.Clone(r.Policies)
	if policies == nil {
		policies = map[string]string{}
	}
	policies[in.PolicyName] = in.PolicyDocument
	r.Policies = policies
	roles.Put(c.Tx, "", r.Account+"/"+r.Name, r)
	return &done{}, nil
}

func deletePolicy(c *wire.Call, in *policyIn) (*done, error) {
	r, err := ownRole(c, in.RoleName)
	if err != nil {
		return nil, err
	}
	if _, found := r.Policies[in.PolicyName]; !found {
		return nil, notFound("The role policy with name %s cannot be found.", in.PolicyName)
	}
	r.Policies = maps.Clone(r.Policies)
	delete(r.Policies, in.PolicyName)
	roles.Put(c.Tx, "", r.Account+"/"+r.Name, r)
	return &done{}, nil
}

// names is one name of a policy, or several.
type names []string

// UnmarshalJSON reads "a" and ["a", "b"].
func (n *names) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*n = names{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(n))
}

// principal is "*", or services and accounts.
type principal struct {
	All          bool
	AWS, Service names
}

// UnmarshalJSON reads "*" and {"AWS": …}.
func (p *principal) UnmarshalJSON(text []byte) error {
	if string(text) == `"*"` {
		p.All = true
		return nil
	}
	type plain principal
	return json.Unmarshal(text, (*plain)(p))
}

type statement struct {
	Effect    string
	Principal principal
	Action    names
}

// trustedBy reads who may assume a role. Conditions are not read.
func trustedBy(document string) ([]string, error) {
	malformed := wire.Errorf("MalformedPolicyDocument", "This policy contains invalid Json")
	var policy struct{ Statement json.RawMessage }
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return nil, malformed
	}
	var all []statement
	if json.Unmarshal(policy.Statement, &all) != nil {
		var one statement
		if json.Unmarshal(policy.Statement, &one) != nil {
			return nil, malformed
		}
		all = []statement{one}
	}
	var trusted []string
	for _, s := range all {
		if s.Effect != "Allow" || !slices.ContainsFunc(s.Action, func(a string) bool { return a == "sts:AssumeRole" || a == "sts:*" || a == "*" }) {
			continue
		}
		if s.Principal.All {
			trusted = append(trusted, "*")
		}
		trusted = append(trusted, slices.Concat(s.Principal.AWS, s.Principal.Service)...)
	}
	return trusted, nil
}

// trusting writes a document for what trustedBy reads.
func trusting(trusted []string) string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{
		map[string]any{"Effect": "Allow", "Principal": map[string]any{"AWS": trusted}, "Action": "sts:AssumeRole"},
	}})
	if err != nil {
		panic(err) // strings alone
	}
	return string(text)
}
