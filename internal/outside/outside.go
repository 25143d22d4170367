// Package outside inspects a release as a customer does: another account, with
// nothing but what is public. An Audit asks its owner too, for what no other
// account can see. It shares nothing with observe, so that a mistake there is
// not made twice.
//
// Whatever is launched here costs money on AWS until it is terminated; Launch's
// caller must End it.
package outside

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/boottest"
	"amiship/internal/record"
	"amiship/internal/release"
)

// Customer is an account that owns nothing of the release.
type Customer struct {
	Clients *awsapi.Clients
	Poll    time.Duration // between two reads of something that is starting
}

// Find returns the public AMI of that owner and name, as a customer searches
// for it. None, or more than one, is an error.
func (c Customer) Find(ctx context.Context, region, owner, name string) (string, error) {
	found, err := c.one(ctx, region, &ec2.DescribeImagesInput{
		Owners: []string{owner}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{name}}},
	})
	if err != nil {
		return "", fmt.Errorf("search %q of %s: %w", name, owner, err)
	}
	return aws.ToString(found.ImageId), nil
}

// BaseOf returns name and description of the AMI that one of the caller's own
// was built from, as the base's owner gives them.
func (c Customer) BaseOf(ctx context.Context, region, name string) (string, error) {
	own, err := c.one(ctx, region, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, Filters: []types.Filter{{Name: aws.String("name"), Values: []string{name}}},
	})
	if err != nil {
		return "", err
	}
	id := ""
	for _, t := range own.Tags {
		if aws.ToString(t.Key) == record.TagBase {
			id, _ = record.ReadTag(aws.ToString(t.Value))
		}
	}
	base, err := c.one(ctx, region, &ec2.DescribeImagesInput{ImageIds: []string{id}})
	return fmt.Sprintf("%s (%s)", aws.ToString(base.Name), aws.ToString(base.Description)), err
}

// one describes images, of which there must be one.
func (c Customer) one(ctx context.Context, region string, in *ec2.DescribeImagesInput) (types.Image, error) {
	out, err := c.Clients.EC2(region).DescribeImages(ctx, in)
	if err != nil {
		return types.Image{}, fmt.Errorf("describe images in %s: %w", region, err)
	}
	if len(out.Images) != 1 {
		return types.Image{}, fmt.Errorf("describe images in %s: found %d AMIs, want 1", region, len(out.Images))
	}
	return out.Images[0], nil
}

// Machine is what a customer launched.
type Machine struct {
	boottest.Machine
	Group, Region string
}

// Launch starts an instance from an AMI, open on those TCP ports, and waits
// until it runs. What was made before an error is in the Machine too.
func (c Customer) Launch(ctx context.Context, region, ami, instanceType string, ports []int) (Machine, error) {
	return c.launch(ctx, region, boottest.Launch{AMI: ami, Targets: as(instanceType)}, ports)
}

// End terminates the instance and removes its group.
func (c Customer) End(ctx context.Context, m Machine) error {
	client := c.Clients.EC2(m.Region)
	if m.ID != "" {
		if _, err := client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{m.ID}}); err != nil {
			return fmt.Errorf("terminate %s: %w", m.ID, err)
		}
	}
	if m.Group == "" {
		return nil
	}
	return boottest.Poll(ctx, c.Poll, func() (bool, error) {
		_, err := client.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(m.Group)})
		if awsapi.IsInUse(err) {
			return false, nil
		}
		return err == nil, err
	})
}

// Check polls the instance over HTTP until the answer is as expected, or ctx
// ends.
func (c Customer) Check(ctx context.Context, m Machine, check release.Check) error {
	return boottest.Ask(ctx, c.Poll, m.Machine, check)
}

// Console is what the instance wrote to its console.
func (c Customer) Console(ctx context.Context, m Machine) (string, error) {
	return boottest.Console(ctx, c.Clients.EC2(m.Region), m.ID)
}
