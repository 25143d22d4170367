package probe

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
)

// launchCents is a t3.micro with a public address and a disk of 8 GiB, for an hour.
const launchCents = 3

// ended is an instance that was launched and has terminated.
func ended() *Thing {
	return &Thing{
		Name: "terminated instance", Makes: "a t3.micro instance of Debian 12, terminated as soon as it runs", Cents: launchCents,
		Actions: []string{"ec2:CreateTags", "ec2:DescribeImages", "ec2:DescribeInstances", "ec2:RunInstances", "ec2:TerminateInstances"},
		make:    method((*asker).launch),
	}
}

func launchStatements() []Statement {
	return []Statement{
		{
			Number: 301, Name: "instance-terminated", Mark: Documented, Group: Launches, Want: "terminated", Needs: []*Thing{ended()}, Actions: []string{"ec2:DescribeInstances"},
			Does: "A terminated instance is still described.",
			ask: look(func(ctx context.Context, a *asker) (*ec2.DescribeInstancesOutput, error) {
				return a.here.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{a.id(ended())}})
			}, func(out *ec2.DescribeInstancesOutput) string {
				return string(out.Reservations[0].Instances[0].State.Name)
			}),
		},
		{
			Number: 302, Name: "instance-volume", Mark: Documented, Group: Launches, Want: "0 volumes", Needs: []*Thing{ended()}, Actions: []string{"ec2:DescribeVolumes"},
			Does: "Its root volume goes with it.",
			ask: func(ctx context.Context, a *asker) (got string, err error) {
				ends := time.Now().Add(a.Settle)
				err = until(ctx, a.Wait, "the volume", func(ctx context.Context) (bool, error) {
					out, err := a.here.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{Filters: []types.Filter{filter("tag:Name", a.name("instance"))}})
					if err != nil {
						return false, err
					}
					got = count(len(out.Volumes), "volume")
					return len(out.Volumes) == 0 || time.Now().After(ends), nil
				})
				return got, err
			},
		},
		{
			Number: 303, Name: "instance-interface", Mark: Seen, Group: Launches, Want: "0 tags", Needs: []*Thing{ended()}, Actions: []string{"ec2:DescribeTags"},
			Does: "Its network interface goes with it, tags included.",
			ask: func(ctx context.Context, a *asker) (got string, err error) {
				ends := time.Now().Add(a.Settle)
				err = until(ctx, a.Wait, "the interface", func(ctx context.Context) (bool, error) {
					out, err := a.here.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: []types.Filter{
						filter("resource-type", "network-interface"), filter("key", record.TagProbe), filter("value", a.tagValue()),
					}})
					if err != nil {
						return false, err
					}
					got = count(len(out.Tags), "tag")
					return len(out.Tags) == 0 || time.Now().After(ends), nil
				})
				return got, err
			},
		},
	}
}

// launch runs an instance and terminates it once it runs.
func (a *asker) launch(ctx context.Context) (string, error) {
	image, err := a.base(ctx)
	if err != nil {
		return "", err
	}
	out, err := a.here.RunInstances(ctx, &ec2.RunInstancesInput{
		ImageId: image.ImageId, InstanceType: types.InstanceTypeT3Micro, MinCount: aws.Int32(1), MaxCount: aws.Int32(1), ClientToken: aws.String(a.name("instance")),
		MetadataOptions:   &types.InstanceMetadataOptionsRequest{HttpTokens: types.HttpTokensStateRequired},
		TagSpecifications: a.specification(a.name("instance"), types.ResourceTypeInstance, types.ResourceTypeVolume, types.ResourceTypeNetworkInterface),
	})
	if err != nil {
		return "", err
	}
	id := aws.ToString(out.Instances[0].InstanceId)
	a.note(a.Region, Instance, id)
	if err := a.instanceIs(ctx, id, types.InstanceStateNameRunning); err != nil {
		return "", err
	}
	if _, err := a.here.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}}); err != nil {
		return "", err
	}
	return id, a.instanceIs(ctx, id, types.InstanceStateNameTerminated)
}

func (a *asker) instanceIs(ctx context.Context, id string, state types.InstanceStateName) error {
	return until(ctx, a.Wait, id, func(ctx context.Context) (bool, error) {
		out, err := a.here.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []types.Filter{filter("instance-id", id), filter("instance-state-name", string(state))}})
		return err == nil && len(out.Reservations) == 1, err
	})
}
