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
func (i images) publish(ctx context.Context, act plan.Action) (Result, error) {
	return i.modify(ctx, act, fmt.Sprintf("make %s public", act.Image().AMI), &ec2.ModifyImageAttributeInput{
		LaunchPermission: &types.LaunchPermissionModifications{Add: everybody()},
	})
}

func everybody() []types.LaunchPermission {
	return []types.LaunchPermission{{Group: types.PermissionGroupAll}}
}

// imds makes instances of an AMI answer IMDSv2 only, unless their owner
// changes that. It cannot be undone. A build can't do it: Packer 1.6.6 has no
// option for it.
func (i images) imds(ctx context.Context, act plan.Action) (Result, error) {
	return i.modify(ctx, act, "set imds-support of "+act.Image().AMI, &ec2.ModifyImageAttributeInput{
		ImdsSupport: &types.AttributeValue{Value: aws.String(plan.As[plan.RequireIMDS](act).Support)},
	})
}

// modify changes one attribute of an AMI that is still as the plan saw it. What
// says what for, in an error.
func (i images) modify(ctx context.Context, act plan.Action, what string, in *ec2.ModifyImageAttributeInput) (Result, error) {
	if _, err := i.again(ctx, act); err != nil {
		return Result{}, err
	}
	in.ImageId = aws.String(act.Image().AMI)
	if _, err := i.ec2(act.Target).ModifyImageAttribute(ctx, in); err != nil {
		return Result{}, fmt.Errorf("%s in %s: %w", what, act.Target.Region, err)
	}
	return Result{}, nil
}
