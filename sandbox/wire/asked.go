package wire

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"amiship/sandbox/policy"
)

// Asked is one thing that a caller must be allowed to do for a call: an action on a resource.
type Asked struct {
	Action   string // "ec2:CreateTags"; empty: the call's own
	Resource string // ARN; empty: the action takes none, and policies name it "*"
	// Granted says that the resource itself lets the caller do it: no policy is asked.
	Granted bool
	// Context has values of condition keys, besides those of every call.
	Context map[string][]string
}

// keys are the condition keys that requests of the sandbox have values of; a key that ends with
// "/" has more behind it. A policy with another one can't be decided.
func keys() []string {
	return []string{
		"aws:CurrentTime", "aws:EpochTime", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalType", "aws:RequestTag/", "aws:RequestedRegion",
		"aws:ResourceTag/", "aws:SecureTransport", "aws:SourceIp", "aws:TagKeys", "aws:username",
		"catalog:ChangeType", "ec2:CreateAction", "ec2:ImageID", "ec2:InstanceType", "ec2:Owner", "ec2:Public", "ec2:Region", "ec2:ResourceTag/",
		"iam:PassedToService", "servicequotas:service", "ssm:Overwrite",
	}
}

// context has the values that requests of all services have.
func (c *Call) context() map[string][]string {
	one := func(text string) []string { return []string{text} }
	out := map[string][]string{
		"aws:CurrentTime": one(c.Now.UTC().Format(time.RFC3339)), "aws:EpochTime": one(strconv.FormatInt(c.Now.Unix(), 10)),
		"aws:PrincipalAccount": one(c.Account.ID), "aws:RequestedRegion": one(c.Region), "aws:SecureTransport": one("true"), "aws:SourceIp": one("127.0.0.1"),
	}
	principal := c.Credential.Principal
	parts := strings.Split(principal, ":")
	kind, name, _ := strings.Cut(parts[len(parts)-1], "/")
	switch kind {
	case "assumed-role":
		role, _, _ := strings.Cut(name, "/")
		principal = c.Account.Partition.ARN("iam", "", c.Account.ID, "role/"+role)
		out["aws:PrincipalType"] = one("AssumedRole")
	case "user":
		out["aws:PrincipalType"], out["aws:username"] = one("User"), one(name)
	}
	out["aws:PrincipalArn"] = one(principal)
	if c.Service == "ec2" {
		out["ec2:Region"] = one(c.Region)
	}
	return out
}

// decide is what the caller's policies say of an action on a resource. Who has none may do
// everything. A session policy grants nothing: it takes from what the identity's allow.
func (c *Call) decide(a Asked) (d policy.Decision, session bool) {
	if c.Credential.Policies == nil && c.Credential.Session == nil {
		return policy.Decision{Allowed: true}, false
	}
	request := policy.Request{Action: a.Action, Resource: a.Resource, Context: c.context()}
	if request.Resource == "" {
		request.Resource = "*"
	}
	maps.Copy(request.Context, a.Context)
	d = policy.Decision{Allowed: true}
	if c.Credential.Policies != nil {
		d = c.Credential.Policies.Decide(request)
	}
	if d.Allowed && c.Credential.Session != nil {
		return c.Credential.Session.Decide(request), true
	}
	return d, false
}

// RequestTags are condition keys of tags that a request gives.
func RequestTags(tags map[string]string) map[string][]string {
	out := map[string][]string{}
	for key, value := range tags {
		out["aws:RequestTag/"+key] = []string{value}
	}
	if len(tags) > 0 {
		out["aws:TagKeys"] = slices.Sorted(maps.Keys(tags))
	}
	return out
}

// Members are the texts of an input's member by its name on the wire, one or a list.
func Members(in any, name string) []string {
	if text, ok := Member[string](in, name); ok && text != "" {
		return []string{text}
	}
	texts, _ := Member[[]string](in, name)
	return texts
}

// Member is an input's member of a type by its name on the wire; also where the input embeds
// what has it.
func Member[T any](in any, name string) (member T, ok bool) {
	return memberOf[T](reflect.Indirect(reflect.ValueOf(in)), name)
}

func memberOf[T any](v reflect.Value, name string) (member T, ok bool) {
	if v.Kind() != reflect.Struct {
		return member, false
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		onWire, _, _ := strings.Cut(cmp.Or(f.Tag.Get("wire"), f.Tag.Get("json"), f.Name), ",")
		switch {
		case f.Anonymous:
			member, ok = memberOf[T](reflect.Indirect(v.Field(i)), name)
		case onWire == name && f.IsExported():
			member, ok = v.Field(i).Interface().(T)
		}
		if ok {
			return member, true
		}
	}
	return member, false
}

// ReadPolicy reads a policy, and refuses what AWS would call malformed, and one that the sandbox
// could not decide as AWS would: by a condition key that requests have no values of.
func ReadPolicy(text []byte) (policy.Policy, error) {
	p, err := policy.Parse(text)
	if err != nil {
		return p, err
	}
	if key := p.Unknown(keys()); key != "" {
		return p, fmt.Errorf("the sandbox has no values of the condition key %s", key)
	}
	return p, nil
}
