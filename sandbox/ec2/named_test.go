package ec2_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

// TestUnknownIDs: an error names every id that is unknown, in the order of the request, so that a
// client can go on without them all.
func TestUnknownIDs(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine, ctx := r.client(vendor, home), t.Context()
	known := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	for kind, tc := range map[string]struct {
		code string
		call func(ids []string) error
	}{
		"ami": {"InvalidAMIID.NotFound", func(ids []string) error {
			return second(mine.DescribeImages(ctx, &awssdk.DescribeImagesInput{ImageIds: ids}))
		}},
		"snap": {"InvalidSnapshot.NotFound", func(ids []string) error {
			return second(mine.DescribeSnapshots(ctx, &awssdk.DescribeSnapshotsInput{SnapshotIds: ids}))
		}},
		"i": {"InvalidInstanceID.NotFound", func(ids []string) error {
			return second(mine.TerminateInstances(ctx, &awssdk.TerminateInstancesInput{InstanceIds: append(ids, known)}))
		}},
		"vol": {"InvalidVolume.NotFound", func(ids []string) error {
			return second(mine.DescribeVolumes(ctx, &awssdk.DescribeVolumesInput{VolumeIds: ids}))
		}},
		"sg": {"InvalidGroup.NotFound", func(ids []string) error {
			return second(mine.DescribeSecurityGroups(ctx, &awssdk.DescribeSecurityGroupsInput{GroupIds: ids}))
		}},
		"key": {"InvalidKeyPair.NotFound", func(ids []string) error {
			return second(mine.DescribeKeyPairs(ctx, &awssdk.DescribeKeyPairsInput{KeyPairIds: ids}))
		}},
		"vpc": {"InvalidVpcID.NotFound", func(ids []string) error {
			return second(mine.DescribeVpcs(ctx, &awssdk.DescribeVpcsInput{VpcIds: ids}))
		}},
		"subnet": {"InvalidSubnetID.NotFound", func(ids []string) error {
			return second(mine.DescribeSubnets(ctx, &awssdk.DescribeSubnetsInput{SubnetIds: ids}))
		}},
		"eni": {"InvalidNetworkInterfaceID.NotFound", func(ids []string) error {
			return second(mine.CreateTags(ctx, &awssdk.CreateTagsInput{Resources: ids, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}}))
		}},
	} {
		t.Run(kind, func(t *testing.T) {
			ids := []string{kind + "-00000000000000002", kind + "-00000000000000001"}
			err := tc.call(ids)
			wiretest.WantCode(t, err, tc.code)
			if !strings.Contains(err.Error(), ids[0]+", "+ids[1]) || strings.Contains(err.Error(), known) {
				t.Errorf("it says %v", err)
			}
		})
	}
	if in := r.instance(t, known); in.State.Name == "shutting-down" {
		t.Error("an instance was terminated by a call that failed")
	}
}

func second(_ any, err error) error { return err }

// TestOwners: what can't be an account is refused; an account that nobody knows has nothing.
func TestOwners(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	for owner, want := range map[string]string{
		"self": "", "amazon": "", "aws-marketplace": "", "aws-backup-vault": "", "999999999999": "",
		"vendor": "InvalidUserID.Malformed", "12345": "InvalidUserID.Malformed", "all": "InvalidUserID.Malformed",
	} {
		_, err := mine.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{owner}})
		wiretest.WantCode(t, err, want)
		_, err = mine.DescribeSnapshots(t.Context(), &awssdk.DescribeSnapshotsInput{OwnerIds: []string{owner}})
		wiretest.WantCode(t, err, want)
	}
	_, err := mine.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ExecutableUsers: []string{"nobody"}})
	wiretest.WantCode(t, err, "InvalidUserID.Malformed")
	_, err = mine.DescribeSnapshots(t.Context(), &awssdk.DescribeSnapshotsInput{RestorableByUserIds: []string{"nobody"}})
	wiretest.WantCode(t, err, "InvalidUserID.Malformed")
}

