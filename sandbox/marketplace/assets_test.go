package marketplace_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/marketplace"
)

// TestNewProductTakesItsFirstArchitecture: one product, one architecture.
func TestNewProductTakesItsFirstArchitecture(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	arm := func(_, _, o object) { o["RecommendedInstanceType"] = "m6g.large" }
	r.ends(t, r.begin(change("AddDeliveryOptions", fresh, r.version("1", r.image("us-east-1", "arm"), arm))), "")
	r.ends(t, r.begin(change("AddDeliveryOptions", fresh, r.version("2", r.image("us-east-1", "good")))), "INVALID_AMI_ARCHITECTURE")
}

// TestArchitectureOf32Bits: an image that EC2 takes and Marketplace does not.
func TestArchitectureOf32Bits(t *testing.T) {
	t.Parallel()
	r := newRig(t, marketplace.Settings{})
	compute := r.compute(vendor, "us-east-1")
	good, err := compute.DescribeImages(t.Context(), &ec2sdk.DescribeImagesInput{ImageIds: []string{r.image("us-east-1", "good")}})
	if err != nil {
		t.Fatal(err)
	}
	out, err := compute.RegisterImage(t.Context(), &ec2sdk.RegisterImageInput{
		Name: aws.String("small"), Architecture: ec2types.ArchitectureValuesI386, RootDeviceName: good.Images[0].RootDeviceName,
		VirtualizationType: aws.String("hvm"), EnaSupport: aws.Bool(true), BlockDeviceMappings: []ec2types.BlockDeviceMapping{{
			DeviceName: good.Images[0].RootDeviceName, Ebs: &ec2types.EbsBlockDevice{SnapshotId: good.Images[0].BlockDeviceMappings[0].Ebs.SnapshotId},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.ends(t, r.begin(change("AddDeliveryOptions", fresh, r.version("1", *out.ImageId))), "INVALID_AMI_ARCHITECTURE")
}

// TestImageGoesMeanwhile: an image that is deregistered while its change set is
// pending is not there.
func TestImageGoesMeanwhile(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{"preparing": 0, "applying": time.Hour} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, marketplace.Settings{})
			image := r.image("us-east-1", "good")
			id := r.begin(change("AddDeliveryOptions", thing, r.version("2.0", image)))
			r.pass(after)
			if _, err := r.compute(vendor, "us-east-1").DeregisterImage(t.Context(), &ec2sdk.DeregisterImageInput{ImageId: &image}); err != nil {
				t.Fatal(err)
			}
			r.ends(t, id, "ASSET_NOT_FOUND")
		})
	}
}

// TestIngestion: under "role" nothing but the role gets Marketplace at an
// image; sharing it needs its snapshots too.
func TestIngestion(t *testing.T) {
	t.Parallel()
	nobody := inSource("AccessRoleArn", "arn:aws:iam::"+vendor+":role/nobody")
	r := newRig(t, marketplace.Settings{Ingestion: marketplace.RoleOnly})
	r.ends(t, r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "given"), nobody))), "ASSET_ACCESS_EXCEPTION")
	r.ends(t, r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "given")))), "")

	r = newRig(t, marketplace.Settings{})
	err := r.store.Update(func(tx *cloud.Tx) error {
		for id, s := range ec2.Snapshots.All(tx, "us-east-1") {
			s.Users = nil
			ec2.Snapshots.Put(tx, "us-east-1", id, s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.ends(t, r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "given"), nobody))), "ASSET_ACCESS_EXCEPTION")
}
