package probe

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
)

// What AWS charges at most, in US cents, for a day in the dearest region: 0.16 $ for a GiB of
// a gp3 volume and month, 0.10 $ for one of a snapshot, as if it were full. That a copy to
// another region transfers nothing rests on that the volume is empty: snapshots have no empty
// blocks (https://aws.amazon.com/ebs/pricing/).
const (
	volumeDay   = 0.6
	snapshotDay = 0.34
)

func vpcThing() *Thing {
	return &Thing{
		Name: "VPC", Actions: []string{"ec2:DescribeVpcs"}, make: method((*asker).vpc),
	}
}

func snapshotThing() *Thing {
	return &Thing{
		Name: "snapshot", Makes: "an empty volume of 1 GiB, and a snapshot of it", Cents: volumeDay + snapshotDay,
		Actions: []string{"ec2:CreateSnapshot", "ec2:CreateTags", "ec2:CreateVolume", "ec2:DescribeAvailabilityZones", "ec2:DescribeSnapshots", "ec2:DescribeVolumes"},
		make:    method((*asker).makeSnapshot),
	}
}

func imageThing() *Thing {
	return &Thing{
		Name: "AMI", Makes: "a private AMI of that snapshot", Needs: []*Thing{snapshotThing()},
		Actions: []string{"ec2:CreateTags", "ec2:DescribeImages", "ec2:RegisterImage"},
		make:    method((*asker).makeImage),
	}
}

func copyThing() *Thing {
	return &Thing{
		Name: "copy", Makes: "a copy of that AMI in the other region", Needs: []*Thing{imageThing()}, Cents: snapshotDay,
		Actions: []string{"ec2:CopyImage", "ec2:CreateTags", "ec2:DescribeImages"},
		make:    method((*asker).makeCopy),
	}
}

// id is a thing's that was made.
func (a *asker) id(t *Thing) string { return a.things[t.Name].id }

// tags are those of all that a run makes.
func (a *asker) tags(name string) []types.Tag {
	return []types.Tag{
		{Key: aws.String(record.TagProbe), Value: aws.String(a.tagValue())},
		{Key: aws.String("Name"), Value: aws.String(name)},
	}
}

func (a *asker) specification(name string, kinds ...types.ResourceType) (out []types.TagSpecification) {
	for _, kind := range kinds {
		out = append(out, types.TagSpecification{ResourceType: kind, Tags: a.tags(name)})
	}
	return out
}

// vpc is the region's default VPC, or another one.
func (a *asker) vpc(ctx context.Context) (string, error) {
	out, err := a.here.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
	if err != nil {
		return "", err
	}
	var id string
	for _, v := range out.Vpcs {
		if id == "" || aws.ToBool(v.IsDefault) {
			id = aws.ToString(v.VpcId)
		}
	}
	if id == "" {
		return "", skipped("%s has none", a.Region)
	}
	return id, nil
}

func (a *asker) makeSnapshot(ctx context.Context) (string, error) {
	zones, err := a.here.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{Filters: []types.Filter{filter("zone-type", "availability-zone")}})
	if err != nil {
		return "", err
	}
	if len(zones.AvailabilityZones) == 0 {
		return "", skipped("%s has no zone", a.Region)
	}
	volume, err := a.here.CreateVolume(ctx, &ec2.CreateVolumeInput{
		AvailabilityZone: zones.AvailabilityZones[0].ZoneName, Size: aws.Int32(1), VolumeType: types.VolumeTypeGp3,
		TagSpecifications: a.specification(a.name("volume"), types.ResourceTypeVolume),
	})
	if err != nil {
		return "", fmt.Errorf("make a volume: %w", err)
	}
	a.note(a.Region, Volume, aws.ToString(volume.VolumeId))
	err = until(ctx, a.Wait, "the volume", func(ctx context.Context) (bool, error) {
		out, err := a.here.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{Filters: []types.Filter{filter("volume-id", *volume.VolumeId)}})
		return err == nil && len(out.Volumes) == 1 && out.Volumes[0].State == types.VolumeStateAvailable, err
	})
	if err != nil {
		return "", err
	}
	made, err := a.here.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{
		VolumeId: volume.VolumeId, Description: aws.String("empty: made by amiship probe"),
		TagSpecifications: a.specification(a.name("snapshot"), types.ResourceTypeSnapshot),
	})
	if err != nil {
		return "", fmt.Errorf("make a snapshot: %w", err)
	}
	id := aws.ToString(made.SnapshotId)
	a.note(a.Region, Snapshot, id)
	return id, until(ctx, a.Wait, "the snapshot", func(ctx context.Context) (bool, error) {
		out, err := a.here.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{Filters: []types.Filter{filter("snapshot-id", id)}})
		return err == nil && len(out.Snapshots) == 1 && out.Snapshots[0].State == types.SnapshotStateCompleted, err
	})
}

