package ec2_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/quotas"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

func TestImageNames(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "taken"})
	snap := *r.image(t, vendor, home, id).BlockDeviceMappings[0].Ebs.SnapshotId
	mine := r.client(vendor, home)
	register := func(name string) error {
		_, err := mine.RegisterImage(t.Context(), &awssdk.RegisterImageInput{
			Name: &name, Architecture: "x86_64", RootDeviceName: aws.String("/dev/sda1"), VirtualizationType: aws.String("hvm"),
			BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sda1"), Ebs: &types.EbsBlockDevice{SnapshotId: &snap}}},
		})
		return err
	}
	for name, want := range map[string]string{
		"ab": "InvalidAMIName.Malformed", "app 2.42.0+ds-5": "InvalidAMIName.Malformed", strings.Repeat("a", 129): "InvalidAMIName.Malformed",
		"taken": "InvalidAMIName.Duplicate", "app (1.0) [x] ./-'@_": "", strings.Repeat("a", 128): "",
	} {
		wiretest.WantCode(t, register(name), want)
	}
	must(mine.CopyImage(t.Context(), &awssdk.CopyImageInput{Name: aws.String("taken"), SourceImageId: &id, SourceRegion: aws.String(home)}))(t)
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "customer", Region: home, Images: []ec2.WorldImage{{Name: "stranger", Public: true}}}})
	})
	wiretest.WantCode(t, register("stranger"), "")
}

func TestDeprecation(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	mine := r.client(vendor, home)
	now := r.wall.Now()
	set := func(at time.Time) error {
		_, err := mine.EnableImageDeprecation(t.Context(), &awssdk.EnableImageDeprecationInput{ImageId: &id, DeprecateAt: &at})
		return err
	}
	wiretest.WantCode(t, set(now.Add(-time.Hour)), "InvalidParameterValue")
	wiretest.WantCode(t, set(now.AddDate(11, 0, 0)), "InvalidParameterValue")
	wiretest.WantCode(t, set(now.Add(time.Hour+20*time.Second)), "")
	if got := *r.image(t, vendor, home, id).DeprecationTime; got != "2026-11-22T13:00:00.000Z" {
		t.Errorf("deprecated at %s", got)
	}
	must(mine.DisableImageDeprecation(t.Context(), &awssdk.DisableImageDeprecationInput{ImageId: &id}))(t)
	if got := r.image(t, vendor, home, id).DeprecationTime; got != nil {
		t.Errorf("deprecated at %s after it was taken back", *got)
	}
	r.share(t, id, types.LaunchPermission{Group: "all"})
	wiretest.WantCode(t, set(now.AddDate(3, 0, 0)), "InvalidParameterValue")
	must(mine.DisableImageDeprecation(t.Context(), &awssdk.DisableImageDeprecationInput{ImageId: &id}))(t)
	if got := aws.ToString(r.image(t, vendor, home, id).DeprecationTime); !strings.HasPrefix(got, "2028-11-2") {
		t.Errorf("a public image is deprecated at %q, want two years on", got)
	}
}

func TestDisableTakesPermissionsAway(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app", Public: true, SharedWith: []string{"customer"}})
	other := r.ownImage(t, ec2.WorldImage{Name: "next"})
	mine := r.client(vendor, home)
	r.update(func(tx *cloud.Tx) error { return quotas.Set(tx, vendor, home, "ec2", quotas.PublicAMIs, 1) })
	must(mine.DisableImage(t.Context(), &awssdk.DisableImageInput{ImageId: &id}))(t)
	r.share(t, other, types.LaunchPermission{Group: "all"}) // the quota is free again
	_, err := mine.RunInstances(t.Context(), &awssdk.RunInstancesInput{ImageId: &id, InstanceType: "t3.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
	wiretest.WantCode(t, err, "InvalidAMIID.Unavailable")
	must(mine.EnableImage(t.Context(), &awssdk.EnableImageInput{ImageId: &id}))(t)
	if im := r.image(t, vendor, home, id); *im.Public || im.State != "available" {
		t.Errorf("enabled again: %s, public %v", im.State, *im.Public)
	}
	_, err = r.client(customer, home).DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{id}})
	wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
}

