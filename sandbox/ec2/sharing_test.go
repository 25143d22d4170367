package ec2_test

import (
	"fmt"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/sandbox/ec2"
	"amiship/sandbox/wire/wiretest"
)

// TestMostChanges: one request changes 500 permissions, of a snapshot either way.
func TestMostChanges(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	id := r.ownImage(t, ec2.WorldImage{Name: "app"})
	snapshot := *r.image(t, vendor, home, id).BlockDeviceMappings[0].Ebs.SnapshotId
	var many []string
	for n := range 501 {
		many = append(many, fmt.Sprintf("%012d", n))
	}
	for n, code := range map[int]string{500: "", 501: "InvalidParameterValue"} {
		_, err := r.client(vendor, home).ModifyImageAttribute(t.Context(), &awssdk.ModifyImageAttributeInput{ImageId: &id, OperationType: "add", UserIds: many[:n]})
		wiretest.WantCode(t, err, code)
		_, err = r.client(vendor, home).ModifySnapshotAttribute(t.Context(), &awssdk.ModifySnapshotAttributeInput{SnapshotId: &snapshot, OperationType: "add", UserIds: many[:n]})
		wiretest.WantCode(t, err, code)
	}
}