func (a *asker) makeImage(ctx context.Context) (string, error) {
	made, err := a.here.RegisterImage(ctx, a.registration("image"))
	if err != nil {
		return "", err
	}
	id := aws.ToString(made.ImageId)
	a.note(a.Region, Image, id)
	_, err = a.available(ctx, a.here, id)
	return id, err
}

// registration is a request for an AMI of the run's snapshot.
func (a *asker) registration(name string) *ec2.RegisterImageInput {
	return &ec2.RegisterImageInput{
		Name: aws.String(a.name(name)), Architecture: types.ArchitectureValuesX8664, VirtualizationType: aws.String("hvm"), RootDeviceName: aws.String("/dev/xvda"), EnaSupport: aws.Bool(true),
		BlockDeviceMappings: []types.BlockDeviceMapping{{
			DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{SnapshotId: aws.String(a.id(snapshotThing())), VolumeType: types.VolumeTypeGp3},
		}},
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeImage, Tags: append(a.tags(a.name(name)), types.Tag{Key: aws.String(ownTag), Value: aws.String("yes")}),
		}},
	}
}

// ownTag is a tag that the run's AMI has and no request for a copy names.
const ownTag = "Copied"

// available waits until an AMI is, and returns it.
func (a *asker) available(ctx context.Context, client *ec2.Client, id string) (image types.Image, err error) {
	err = until(ctx, a.Wait, id, func(ctx context.Context) (bool, error) {
		var found bool
		image, found, err = describe(ctx, client, id)
		if image.State == types.ImageStateFailed {
			return false, skipped("%s has failed: %s", id, aws.ToString(image.StateReason.Message))
		}
		return found && image.State == types.ImageStateAvailable, err
	})
	return image, err
}

// describe reads an AMI of the caller's, which AWS may not show yet.
func describe(ctx context.Context, client *ec2.Client, id string) (types.Image, bool, error) {
	out, err := client.DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, Filters: []types.Filter{filter("image-id", id)}, IncludeDisabled: aws.Bool(true), IncludeDeprecated: aws.Bool(true),
	})
	if err != nil || len(out.Images) == 0 {
		return types.Image{}, false, err
	}
	return out.Images[0], true, nil
}

// copyUnderWay is the copy of which the first statements about copies ask while it is
// pending.
type copyUnderWay struct {
	id  string
	err error
}

// makeCopy waits for the copy that the statements about pending ones began.
func (a *asker) makeCopy(ctx context.Context) (string, error) {
	c := a.begin(ctx)
	if c.err != nil {
		return "", c.err
	}
	_, err := a.available(ctx, a.there, c.id)
	return c.id, err
}

// begin starts the run's copy, once.
func (a *asker) begin(ctx context.Context) *copyUnderWay {
	if a.pending == nil {
		a.pending = &copyUnderWay{}
		a.pending.id, a.pending.err = a.copy(ctx, a.copying("copy"))
	}
	return a.pending
}

// copying is a request for a copy of the run's AMI, to the other region.
func (a *asker) copying(name string) *ec2.CopyImageInput {
	return &ec2.CopyImageInput{
		Name: aws.String(a.name(name)), SourceImageId: aws.String(a.id(imageThing())), SourceRegion: aws.String(a.Region), ClientToken: aws.String(a.name(name)),
		CopyImageTags:     aws.Bool(true),
		TagSpecifications: a.specification(a.name(name), types.ResourceTypeImage, types.ResourceTypeSnapshot),
	}
}

func (a *asker) copy(ctx context.Context, in *ec2.CopyImageInput) (string, error) {
	out, err := a.there.CopyImage(ctx, in)
	if err != nil {
		return "", err
	}
	id := aws.ToString(out.ImageId)
	a.note(a.To, Image, id)
	return id, nil
}
