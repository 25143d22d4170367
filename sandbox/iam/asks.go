package iam

import "amiship/sandbox/wire"

// asks are the roles and instance profiles that a call is about.
func asks(c *wire.Call, in any) []wire.Asked {
	out := []wire.Asked{}
	profiles := wire.Members(in, "InstanceProfileName")
	for _, name := range profiles {
		out = append(out, wire.Asked{Resource: c.Account.Partition.ARN("iam", "", c.Account.ID, "instance-profile/"+name)})
	}
	if len(profiles) == 0 { // a role that goes into a profile needs PassRole
		for _, name := range wire.Members(in, "RoleName") {
			out = append(out, wire.Asked{Resource: c.Account.Partition.ARN("iam", "", c.Account.ID, "role/"+name)})
		}
	}
	return out
}
