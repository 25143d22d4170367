package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/plan"
	"amiship/internal/release"
)

// copyImage begins a copy under the public name. Its token makes a second try
// find the first one's copy; name and tags are there from its first moment.
func (a *Applier) copyImage(ctx context.Context, act plan.Action) (Result, error) {
	v, err := a.variant(act.Target)
	if err != nil {
		return Result{}, err
	}
	if err := a.notThere(ctx, act); err != nil {
		return Result{}, err
	}
	out, err := a.ec2(act.Target).CopyImage(ctx, &ec2.CopyImageInput{
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

// notThere refuses to copy what another run has copied since the region was
// looked at. The token alone would not see it: once the candidate is gone, the
// same copy has another source.
func (a *Applier) notThere(ctx context.Context, act plan.Action) error {
	out, err := a.ec2(act.Target).DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners: []string{"self"},
		Filters: []types.Filter{
			{Name: aws.String("name"), Values: []string{act.Name}},
			{Name: aws.String("tag:" + release.TagTag), Values: []string{act.Tags[release.TagTag]}},
			{Name: aws.String("state"), Values: []string{"pending", "available"}},
		},
	})
	if err != nil {
		return fmt.Errorf("look for %q in %s again: %w", act.Name, act.Target.Region, err)
	}
	if len(out.Images) > 0 {
		return fmt.Errorf("copy %q to %s: %w: another run was faster", act.Name, act.Target.Region, ErrChanged)
	}
	return nil
}
