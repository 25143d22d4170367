package marketplace_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"

	"amiship/sandbox/marketplace"
	"amiship/sandbox/wire/wiretest"
)

// sold lists what an account finds of a product in a region.
func (r *rig) sold(account, region, productCode string) []ec2types.Image {
	r.t.Helper()
	out, err := r.compute(account, region).DescribeImages(r.t.Context(), &ec2sdk.DescribeImagesInput{
		Owners:  []string{"aws-marketplace"},
		Filters: []ec2types.Filter{{Name: aws.String("product-code"), Values: []string{productCode}}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out.Images
}

func (r *rig) launch(account, region, image string) error {
	r.t.Helper()
	_, err := r.compute(account, region).RunInstances(r.t.Context(), &ec2sdk.RunInstancesInput{
		ImageId: &image, InstanceType: ec2types.InstanceTypeM5Large, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})
	return err
}

// TestLife: a version is added, sold and restricted.
func TestLife(t *testing.T) {
	r := newRig(t, marketplace.Settings{})
	before, doc := r.entity(thing)
	productCode := doc.Description.ProductCode
	good := r.image("us-east-1", "good")
	id := r.begin(change("AddDeliveryOptions", *before.EntityIdentifier, r.version("2.0", good)))
	for _, step := range []struct {
		after time.Duration
		want  types.ChangeStatus
	}{{0, "PREPARING"}, {time.Hour - time.Second, "PREPARING"}, {time.Second, "APPLYING"}, {2*time.Hour - time.Second, "APPLYING"}, {time.Second, "SUCCEEDED"}} {
		r.pass(step.after)
		if got := r.see(id); got.Status != step.want || (got.EndTime != nil) != (step.want == "SUCCEEDED") {
			t.Fatalf("it is %s, ended %v, want %s", got.Status, got.EndTime, step.want)
		}
		if n := len(r.sold(customer, "eu-west-1", productCode)); n > 0 != (step.want == "SUCCEEDED") {
			t.Fatalf("while it is %s the buyer finds %d images", step.want, n)
		}
	}
	after, doc := r.entity(thing)
	if *after.EntityIdentifier != thing+"@5" || *before.EntityIdentifier != thing+"@4" || *after.LastModifiedDate != "2026-11-22T15:00:00Z" {
		t.Errorf("the revisions are %s and %s of %s", *before.EntityIdentifier, *after.EntityIdentifier, *after.LastModifiedDate)
	}
	v := doc.Versions[len(doc.Versions)-1]
	o := v.DeliveryOptions[0]
	if v.VersionTitle != "2.0" || v.Sources[0].Image != good || v.Sources[0].Architecture != "x86_64" || v.Sources[0].OperatingSystem.ScanningPort != 22 ||
		v.Sources[0].OperatingSystem.Username != "ubuntu" || o.Visibility != "Public" || o.Recommendations.SecurityGroups[0].Protocol != "tcp" || o.Recommendations.SecurityGroups[0].CidrIps[0] != "0.0.0.0/0" {
		t.Errorf("the version is %+v", v)
	}
	for _, region := range []string{"us-east-1", "eu-west-1"} {
		r.checkSold(t, region, productCode)
	}
	if n := len(r.sold(customer, "eu-west-2", productCode)); n > 0 {
		t.Errorf("it is sold where the product is not: %d images", n)
	}

	image := *r.sold(customer, "us-east-1", productCode)[0].ImageId
	r.begin(change("RestrictDeliveryOptions", thing, object{"DeliveryOptionIds": []string{o.Id}}))
	r.pass(3 * time.Hour)
	_, doc = r.entity(thing)
	if got := doc.visibility("2.0"); got != "Restricted" {
		t.Errorf("after restricting, it is %s", got)
	}
	if err := r.launch(customer, "us-east-1", image); err != nil {
		t.Errorf("who has bought a restricted version cannot launch it: %v", err)
	}
	out, err := r.compute(customer, "us-east-1").DescribeImages(t.Context(), &ec2sdk.DescribeImagesInput{ImageIds: []string{image}})
	if err != nil || out.Images[0].DeprecationTime == nil {
		t.Errorf("the image of a restricted version is not deprecated: %v", err)
	}
}

// checkSold: the buyer finds Marketplace's image and launches it, others do not.
func (r *rig) checkSold(t *testing.T, region, productCode string) {
	t.Helper()
	found := r.sold(customer, region, productCode)
	if len(found) != 1 {
		t.Fatalf("%s: the buyer finds %d images", region, len(found))
	}
	im := found[0]
	if *im.OwnerId != "679593333241" || *im.ImageOwnerAlias != "aws-marketplace" || *im.Name != "Thing 2.0-"+thing || *im.Public ||
		*im.ProductCodes[0].ProductCodeId != productCode || *im.ImageId == r.image("us-east-1", "good") {
		t.Errorf("%s: the buyer finds %+v", region, im)
	}
	if err := r.launch(customer, region, *im.ImageId); err != nil {
		t.Errorf("%s: the buyer cannot launch it: %v", region, err)
	}
	if n := len(r.sold(stranger, region, productCode)); n > 0 {
		t.Errorf("%s: a stranger finds %d images", region, n)
	}
	wiretest.WantCode(t, r.launch(stranger, region, *im.ImageId), "OptInRequired")
	wiretest.WantCode(t, r.launch(stranger, region, "ami-0123456789abcdef0"), "InvalidAMIID.NotFound")
	wiretest.WantCode(t, r.launch(stranger, "us-east-1", r.image("us-east-1", "internal")), "InvalidAMIID.NotFound")
	snapshots, err := r.compute(customer, region).DescribeSnapshots(t.Context(), &ec2sdk.DescribeSnapshotsInput{OwnerIds: []string{"679593333241"}})
	if err != nil || len(snapshots.Snapshots) > 0 {
		t.Errorf("%s: the buyer sees the snapshots: %v (%v)", region, snapshots, err)
	}
	instances, err := r.compute(customer, region).DescribeInstances(t.Context(), &ec2sdk.DescribeInstancesInput{})
	if err != nil || *instances.Reservations[0].Instances[0].ProductCodes[0].ProductCodeId != productCode {
		t.Errorf("%s: the instance lacks the product code: %v", region, err)
	}
}

// TestSeveralChanges: one change set adds a version, restricts another and says
// so, and makes one revision.
func TestSeveralChanges(t *testing.T) {
	r := newRig(t, marketplace.Settings{})
	_, doc := r.entity(thing)
	old := doc.option(t, "1.1")
	r.begin(
		change("RestrictDeliveryOptions", thing, object{"DeliveryOptionIds": []string{old, doc.option(t, "1.2")}}),
		change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "good"))),
		change("UpdateInformation", thing, object{"ShortDescription": "Better.", "ProductTitle": "Better Thing"}),
	)
	r.pass(3 * time.Hour)
	out, doc := r.entity(thing)
	if *out.EntityIdentifier != thing+"@5" || doc.visibility("1.1") != "Restricted" || doc.visibility("2.0") != "Public" ||
		doc.Description.ShortDescription != "Better." || doc.Description.ProductTitle != "Better Thing" {
		t.Errorf("the product is %s: %+v", *out.EntityIdentifier, doc)
	}
}

