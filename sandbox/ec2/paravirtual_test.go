package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

// TestParavirtual: images of the old kind are found as such, and run on no type
// that the sandbox has.
func TestParavirtual(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.settle(ec2.World{{Account: "vendor", Region: home, Images: []ec2.WorldImage{{Name: "old kind", Paravirtual: true}, {Name: "new kind", NoENA: true}}}})
	c := r.client(vendor, home)
	for kind, want := range map[string]string{"paravirtual": "old kind", "hvm": "new kind"} {
		out, err := c.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filterOf("virtualization-type", kind)}})
		if err != nil || len(out.Images) != 1 || *out.Images[0].Name != want || string(out.Images[0].VirtualizationType) != kind || *out.Images[0].EnaSupport != (kind == "paravirtual") {
			t.Fatalf("of kind %s are %+v (%v)", kind, out, err)
		}
		_, err = c.RunInstances(t.Context(), &awssdk.RunInstancesInput{ImageId: out.Images[0].ImageId, InstanceType: types.InstanceTypeM4Large, MinCount: aws.Int32(1), MaxCount: aws.Int32(1)})
		if kind == "paravirtual" {
			wiretest.WantCode(t, err, "InvalidParameterCombination")
		} else {
			wiretest.WantCode(t, err, "")
		}
	}
}
