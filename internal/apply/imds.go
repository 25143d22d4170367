package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/plan"
)

// imds makes machines that are started from an AMI answer IMDSv2 only, unless
// their owner says otherwise. It cannot be undone. A build can't do it: Packer
// 1.6.6 has no word for it.
func (a *Applier) imds(ctx context.Context, act plan.Action) (Result, error) {
	if _, err := a.again(ctx, act); err != nil {
		return Result{}, err
	}
	_, err := a.Clients.EC2(act.Target.Region).ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{
		ImageId: aws.String(act.AMI), ImdsSupport: &types.AttributeValue{Value: aws.String(act.Value)},
	})
	if err != nil {
		return Result{}, fmt.Errorf("set imds-support of %s in %s: %w", act.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}
