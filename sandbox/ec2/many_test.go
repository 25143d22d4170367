package ec2_test

import (
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
)

// crowd fills a region with so many images, two fifths of them the vendor's own.
func (r *rig) crowd(n int) {
	r.t.Helper()
	tags := map[string]string{"project": "app", "stage": "copy"}
	world := ec2.World{
		{Account: vendor, Region: home, Images: []ec2.WorldImage{{Name: "App {n}", Count: n * 2 / 5, Tags: tags}, {Name: "Wanted", Tags: map[string]string{"version": "7"}}}},
		{Account: customer, Region: home, Images: []ec2.WorldImage{{Name: "Other {n}", Count: n * 3 / 5, Tags: tags}}},
	}
	r.update(func(tx *cloud.Tx) error { return ec2.Load(tx, world) })
}

// manyCalls are calls whose answers are small, whatever else the region has.
func manyCalls(r *rig) map[string]func() error {
	ctx, mine := r.t.Context(), r.client(vendor, home)
	images := func(in awssdk.DescribeImagesInput) func() error {
		return func() error { return second(mine.DescribeImages(ctx, &in)) }
	}
	tags := func(filters ...types.Filter) func() error {
		return func() error { return second(mine.DescribeTags(ctx, &awssdk.DescribeTagsInput{Filters: filters})) }
	}
	found, err := mine.DescribeImages(ctx, &awssdk.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filterOf("name", "Wanted")}})
	if err != nil {
		r.t.Fatal(err)
	}
	wanted := found.Images[0]
	snapshot := wanted.BlockDeviceMappings[0].Ebs.SnapshotId
	copied := func() (*awssdk.CopySnapshotOutput, error) {
		return mine.CopySnapshot(ctx, &awssdk.CopySnapshotInput{SourceRegion: aws.String(home), SourceSnapshotId: snapshot})
	}
	n := 0
	return map[string]func() error{
		"images by id":            images(awssdk.DescribeImagesInput{ImageIds: []string{*wanted.ImageId}}),
		"images by name":          images(awssdk.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filterOf("name", "Wanted")}}),
		"images by names":         images(awssdk.DescribeImagesInput{Filters: []types.Filter{filterOf("name", "Wan*", "Wanted")}}),
		"images by tag":           images(awssdk.DescribeImagesInput{Owners: []string{"self"}, Filters: []types.Filter{filterOf("tag:version", "7")}}),
		"images by tags":          images(awssdk.DescribeImagesInput{Filters: []types.Filter{filterOf("tag-key", "version"), filterOf("tag-value", "7")}}),
		"images by snapshot":      images(awssdk.DescribeImagesInput{Filters: []types.Filter{filterOf("block-device-mapping.snapshot-id", *snapshot)}}),
		"a page of own images":    images(awssdk.DescribeImagesInput{Owners: []string{"self"}, MaxResults: aws.Int32(10)}),
		"a page of all images":    images(awssdk.DescribeImagesInput{MaxResults: aws.Int32(10)}),
		"images shared with many": images(awssdk.DescribeImagesInput{ExecutableUsers: []string{"self"}}),
		"snapshots by tag": func() error {
			return second(mine.DescribeSnapshots(ctx, &awssdk.DescribeSnapshotsInput{OwnerIds: []string{"self"}, Filters: []types.Filter{filterOf("tag:version", "7")}}))
		},
		"tags of an image": tags(filterOf("resource-id", *wanted.ImageId)),
		"tags by key":      tags(filterOf("key", "version")),
		"tags by value":    tags(filterOf("value", "7"), filterOf("resource-type", "image")),
		"register and deregister": func() error {
			n++
			made, err := mine.RegisterImage(ctx, &awssdk.RegisterImageInput{
				Name: aws.String("registered " + strconv.Itoa(n)), Architecture: types.ArchitectureValuesX8664, VirtualizationType: aws.String("hvm"), RootDeviceName: aws.String("/dev/sda1"),
				BlockDeviceMappings: []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/sda1"), Ebs: &types.EbsBlockDevice{SnapshotId: snapshot}}},
			})
			if err != nil {
				return err
			}
			return second(mine.DeregisterImage(ctx, &awssdk.DeregisterImageInput{ImageId: made.ImageId}))
		},
		"copy and delete a snapshot": func() error {
			made, err := copied()
			if err != nil {
				return err
			}
			r.wall.Pass(time.Hour)
			return second(mine.DeleteSnapshot(ctx, &awssdk.DeleteSnapshotInput{SnapshotId: made.SnapshotId}))
		},
		"tag an image": func() error {
			return second(mine.CreateTags(ctx, &awssdk.CreateTagsInput{Resources: []string{*wanted.ImageId}, Tags: []types.Tag{{Key: aws.String("seen"), Value: aws.String(strconv.Itoa(n))}}}))
		},
	}
}

// BenchmarkMany is the time of calls in a region with 100,000 images.
func BenchmarkMany(b *testing.B) {
	r := newRig(b, ec2.Settings{})
	r.crowd(100_000)
	for name, call := range manyCalls(r) {
		if err := call(); err != nil { // which makes the index, if it is the first to ask it
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestCostOfMany: what a call costs does not grow with what the region has.
func TestCostOfMany(t *testing.T) {
	costs := func(n int) map[string]uint64 {
		r := newRig(t, ec2.Settings{})
		r.crowd(n)
		out := map[string]uint64{}
		for name, call := range manyCalls(r) {
			var before, after runtime.MemStats
			for i := range 8 { // the first opens a connection and makes an index; others may do something beside
				runtime.ReadMemStats(&before)
				if err := call(); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				runtime.ReadMemStats(&after)
				if cost := after.TotalAlloc - before.TotalAlloc; i == 0 || cost < out[name] {
					out[name] = cost
				}
			}
		}
		return out
	}
	few, many := costs(100), costs(5000)
	for name, cost := range many {
		if cost > 2*few[name] {
			t.Errorf("%s: %d bytes among 100 images, %d among 5,000", name, few[name], cost)
		}
	}
}
