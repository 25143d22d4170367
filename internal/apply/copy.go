package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/plan"
	"amiship/internal/record"
)

// copies makes the copies of a candidate.
type copies struct {
	targets
	removals removals
}

// start begins a copy under the public name. Its token makes a second try
// find the first one's copy; name and tags are there from its first moment.
func (c copies) start(ctx context.Context, act plan.Action) (Result, error) {
	from := plan.As[plan.CopyImage](act).From
	v, err := c.variant(act.Target)
	if err != nil {
		return Result{}, err
	}
	given, err := c.giveUp(ctx, act)
	if err != nil {
		return Result{}, err
	}
	if err := c.notThere(ctx, act); err != nil {
		return Result{}, err
	}
	out, err := c.ec2(act.Target).CopyImage(ctx, &ec2.CopyImageInput{
		Name: aws.String(act.Image().Name), Description: aws.String(v.Description), ClientToken: aws.String(plan.As[plan.CopyImage](act).Token),
		SourceRegion: aws.String(from.Region), SourceImageId: aws.String(from.AMI),
		TagSpecifications: []types.TagSpecification{
			specification(types.ResourceTypeImage, act.Tags()), specification(types.ResourceTypeSnapshot, act.Tags()),
		},
	})
	if err != nil {
		return Result{}, fmt.Errorf("copy %s from %s to %s: %w", from.AMI, from.Region, act.Target.Region, err)
	}
	return Result{Made: aws.ToString(out.ImageId), Left: given.Left}, nil
}

// giveUp deregisters a copy that AWS does not end, if there is one, for another in its place.
func (c copies) giveUp(ctx context.Context, act plan.Action) (Result, error) {
	if !plan.As[plan.CopyImage](act).Again {
		return Result{}, nil
	}
	image, err := c.again(ctx, act)
	if err != nil {
		return Result{}, err
	}
	return c.removals.deregister(ctx, act, image)
}

// notThere refuses to copy what another run has copied since the region was
// read. The token alone would not see it: once the candidate is gone, the same
// copy has another source.
func (c copies) notThere(ctx context.Context, act plan.Action) error {
	pages := ec2.NewDescribeImagesPaginator(c.ec2(act.Target), &ec2.DescribeImagesInput{
		Owners: []string{"self"}, MaxResults: aws.Int32(imagesPage),
		Filters: []types.Filter{
			{Name: aws.String("name"), Values: []string{act.Image().Name}},
			{Name: aws.String("tag:" + record.TagTag), Values: []string{act.Tags()[record.TagTag]}},
			{Name: aws.String("state"), Values: []string{"pending", "available"}},
		},
	})
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("look for %q in %s again: %w", act.Image().Name, act.Target.Region, err)
		}
		if slices.ContainsFunc(out.Images, func(i types.Image) bool { return aws.ToString(i.ImageId) != act.Image().AMI }) {
			return fmt.Errorf("copy %q to %s: %w: another run was faster", act.Image().Name, act.Target.Region, ErrChanged)
		}
	}
	return nil
}

// imagesPage is what one call may return. Without a limit AWS answers all at once or not at
// all, in an account with many AMIs.
const imagesPage = 1000
