package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/plan"
)

// images changes the tags and attributes of AMIs.
type images struct{ targets }

// adopt writes the tags of an AMI that has none of ours, on it and its snapshots: of
// a candidate whose run died before it could, or of a release from before Amiship.
func (i images) adopt(ctx context.Context, act plan.Action) (Result, error) {
	image, err := i.again(ctx, act)
	if err != nil {
		return Result{}, err
	}
	_, err = i.clients.EC2(act.Target.Region).CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: append([]string{image.ID}, image.Snapshots...), Tags: tagList(act.Tags()),
	})
	if err != nil {
		return Result{}, fmt.Errorf("tag candidate %s: %w", act.Image().AMI, err)
	}
	return Result{}, nil
}
