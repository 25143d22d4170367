package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/plan"
)

// copyImage begins a copy under the public name. Its token makes a second try
// find the first one's copy; name and tags are there from its first moment.
func (a *Applier) copyImage(ctx context.Context, act plan.Action) (Result, error) {
	v, err := a.variant(act.Target)
	if err != nil {
		return Result{}, err
	}
	out, err := a.Clients.EC2(act.Target.Region).CopyImage(ctx, &ec2.CopyImageInput{
		Name: aws.String(act.Name), Description: aws.String(v.Description), ClientToken: aws.String(act.Token),
		SourceRegion: aws.String(act.From.Region), SourceImageId: aws.String(act.From.AMI),
		TagSpecifications: []types.TagSpecification{
			specification(types.ResourceTypeImage, act.Tags), specification(types.ResourceTypeSnapshot, act.Tags),
		},
	})
	if err != nil {
		return Result{}, fmt.Errorf("copy %s from %s to %s: %w", act.From.AMI, act.From.Region, act.Target.Region, err)
	}
	return Result{Made: aws.ToString(out.ImageId)}, nil
}