// TestUpdate changes what buyers read of a version, and not its image.
func TestUpdate(t *testing.T) {
	r := newRig(t, marketplace.Settings{})
	_, doc := r.entity(thing)
	r.begin(change("UpdateDeliveryOptions", thing, object{
		"Version": object{"ReleaseNotes": "Clearer."},
		"DeliveryOptions": []object{{"Id": doc.option(t, "1.1"), "Details": object{"AmiDeliveryOptionDetails": object{
			"UsageInstructions": "Look.", "RecommendedInstanceType": "c5.large",
		}}}},
	}))
	r.pass(3 * time.Hour)
	_, after := r.entity(thing)
	v := after.Versions[1]
	if v.ReleaseNotes != "Clearer." || v.DeliveryOptions[0].Instructions.Usage != "Look." || v.DeliveryOptions[0].Recommendations.InstanceType != "c5.large" {
		t.Errorf("the version is %+v", v)
	}
	if !slices.Equal(v.Sources, doc.Versions[1].Sources) || len(v.DeliveryOptions[0].Recommendations.SecurityGroups) != 1 {
		t.Errorf("more than was asked for has changed: %+v", v)
	}
}

// TestRestart: a change set goes on where it was when the sandbox was killed,
// whatever it was about to do.
func TestRestart(t *testing.T) {
	r := newRig(t, marketplace.Settings{})
	id := r.begin(change("AddDeliveryOptions", thing, r.version("2.0", r.image("us-east-1", "good"))))
	sloppy := r.begin(change("AddDeliveryOptions", fresh, r.version("2.0", r.image("us-east-1", "sloppy"))))
	r.restart()
	if got := r.see(id).Status; got != "PREPARING" {
		t.Fatalf("after a restart it is %s", got)
	}
	r.pass(time.Hour)
	r.restart()
	if got := r.see(id).Status; got != "APPLYING" {
		t.Fatalf("prepared while the sandbox was down, it is %s", got)
	}
	if got := codes(r.see(sloppy)); !slices.Equal(got, []string{"SCAN_ERROR"}) {
		t.Errorf("the scan of the other found %v", got)
	}
	r.pass(26 * time.Hour)
	r.restart()
	if got := r.see(id); got.Status != "SUCCEEDED" || *got.EndTime != "2026-11-22T15:00:00Z" {
		t.Fatalf("applied while the sandbox was down, it is %s since %v", got.Status, got.EndTime)
	}
	if _, doc := r.entity(thing); len(doc.Versions) != 4 {
		t.Errorf("there are %d versions", len(doc.Versions))
	}
	r.restart()
	if out, _ := r.entity(thing); *out.EntityIdentifier != thing+"@5" {
		t.Errorf("it was applied twice: %s", *out.EntityIdentifier)
	}
}