// TestPowerOfNothing: a call that names no instance is refused.
func TestPowerOfNothing(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine, ctx := r.client(vendor, home), t.Context()
	for name, err := range map[string]error{
		"terminate": second(mine.TerminateInstances(ctx, &awssdk.TerminateInstancesInput{InstanceIds: []string{}})),
		"stop":      second(mine.StopInstances(ctx, &awssdk.StopInstancesInput{InstanceIds: []string{}})),
		"start":     second(mine.StartInstances(ctx, &awssdk.StartInstancesInput{InstanceIds: []string{}})),
		"reboot":    second(mine.RebootInstances(ctx, &awssdk.RebootInstancesInput{InstanceIds: []string{}})),
	} {
		t.Run(name, func(t *testing.T) { wiretest.WantCode(t, err, "InvalidParameterCombination") })
	}
}

// TestSecondDeregistration: it is refused otherwise than that of an image that never was. To
// every other call, and to every other account, the image does not exist.
func TestSecondDeregistration(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: away, RecycleBin: ec2.Age(72 * time.Hour), Images: []ec2.WorldImage{{Name: "binned", Public: true}}}})
	})
	mine := r.client(vendor, home)
	gone := r.ownImage(t, ec2.WorldImage{Name: "gone", Public: true})
	binned := must(r.client(vendor, away).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{"self"}}))(t).Images[0].ImageId
	for region, id := range map[string]string{home: gone, away: *binned} {
		in := &awssdk.DeregisterImageInput{ImageId: &id}
		must(r.client(vendor, region).DeregisterImage(t.Context(), in))(t)
		_, err := r.client(vendor, region).DeregisterImage(t.Context(), in)
		wiretest.WantCode(t, err, "InvalidAMIID.Unavailable")
		_, err = r.client(customer, region).DeregisterImage(t.Context(), in)
		wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
	}
	_, err := mine.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{gone}})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
	_, err = mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: aws.String("ami-00000000000000000")})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
}

// TestRulesOfAGroup: ranges are kept as EC2 writes them, so that the same one is a duplicate
// in every spelling; a group has at most 60 rules of each kind of address.
func TestRulesOfAGroup(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	id := must(mine.CreateSecurityGroup(t.Context(), &awssdk.CreateSecurityGroupInput{GroupName: aws.String("g"), Description: aws.String("g")}))(t).GroupId
	open := func(p types.IpPermission) error {
		p.IpProtocol, p.FromPort, p.ToPort = aws.String("tcp"), aws.Int32(22), aws.Int32(22)
		return second(mine.AuthorizeSecurityGroupIngress(t.Context(), &awssdk.AuthorizeSecurityGroupIngressInput{GroupId: id, IpPermissions: []types.IpPermission{p}}))
	}
	four := func(cidr string) error { return open(types.IpPermission{IpRanges: []types.IpRange{{CidrIp: &cidr}}}) }
	six := func(cidr string) error {
		return open(types.IpPermission{Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: &cidr}}})
	}
	for _, tc := range []struct {
		err  error
		want string
	}{
		{four("100.68.0.18/18"), ""},
		{four("100.68.0.0/18"), "InvalidPermission.Duplicate"},
		{four("1.2.3.4"), "InvalidParameterValue"},
		{four("::/0"), "InvalidParameterValue"},
		{six("2001:DB8:0::1/64"), ""},
		{six("2001:db8::/64"), "InvalidPermission.Duplicate"},
		{six("0.0.0.0/0"), "InvalidParameterValue"},
		{six("anything"), "InvalidParameterValue"},
	} {
		wiretest.WantCode(t, tc.err, tc.want)
	}
	got := must(mine.DescribeSecurityGroups(t.Context(), &awssdk.DescribeSecurityGroupsInput{GroupIds: []string{*id}}))(t).SecurityGroups[0].IpPermissions[0]
	if *got.IpRanges[0].CidrIp != "100.68.0.0/18" || *got.Ipv6Ranges[0].CidrIpv6 != "2001:db8::/64" {
		t.Errorf("the ranges are %s and %s", *got.IpRanges[0].CidrIp, *got.Ipv6Ranges[0].CidrIpv6)
	}
	for n := 1; n < 60; n++ {
		wiretest.WantCode(t, four(fmt.Sprintf("10.0.0.%d/32", n)), "")
	}
	wiretest.WantCode(t, four("10.0.0.60/32"), "RulesPerSecurityGroupLimitExceeded")
	wiretest.WantCode(t, six("::1/128"), "")
	wiretest.WantCode(t, open(types.IpPermission{UserIdGroupPairs: []types.UserIdGroupPair{{GroupId: id}}}), "RulesPerSecurityGroupLimitExceeded")
}
