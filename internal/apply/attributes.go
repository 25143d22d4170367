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
	return a.modify(ctx, act, fmt.Sprintf("make %s public", act.AMI), &ec2.ModifyImageAttributeInput{
		LaunchPermission: &types.LaunchPermissionModifications{Add: everybody()},
	})
}

// demote makes an AMI private: nobody can find or launch it any more, and it
// no longer counts as public. Machines that run from it go on. One that is kept no
// longer (it gets tags) is staged first; one that was replaced is removed next.
func (a *Applier) demote(ctx context.Context, act plan.Action) (Result, error) {
	if len(act.Tags) > 0 {
		return a.takeBack(ctx, act)
	}
	return a.modify(ctx, act, fmt.Sprintf("make %s private", act.AMI), &ec2.ModifyImageAttributeInput{
		LaunchPermission: &types.LaunchPermissionModifications{Remove: everybody()},
	})
}

func everybody() []types.LaunchPermission {
	return []types.LaunchPermission{{Group: types.PermissionGroupAll}}
}

// imds makes machines that are started from an AMI answer IMDSv2 only, unless
// their owner says otherwise. It cannot be undone. A build can't do it: Packer
// 1.6.6 has no word for it.
func (a *Applier) imds(ctx context.Context, act plan.Action) (Result, error) {
	return a.modify(ctx, act, "set imds-support of "+act.AMI, &ec2.ModifyImageAttributeInput{
		ImdsSupport: &types.AttributeValue{Value: aws.String(act.Value)},
	})
}

// modify changes one attribute of an AMI that is still as the plan saw it. What
// says what for, in an error.
func (a *Applier) modify(ctx context.Context, act plan.Action, what string, in *ec2.ModifyImageAttributeInput) (Result, error) {
	if _, err := a.again(ctx, act); err != nil {
		return Result{}, err
	}
	in.ImageId = aws.String(act.AMI)
	if _, err := a.ec2(act.Target).ModifyImageAttribute(ctx, in); err != nil {
		return Result{}, fmt.Errorf("%s in %s: %w", what, act.Target.Region, err)
	}
	return Result{}, nil
}
