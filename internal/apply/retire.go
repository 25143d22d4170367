package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// deprecate shows customers from when on an AMI is not to be used; from then on
// searches leave it out. A date that has passed is put off by a minute.
func (a *Applier) deprecate(ctx context.Context, act plan.Action) (Result, error) {
	image, err := a.quiet(ctx, act)
	if err != nil {
		return Result{}, err
	}
	at, err := time.Parse(time.RFC3339, act.Value)
	if err != nil {
		return Result{}, fmt.Errorf("deprecate %s at %q: %w", act.AMI, act.Value, err)
	}
	if err := a.stage(ctx, act, image, nil); err != nil {
		return Result{}, err
	}
	if soon := a.Clients.Now().Add(time.Minute); at.Before(soon) {
		at = soon
	}
	at = at.UTC().Truncate(time.Minute).Add(time.Minute) // AWS rounds, and takes no date that has passed
	if !image.Deprecated.IsZero() && !image.Deprecated.After(at) {
		return Result{}, nil // AWS has done so, after two years for instance
	}
	_, err = a.Clients.EC2(act.Target.Region).EnableImageDeprecation(ctx, &ec2.EnableImageDeprecationInput{
		ImageId: aws.String(act.AMI), DeprecateAt: aws.Time(at),
	})
	if err != nil {
		return Result{}, fmt.Errorf("deprecate %s in %s: %w", act.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}

// takeBack makes an AMI private that is kept no longer: nobody but its owner can
// launch it. Who could is written down first.
func (a *Applier) takeBack(ctx context.Context, act plan.Action) (Result, error) {
	_, permissions, err := a.stageClosing(ctx, act)
	if err != nil {
		return Result{}, err
	}
	return Result{}, a.revoke(ctx, act, permissions)
}

// disable lets nobody start machines from an AMI, its owner neither. AWS takes all
// launch permissions away with it.
func (a *Applier) disable(ctx context.Context, act plan.Action) (Result, error) {
	image, _, err := a.stageClosing(ctx, act)
	if err != nil || image.State == world.Disabled {
		return Result{}, err
	}
	_, err = a.Clients.EC2(act.Target.Region).DisableImage(ctx, &ec2.DisableImageInput{ImageId: aws.String(act.AMI)})
	if err != nil {
		return Result{}, fmt.Errorf("disable %s in %s: %w", act.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}

// stageClosing writes the stage of an AMI whose launch permissions are taken away
// next, with those.
func (a *Applier) stageClosing(ctx context.Context, act plan.Action) (world.Image, []types.LaunchPermission, error) {
	image, err := a.quiet(ctx, act)
	if err != nil {
		return image, nil, err
	}
	permissions, err := a.permissions(ctx, act)
	if err != nil {
		return image, nil, err
	}
	return image, permissions, a.stage(ctx, act, image, permissions)
}

// quiet reads an AMI again, and refuses if somebody has started it since the plan
// was made.
func (a *Applier) quiet(ctx context.Context, act plan.Action) (world.Image, error) {
	image, err := a.again(ctx, act)
	if err == nil && act.Launched != "" && plan.Launched(image) != act.Launched {
		err = fmt.Errorf("%s in %s: %w: somebody has started it %s", act.AMI, act.Target.Region, ErrChanged, plan.Launched(image))
	}
	return image, err
}

// stage writes an AMI's new stage, and the permissions that will be taken away
// beside those that were: on the AMI and its snapshots, before anything is done.
func (a *Applier) stage(ctx context.Context, act plan.Action, image world.Image, taken []types.LaunchPermission) error {
	tags := tagList(act.Tags)
	if len(taken) > 0 {
		tags = append(tags, types.Tag{Key: aws.String(release.TagTaken), Value: aws.String(takenTag(image, taken))})
	}
	_, err := a.Clients.EC2(act.Target.Region).CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: append([]string{image.ID}, image.Snapshots...), Tags: tags,
	})
	if awsapi.IsNotFound(err) {
		return fmt.Errorf("tag %s in %s: %w: %w", act.AMI, act.Target.Region, ErrChanged, err)
	}
	if err != nil {
		return fmt.Errorf("tag %s in %s: %w", act.AMI, act.Target.Region, err)
	}
	return nil
}
