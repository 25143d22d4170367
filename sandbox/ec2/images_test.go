package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

// ownImage loads an image of the vendor's into home and returns its id.
func (r *rig) ownImage(t *testing.T, im ec2.WorldImage) string {
	t.Helper()
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: home, Images: []ec2.WorldImage{im}}})
	})
	out := must(r.client(vendor, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{
		Owners: []string{"self"}, IncludeDisabled: aws.Bool(true),
		Filters: []types.Filter{{Name: aws.String("name"), Values: []string{im.Name}}},
	}))(t)
	if len(out.Images) != 1 {
		t.Fatalf("%d images named %s", len(out.Images), im.Name)
	}
	return *out.Images[0].ImageId
}

func TestCopyImageIsPendingAndCarriesNoPermissions(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app 1.0", Public: true, SharedWith: []string{"customer"}, Tags: map[string]string{"a": "1"}})
	there := r.client(vendor, away)
	in := &awssdk.CopyImageInput{
		Name: aws.String("app 1.0"), SourceImageId: &id, SourceRegion: aws.String(home), ClientToken: aws.String("token"), CopyImageTags: aws.Bool(true),
		TagSpecifications: []types.TagSpecification{
			{ResourceType: "image", Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}},
			{ResourceType: "snapshot", Tags: []types.Tag{{Key: aws.String("c"), Value: aws.String("3")}}},
		},
	}
	copied := must(there.CopyImage(t.Context(), in))(t)
	again := must(there.CopyImage(t.Context(), in))(t)
	if *again.ImageId != *copied.ImageId {
		t.Fatalf("the same token made %s and %s", *copied.ImageId, *again.ImageId)
	}
	im := r.image(t, vendor, away, *copied.ImageId)
	if im.State != "pending" || im.BlockDeviceMappings[0].Ebs.SnapshotId != nil {
		t.Fatalf("a fresh copy is %s with snapshot %v", im.State, im.BlockDeviceMappings[0].Ebs.SnapshotId)
	}
	_, err := there.ModifyImageAttribute(t.Context(), &awssdk.ModifyImageAttributeInput{ImageId: copied.ImageId, LaunchPermission: publish()})
	wiretest.WantCode(t, err, "InvalidAMIID.Unavailable")
	r.wall.Pass(9 * time.Minute)
	im = r.image(t, vendor, away, *copied.ImageId)
	if im.State != "available" || *im.Public || len(im.Tags) != 2 || *im.SourceImageId != id || *im.SourceImageRegion != home {
		t.Fatalf("after the copy: %+v", im)
	}
	if snap := im.BlockDeviceMappings[0].Ebs.SnapshotId; snap == nil {
		t.Fatal("an available image has no snapshot")
	}
	_, err = r.client(customer, away).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{*copied.ImageId}})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
}

func publish() *types.LaunchPermissionModifications {
	return &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{Group: "all"}}}
}

func (r *rig) image(t *testing.T, account, region, id string) types.Image {
	t.Helper()
	out := must(r.client(account, region).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{id}}))(t)
	return out.Images[0]
}