// TestSnapshotsThatAreNotDeleted: the image is deregistered all the same, and the
// answer says why its snapshot is left.
func TestSnapshotsThatAreNotDeleted(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	mine := r.client(vendor, home)
	drop := func(name string) string {
		id := r.ownImage(t, ec2.WorldImage{Name: name})
		out := must(mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &id, DeleteAssociatedSnapshots: aws.Bool(true)}))(t)
		_, err := mine.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{ImageIds: []string{id}})
		wiretest.WantCode(t, err, "InvalidAMIID.NotFound")
		return string(out.DeleteSnapshotResults[0].ReturnCode)
	}
	r.server.SetFaults([]wire.Fault{{Action: "DeleteSnapshot", Times: 1}})
	if got := drop("first"); got != "internal-error" {
		t.Errorf("with a fault: %s", got)
	}
	if got := drop("second"); got != "success" {
		t.Errorf("when it is over: %s", got)
	}
	r.deny(vendor, "ec2:DeleteSnapshot")
	if got := drop("third"); got != "missing-permissions" {
		t.Errorf("without the permission: %s", got)
	}
}

func TestDeregister(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app", Tags: map[string]string{"a": "b"}})
	snap := *r.image(t, vendor, home, id).BlockDeviceMappings[0].Ebs.SnapshotId
	mine := r.client(vendor, home)
	twin := must(mine.RegisterImage(t.Context(), &awssdk.RegisterImageInput{
		Name: aws.String("twin"), Architecture: "x86_64", RootDeviceName: aws.String("/dev/sda1"), VirtualizationType: aws.String("hvm"),
		BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sda1"), Ebs: &types.EbsBlockDevice{SnapshotId: &snap}}},
	}))(t)
	_, err := mine.DeleteSnapshot(t.Context(), &awssdk.DeleteSnapshotInput{SnapshotId: &snap})
	wiretest.WantCode(t, err, "InvalidSnapshot.InUse")
	for _, step := range []struct{ image, want string }{{id, "skipped"}, {*twin.ImageId, "success"}} {
		out := must(mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &step.image, DeleteAssociatedSnapshots: aws.Bool(true)}))(t)
		if len(out.DeleteSnapshotResults) != 1 || string(out.DeleteSnapshotResults[0].ReturnCode) != step.want {
			t.Errorf("%s: %+v, want %s", step.image, out.DeleteSnapshotResults, step.want)
		}
	}
	_, err = mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &id})
	wiretest.WantCode(t, err, "InvalidAMIID.Unavailable")
	_, err = mine.DeleteSnapshot(t.Context(), &awssdk.DeleteSnapshotInput{SnapshotId: &snap})
	wiretest.WantCode(t, err, "InvalidSnapshot.NotFound")
	left := must(mine.DescribeTags(t.Context(), &awssdk.DescribeTagsInput{}))(t)
	if len(left.Tags) != 0 {
		t.Errorf("tags are left: %+v", left.Tags)
	}
}

func TestDeregistrationProtection(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	mine := r.client(vendor, home)
	drop := func() error {
		_, err := mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &id})
		return err
	}
	must(mine.EnableImageDeregistrationProtection(t.Context(), &awssdk.EnableImageDeregistrationProtectionInput{ImageId: &id, WithCooldown: aws.Bool(true)}))(t)
	wiretest.WantCode(t, drop(), "OperationNotPermitted")
	must(mine.DisableImageDeregistrationProtection(t.Context(), &awssdk.DisableImageDeregistrationProtectionInput{ImageId: &id}))(t)
	wiretest.WantCode(t, drop(), "OperationNotPermitted")
	r.wall.Pass(24 * time.Hour)
	wiretest.WantCode(t, drop(), "")
}

func TestRecycleBinGivesBack(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app", Public: true})
	r.update(func(tx *cloud.Tx) error {
		return ec2.Load(tx, ec2.World{{Account: "vendor", Region: home, RecycleBin: ec2.Age(time.Hour)}})
	})
	mine := r.client(vendor, home)
	must(mine.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: &id}))(t)
	must(mine.RestoreImageFromRecycleBin(t.Context(), &awssdk.RestoreImageFromRecycleBinInput{ImageId: &id}))(t)
	if im := r.image(t, vendor, home, id); !*im.Public {
		t.Error("restored, but no longer public")
	}
}

func TestDescriptionCanBeCleared(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app", Description: "text"})
	must(r.client(vendor, home).ModifyImageAttribute(t.Context(), &awssdk.ModifyImageAttributeInput{ImageId: &id, Description: &types.AttributeValue{Value: aws.String("")}}))(t)
	if got := aws.ToString(r.image(t, vendor, home, id).Description); got != "" {
		t.Errorf("description %q", got)
	}
}
