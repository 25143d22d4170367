package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/plan"
)

// adopt writes the tags of an AMI that has none of ours, on it and its snapshots: of
// a candidate whose run died before it could, or of a release from before Amiship.
func (a *Applier) adopt(ctx context.Context, act plan.Action) (Result, error) {
	image, err := a.again(ctx, act)
	if err != nil {
		return Result{}, err
	}
	_, err = a.Clients.EC2(act.Target.Region).CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: append([]string{image.ID}, image.Snapshots...), Tags: tagList(act.Tags),
	})
	if err != nil {
		return Result{}, fmt.Errorf("tag candidate %s: %w", act.AMI, err)
	}
	return Result{}, nil
}
