package ec2

import "amiship/sandbox/wire"

// networkOps are the operations of VPCs, subnets and security groups.
type networkOps struct{ *core }

func (o networkOps) table() []wire.Operation {
	return []wire.Operation{
		look("DescribeVpcs", describing, o.describeVpcs),
		look("DescribeSubnets", describing, o.describeSubnets),
		change("ModifySubnetAttribute", mutating, o.modifySubnet),
		change("CreateSecurityGroup", mutating, o.createSecurityGroup),
		look("DescribeSecurityGroups", describing, o.describeSecurityGroups),
		look("DescribeSecurityGroupRules", describing, o.describeRules),
		look("DescribeNetworkInterfaces", describing, o.describeInterfaces),
		change("AuthorizeSecurityGroupIngress", mutating, o.authorizeIngress),
		change("RevokeSecurityGroupIngress", mutating, o.revokeIngress),
		change("DeleteSecurityGroup", mutating, o.deleteSecurityGroup),
	}
}
