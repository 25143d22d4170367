package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/ec2"
)

// TestWhatHasNoTags: clients that read Tags of what has none find no such member, as on AWS;
// an empty one hides the mistake. Where AWS sends an empty list, so does the sandbox.
func TestWhatHasNoTags(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	in := r.run(t, awssdk.RunInstancesInput{})
	id := r.ownImage(t, ec2.WorldImage{Name: "bare"})
	im := r.image(t, vendor, home, id)
	snapshot := im.BlockDeviceMappings[0].Ebs.SnapshotId
	key := must(mine.CreateKeyPair(t.Context(), &awssdk.CreateKeyPairInput{KeyName: aws.String("bare"), KeyType: "ed25519"}))(t)
	made := must(mine.CreateSecurityGroup(t.Context(), &awssdk.CreateSecurityGroupInput{GroupName: aws.String("bare"), Description: aws.String("bare")}))(t)
	copied := must(mine.CopySnapshot(t.Context(), &awssdk.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: snapshot}))(t)
	volumes := must(mine.DescribeVolumes(t.Context(), &awssdk.DescribeVolumesInput{}))(t).Volumes
	taken := must(mine.CreateSnapshot(t.Context(), &awssdk.CreateSnapshotInput{VolumeId: volumes[0].VolumeId}))(t)
	for name, tags := range map[string][]types.Tag{
		"image":            im.Tags,
		"snapshot":         must(mine.DescribeSnapshots(t.Context(), &awssdk.DescribeSnapshotsInput{SnapshotIds: []string{*snapshot}}))(t).Snapshots[0].Tags,
		"instance":         r.instance(t, *in.InstanceId).Tags,
		"volume":           volumes[0].Tags,
		"group":            must(mine.DescribeSecurityGroups(t.Context(), &awssdk.DescribeSecurityGroupsInput{GroupIds: []string{*made.GroupId}}))(t).SecurityGroups[0].Tags,
		"VPC":              must(mine.DescribeVpcs(t.Context(), &awssdk.DescribeVpcsInput{}))(t).Vpcs[0].Tags,
		"subnet":           must(mine.DescribeSubnets(t.Context(), &awssdk.DescribeSubnetsInput{}))(t).Subnets[0].Tags,
		"a group's answer": made.Tags,
		"a copy's answer":  copied.Tags,
		"a key's answer":   key.Tags,
	} {
		if tags != nil {
			t.Errorf("%s: Tags is there, with %v", name, tags)
		}
	}
	for name, tags := range map[string][]types.Tag{
		"key pair":            must(mine.DescribeKeyPairs(t.Context(), &awssdk.DescribeKeyPairsInput{KeyNames: []string{*key.KeyName}}))(t).KeyPairs[0].Tags,
		"a snapshot's answer": taken.Tags,
	} {
		if tags == nil {
			t.Errorf("%s: Tags is not there", name)
		}
	}
	if im.ProductCodes != nil {
		t.Error("an image that is no product's has ProductCodes")
	}
	if r.instance(t, *in.InstanceId).ProductCodes == nil {
		t.Error("an instance has no ProductCodes, not even none")
	}
}
