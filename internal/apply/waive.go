package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/plan"
)

// waive notes on a candidate which required regions its release may do without.
func (a *Applier) waive(ctx context.Context, act plan.Action) (Result, error) {
	if _, err := a.again(ctx, act); err != nil {
		return Result{}, err
	}
	if _, err := a.ec2(act.Target).CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{act.AMI}, Tags: tagList(act.Tags)}); err != nil {
		return Result{}, fmt.Errorf("note the waiver on %s in %s: %w", act.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}
