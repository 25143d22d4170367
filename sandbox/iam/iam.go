// Package iam is the sandbox's Identity and Access Management, as far as an account tells
// what it is called, and Packer makes instance profiles.
//
// An account of the sandbox has its name as its alias. What a caller may do is in the policies
// that a world gives it; those that clients put are kept, and have no effect.
package iam

import (
	"amiship/sandbox/wire"
)

// Service is the table of operations.
func Service() wire.Service {
	return wire.Service{
		Name:     "iam",
		Protocol: wire.AWSQuery{Namespace: "https://iam.amazonaws.com/doc/2010-05-08/"},
		Asks:     asks,
		Operations: []wire.Operation{
			wire.Read("ListAccountAliases", reading, aliases),
			wire.Op("CreateInstanceProfile", writing, createProfile),
			wire.Read("GetInstanceProfile", reading, getProfile),
			wire.Op("DeleteInstanceProfile", writing, deleteProfile),
			wire.Op("AddRoleToInstanceProfile", writing, addRole),
			wire.Op("RemoveRoleFromInstanceProfile", writing, removeRole),
			wire.Op("CreateRole", writing, createRole),
			wire.Read("GetRole", reading, getRole),
			wire.Op("DeleteRole", writing, deleteRole),
			wire.Op("PutRolePolicy", writing, putPolicy),
			wire.Op("DeleteRolePolicy", writing, deletePolicy),
		},
	}
}

// reading and writing: IAM does not publish its rates [?].
var (
	reading = wire.Bucket{Name: "read", Max: 20, Refill: 10}
	writing = wire.Bucket{Name: "write", Max: 20, Refill: 10}
)

type aliasesIn struct {
	Marker   string
	MaxItems *int
}

type aliasesOut struct {
	AccountAliases []string `xml:"AccountAliases>member"`
	IsTruncated    bool
}

func aliases(c *wire.Call, in *aliasesIn) (*aliasesOut, error) {
	if in.Marker != "" {
		return nil, wire.Errorf("ValidationError", "Invalid Marker.")
	}
	return &aliasesOut{AccountAliases: []string{c.Account.Name}}, nil
}
