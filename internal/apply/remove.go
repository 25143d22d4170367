package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
)

// remove deregisters an AMI of ours with its snapshots: a candidate that has
// served, a copy that failed, or what is kept no longer.
func (a *Applier) remove(ctx context.Context, act plan.Action) (Result, error) {
	if _, err := a.quiet(ctx, act); err != nil {
		return Result{}, err
	}
	_, err := a.ec2(act.Target).DeregisterImage(ctx, &ec2.DeregisterImageInput{
		ImageId: aws.String(act.AMI), DeleteAssociatedSnapshots: aws.Bool(true),
	})
	if err != nil && !awsapi.IsNotFound(err) {
		return Result{}, fmt.Errorf("deregister %s in %s: %w", act.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}
