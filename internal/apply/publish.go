package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/plan"
)

// publish makes an AMI public. It spends one of the region's quota of public AMIs.
func (a *Applier) publish(ctx context.Context, act plan.Action) (Result, error) {
	if _, err := a.again(ctx, act); err != nil {
		return Result{}, err
	}
	err := a.permit(ctx, act, types.LaunchPermissionModifications{Add: everybody()})
	if err != nil {
		return Result{}, fmt.Errorf("make %s public in %s: %w", act.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}

// demote makes an AMI private: nobody can find or launch it any more, and it
// no longer counts as public. Machines that run from it go on.
func (a *Applier) demote(ctx context.Context, act plan.Action) (Result, error) {
	if _, err := a.again(ctx, act); err != nil {
		return Result{}, err
	}
	err := a.permit(ctx, act, types.LaunchPermissionModifications{Remove: everybody()})
	if err != nil {
		return Result{}, fmt.Errorf("make %s private in %s: %w", act.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}

func everybody() []types.LaunchPermission {
	return []types.LaunchPermission{{Group: types.PermissionGroupAll}}
}

func (a *Applier) permit(ctx context.Context, act plan.Action, change types.LaunchPermissionModifications) error {
	_, err := a.Clients.EC2(act.Target.Region).ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{
		ImageId: aws.String(act.AMI), LaunchPermission: &change,
	})
	return err
}
