package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/ec2"
	"amiship/sandbox/machine"
	"amiship/sandbox/wire/wiretest"
)

// TestNetworkInterfaces: an instance's interface is found by its id, its instance and its tags,
// and goes with the instance.
func TestNetworkInterfaces(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	tag := []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}
	in := r.run(t, awssdk.RunInstancesInput{TagSpecifications: []types.TagSpecification{{ResourceType: "network-interface", Tags: tag}}})
	r.run(t, awssdk.RunInstancesInput{})
	id := *in.NetworkInterfaces[0].NetworkInterfaceId
	for name, ask := range map[string]awssdk.DescribeNetworkInterfacesInput{
		"by id":       {NetworkInterfaceIds: []string{id}},
		"by instance": {Filters: []types.Filter{filterOf("attachment.instance-id", *in.InstanceId)}},
		"by tag":      {Filters: []types.Filter{filterOf("tag:a", "b")}},
		"by address":  {Filters: []types.Filter{filterOf("association.public-ip", *in.NetworkInterfaces[0].Association.PublicIp)}},
	} {
		got := must(mine.DescribeNetworkInterfaces(t.Context(), &ask))(t).NetworkInterfaces
		if len(got) != 1 || *got[0].NetworkInterfaceId != id || *got[0].Attachment.InstanceId != *in.InstanceId || len(got[0].TagSet) != 1 || *got[0].AvailabilityZone != *in.Placement.AvailabilityZone {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if all := must(mine.DescribeNetworkInterfaces(t.Context(), &awssdk.DescribeNetworkInterfacesInput{}))(t).NetworkInterfaces; len(all) != 2 || all[0].TagSet == nil || all[1].TagSet == nil {
		t.Errorf("in all: %+v", all)
	}
	must(mine.TerminateInstances(t.Context(), &awssdk.TerminateInstancesInput{InstanceIds: []string{*in.InstanceId}}))(t)
	r.driver.set(*in.InstanceId, machine.Status{State: machine.Stopped})
	_, err := mine.DescribeNetworkInterfaces(t.Context(), &awssdk.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{id}})
	wiretest.WantCode(t, err, "InvalidNetworkInterfaceID.NotFound")
}

// TestSecurityGroupRules: each rule of a group, in and out, with its tags.
func TestSecurityGroupRules(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	group := must(mine.CreateSecurityGroup(t.Context(), &awssdk.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("g")}))(t).GroupId
	made := must(mine.AuthorizeSecurityGroupIngress(t.Context(), &awssdk.AuthorizeSecurityGroupIngressInput{
		GroupId: group, IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), CidrIp: aws.String("10.0.0.0/8"),
		TagSpecifications: []types.TagSpecification{{ResourceType: "security-group-rule", Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}},
	}))(t).SecurityGroupRules[0]
	rules := func(in awssdk.DescribeSecurityGroupRulesInput) map[string]types.SecurityGroupRule {
		out := map[string]types.SecurityGroupRule{}
		for _, rule := range must(mine.DescribeSecurityGroupRules(t.Context(), &in))(t).SecurityGroupRules {
			out[*rule.SecurityGroupRuleId] = rule
		}
		return out
	}
	of := rules(awssdk.DescribeSecurityGroupRulesInput{Filters: []types.Filter{filterOf("group-id", *group)}})
	if len(of) != 2 {
		t.Fatalf("the group has %+v", of)
	}
	for id, rule := range of {
		switch ingress := id == *made.SecurityGroupRuleId; {
		case *rule.IsEgress == ingress, *rule.GroupId != *group, ingress && len(rule.Tags) != 1, !ingress && rule.Tags == nil:
			t.Errorf("%+v", rule)
		case !ingress && (*rule.CidrIpv4 != "0.0.0.0/0" || *rule.IpProtocol != "-1"):
			t.Errorf("the rule for what goes out is %+v", rule)
		}
	}
	if got := rules(awssdk.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{*made.SecurityGroupRuleId}}); len(got) != 1 {
		t.Errorf("by id: %+v", got)
	}
	if got := rules(awssdk.DescribeSecurityGroupRulesInput{Filters: []types.Filter{filterOf("tag:a", "b")}}); len(got) != 1 {
		t.Errorf("by tag: %+v", got)
	}
	_, err := mine.DescribeSecurityGroupRules(t.Context(), &awssdk.DescribeSecurityGroupRulesInput{SecurityGroupRuleIds: []string{"sgr-00000000000000000"}})
	wiretest.WantCode(t, err, "InvalidSecurityGroupRuleId.NotFound")
}
