package apply

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/boottest"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
)

// endWithin is how long instances may take to terminate.
const endWithin = 10 * time.Minute

// unclaim ends a claim with everything that hangs on it: instances, then the
// key pair, then the group, so that a crash in between leaves the group, which
// says that there is more to do.
func (c claims) unclaim(ctx context.Context, act plan.Action) (Result, error) {
	client, claim := c.clients.EC2(act.Target.Region), plan.As[plan.EndClaim](act)
	if err := c.endBuilders(ctx, client, claim.Group); err != nil {
		return Result{}, fmt.Errorf("end the builders of %s: %w", claim.Claim, err)
	}
	if err := c.deleteKeyPair(ctx, client, claim); err != nil {
		return Result{}, fmt.Errorf("delete key pair %s: %w", claim.Claim, err)
	}
	// The claim is renewed until it is gone: who finds it expired would end what is ending.
	_, err := client.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(claim.Group)})
	if err != nil && !awsapi.IsNotFound(err) {
		return Result{}, fmt.Errorf("delete security group %s: %w", claim.Claim, err)
	}
	c.heartbeats.end(claim.Group)
	return Result{Made: claim.Group}, nil
}

// deleteKeyPair deletes the key pair of a claim, unless its tags name another owner.
// A read may lag behind: one that is not shown is deleted if the name alone says
// that it is ours.
func (c claims) deleteKeyPair(ctx context.Context, client *ec2.Client, claim plan.EndClaim) error {
	got, err := client.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{
		Filters: []types.Filter{{Name: aws.String("key-name"), Values: []string{claim.Claim}}},
	})
	if err != nil {
		return err
	}
	var tags map[string]string
	for _, k := range got.KeyPairs {
		tags = observe.Tags(k.Tags)
	}
	if !record.OfProject(c.desired.Project, claim.Claim, tags) || record.OfAnother(tags, claim.Tags) {
		return nil
	}
	_, err = client.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyName: aws.String(claim.Claim)})
	if err != nil && !awsapi.IsNotFound(err) {
		return err
	}
	return nil
}

// endBuilders terminates the instances in a group and waits until they are gone:
// the group cannot be deleted before.
func (c claims) endBuilders(ctx context.Context, client *ec2.Client, group string) error {
	ctx, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	began := time.Now()
	var left []string
	err := boottest.Poll(ctx, c.poll, func() (done bool, err error) {
		ids, fresh, err := builders(ctx, client, group)
		if err != nil {
			return false, err
		}
		left = ids
		if len(fresh) > 0 {
			_, err = client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: fresh})
		}
		if awsapi.IsNotFound(err) {
			err = nil
		}
		return len(ids) == 0, err
	})
	if ctx.Err() != nil && len(left) > 0 {
		return fmt.Errorf("%s not terminated after %s: %w", strings.Join(left, ", "), time.Since(began).Round(time.Second), ctx.Err())
	}
	return err
}

// builders lists the instances in a group that are not terminated; fresh are
// those that were not told to terminate.
func builders(ctx context.Context, client *ec2.Client, group string) (ids, fresh []string, err error) {
	pages := ec2.NewDescribeInstancesPaginator(client, &ec2.DescribeInstancesInput{Filters: []types.Filter{
		{Name: aws.String("instance.group-id"), Values: []string{group}},
		{Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "shutting-down", "stopping", "stopped"}},
	}})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, err
		}
		for _, r := range got.Reservations {
			for _, i := range r.Instances {
				ids = append(ids, aws.ToString(i.InstanceId))
				if i.State == nil || i.State.Name != types.InstanceStateNameShuttingDown {
					fresh = append(fresh, aws.ToString(i.InstanceId))
				}
			}
		}
	}
	return ids, fresh, nil
}
