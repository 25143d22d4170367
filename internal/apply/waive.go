package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/plan"
)

// annotate writes a tag on an AMI that is as the plan saw it. What says what the tag
// is, in an error.
func (i images) annotate(what string) func(context.Context, plan.Action) (Result, error) {
	return func(ctx context.Context, act plan.Action) (Result, error) {
		if _, err := i.again(ctx, act); err != nil {
			return Result{}, err
		}
		if _, err := i.ec2(act.Target).CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{act.Image().AMI}, Tags: tagList(act.Tags())}); err != nil {
			return Result{}, fmt.Errorf("note %s on %s in %s: %w", what, act.Image().AMI, act.Target.Region, err)
		}
		return Result{}, nil
	}
}
