package ec2_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/ec2"
	"amiship/sandbox/wire"
)

// TestImagesThatEndBadly: what a fault says of the images that calls make.
func TestImagesThatEndBadly(t *testing.T) {
	for name, c := range map[string]struct {
		fault wire.Fault
		soon  string // state at once, and after a copy's time
		later string
	}{
		"as usual":         {wire.Fault{Action: "Other*", Ends: wire.EndsFailed}, "pending", "available"},
		"failed":           {wire.Fault{Ends: wire.EndsFailed}, "pending", "failed"},
		"pending for ever": {wire.Fault{Ends: wire.EndsStuck}, "pending", "pending"},
		"gone when done":   {wire.Fault{Ends: wire.EndsVanished}, "pending", ""},
		"gone a day later": {wire.Fault{Ends: wire.EndsVanished, Lasts: 24 * time.Hour}, "pending", "available"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, ec2.Settings{CopyImage: 10 * time.Minute})
			id := r.ownImage(t, ec2.WorldImage{Name: "app"})
			there := r.client(vendor, away)
			c.fault.Region = away
			spec := []types.TagSpecification{{ResourceType: "image", Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}}
			r.server.SetFaults([]wire.Fault{c.fault})
			must(there.CopyImage(t.Context(), &awssdk.CopyImageInput{Name: aws.String("app"), SourceImageId: &id, SourceRegion: aws.String(home), TagSpecifications: spec}))(t)
			r.server.SetFaults(nil)
			for _, want := range []string{c.soon, c.later} {
				got := ""
				for _, im := range must(there.DescribeImages(t.Context(), &awssdk.DescribeImagesInput{Owners: []string{"self"}}))(t).Images {
					got = string(im.State)
				}
				snaps := must(there.DescribeSnapshots(t.Context(), &awssdk.DescribeSnapshotsInput{OwnerIds: []string{"self"}}))(t).Snapshots
				tags := must(there.DescribeTags(t.Context(), &awssdk.DescribeTagsInput{}))(t).Tags
				if got != want || (len(snaps) == 1) != (want != "") || (len(tags) == 1) != (want != "") {
					t.Errorf("the image is %q with %d snapshots and %d tags, want %q", got, len(snaps), len(tags), want)
				}
				r.wall.Pass(10 * time.Minute)
			}
		})
	}
}

// TestMachinesThatEndBadly: one has no port open, one is terminated by itself.
func TestMachinesThatEndBadly(t *testing.T) {
	r := newRig(t, ec2.Settings{})
	r.server.SetFaults([]wire.Fault{
		{Action: "RunInstances", Ends: wire.EndsDeaf, Times: 1},
		{Action: "RunInstances", Ends: wire.EndsTerminated, Lasts: time.Millisecond},
	})
	deaf := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	r.wantState(t, deaf, "running")
	if ports := r.driver.specs[deaf].Ports; len(ports) > 0 {
		t.Errorf("no port must be open: %v", ports)
	}
	doomed := *r.run(t, awssdk.RunInstancesInput{}).InstanceId
	for r.instance(t, doomed).State.Name != "terminated" {
		time.Sleep(time.Millisecond)
	}
	r.wantState(t, deaf, "running")
}
