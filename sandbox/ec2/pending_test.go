package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/sandbox/ec2"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

// TestDeregisterPending: what AWS does with a pending image is a setting: whether it is
// deregistered at all, and whether its snapshot's place among the copies is free then.
func TestDeregisterPending(t *testing.T) {
	for how, c := range map[ec2.DeregisterPending]struct{ deregister, copy string }{
		ec2.PendingFreed:   {"", ""},
		ec2.PendingKept:    {"", "ResourceLimitExceeded"},
		ec2.PendingRefused: {"InvalidAMIID.Unavailable", "ResourceLimitExceeded"},
	} {
		t.Run(string(how), func(t *testing.T) {
			r := newRig(t, ec2.Settings{CopyImage: time.Minute, SnapshotCopies: 1, CopyImageLimit: ec2.CopyRefused, DeregisterPending: how})
			id := r.ownImage(t, ec2.WorldImage{Name: "app"})
			there := r.client(vendor, away)
			r.server.SetFaults([]wire.Fault{{Region: away, Ends: wire.EndsStuck, Times: 1}})
			in := func(token string) *awssdk.CopyImageInput {
				return &awssdk.CopyImageInput{Name: aws.String("app"), SourceImageId: &id, SourceRegion: aws.String(home), ClientToken: &token}
			}
			stuck := must(there.CopyImage(t.Context(), in("first")))(t).ImageId
			_, err := there.DeregisterImage(t.Context(), &awssdk.DeregisterImageInput{ImageId: stuck, DeleteAssociatedSnapshots: aws.Bool(true)})
			wiretest.WantCode(t, err, c.deregister)
			_, err = there.CopyImage(t.Context(), in("second"))
			wiretest.WantCode(t, err, c.copy)
		})
	}
}
