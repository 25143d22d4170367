package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
)

// endWithin is how long machines may take to end.
const endWithin = 10 * time.Minute

// unclaim ends a claim with everything that hangs on it: instances, then the
// key pair, then the group, so that a crash in between leaves the group, which
// says that there is more to do.
func (a *Applier) unclaim(ctx context.Context, act plan.Action) (Result, error) {
	client := a.Clients.EC2(act.Target.Region)
	if err := a.endBuilders(ctx, client, act.Group); err != nil {
		return Result{}, fmt.Errorf("end the builders of %s: %w", act.Name, err)
	}
	_, err := client.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyName: aws.String(act.Name)})
	if err != nil && !awsapi.IsNotFound(err) {
		return Result{}, fmt.Errorf("delete key pair %s: %w", act.Name, err)
	}
	a.hearts.end(act.Group)
	_, err = client.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(act.Group)})
	if err != nil && !awsapi.IsNotFound(err) {
		return Result{}, fmt.Errorf("delete security group %s: %w", act.Name, err)
	}
	return Result{Made: act.Group}, nil
}

// endBuilders terminates the instances in a group and waits until they are gone:
// the group cannot be deleted before.
func (a *Applier) endBuilders(ctx context.Context, client *ec2.Client, group string) error {
	deadline, cancel := context.WithTimeout(ctx, endWithin)
	defer cancel()
	tick := time.NewTicker(a.Poll)
	defer tick.Stop()
	for {
		ids, fresh, err := builders(deadline, client, group)
		if err != nil || len(ids) == 0 {
			return err
		}
		if len(fresh) > 0 {
			if _, err := client.TerminateInstances(deadline, &ec2.TerminateInstancesInput{InstanceIds: fresh}); err != nil && !awsapi.IsNotFound(err) {
				return err
			}
		}
		select {
		case <-deadline.Done():
			return deadline.Err()
		case <-tick.C:
		}
	}
}

// builders lists the instances in a group that are not terminated; fresh are
// those that nobody has told to end.
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
