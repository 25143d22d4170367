package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// retirements takes an AMI from one stage of its retirement to the next, and records
// what that revokes.
type retirements struct {
	sharing
	images images
}

// deprecate shows customers from when on an AMI is not to be used; from then on
// searches leave it out. A date that has passed is put off by a minute.
func (r retirements) deprecate(ctx context.Context, act plan.Action) (Result, error) {
	image, err := r.quiet(ctx, act)
	if err != nil {
		return Result{}, err
	}
	at := plan.As[plan.DeprecateImage](act).At
	if err := r.stage(ctx, act, image, nil); err != nil {
		return Result{}, err
	}
	if soon := r.clients.Now().Add(time.Minute); at.Before(soon) {
		at = soon
	}
	at = at.UTC().Truncate(time.Minute).Add(time.Minute) // AWS rounds, and takes no date that has passed
	if !image.Deprecated.IsZero() && !image.Deprecated.After(at) {
		return Result{}, nil // AWS has done so, after two years for instance
	}
	_, err = r.clients.EC2(act.Target.Region).EnableImageDeprecation(ctx, &ec2.EnableImageDeprecationInput{
		ImageId: aws.String(act.Image().AMI), DeprecateAt: aws.Time(at),
	})
	if err != nil {
		return Result{}, fmt.Errorf("deprecate %s in %s: %w", act.Image().AMI, act.Target.Region, err)
	}
	return Result{}, nil
}

// demote makes an AMI private: other accounts can no longer find or launch it, and
// it no longer counts against the quota of public AMIs. Instances that run from it
// are unaffected. An AMI that has expired (it gets tags) is staged first; one that
// was replaced is removed next.
func (r retirements) demote(ctx context.Context, act plan.Action) (Result, error) {
	if len(act.Tags()) > 0 {
		return r.takeBack(ctx, act)
	}
	return r.images.modify(ctx, act, fmt.Sprintf("make %s private", act.Image().AMI), &ec2.ModifyImageAttributeInput{
		LaunchPermission: &types.LaunchPermissionModifications{Remove: everybody()},
	})
}

// takeBack makes an expired AMI private: only its owner can launch it. Who else
// could is recorded first.
func (r retirements) takeBack(ctx context.Context, act plan.Action) (Result, error) {
	_, permissions, err := r.stageClosing(ctx, act)
	if err != nil {
		return Result{}, err
	}
	return Result{}, r.changeLaunch(ctx, act, "make private", nil, permissions)
}

// disable blocks every launch from an AMI, its owner's too. AWS revokes all its
// launch permissions with it.
func (r retirements) disable(ctx context.Context, act plan.Action) (Result, error) {
	image, _, err := r.stageClosing(ctx, act)
	if err != nil || image.State == world.Disabled {
		return Result{}, err
	}
	_, err = r.clients.EC2(act.Target.Region).DisableImage(ctx, &ec2.DisableImageInput{ImageId: aws.String(act.Image().AMI)})
	if err != nil {
		return Result{}, fmt.Errorf("disable %s in %s: %w", act.Image().AMI, act.Target.Region, err)
	}
	return Result{}, nil
}

// stageClosing writes the stage of an AMI whose launch permissions are revoked
// next, with those, and makes its snapshots private.
func (r retirements) stageClosing(ctx context.Context, act plan.Action) (world.Image, []types.LaunchPermission, error) {
	image, err := r.quiet(ctx, act)
	if err != nil {
		return image, nil, err
	}
	permissions, err := r.permissions(ctx, act)
	if err != nil {
		return image, nil, err
	}
	if err := r.stage(ctx, act, image, permissions); err != nil {
		return image, nil, err
	}
	return image, permissions, r.closeSnapshots(ctx, act, image)
}

// closeSnapshots makes the public snapshots of a public AMI private, before it is: a run that
// is interrupted in between finds the AMI public, and does both again. The accounts that an
// AMI was shared with keep its snapshots.
func (r retirements) closeSnapshots(ctx context.Context, act plan.Action, image world.Image) error {
	if !image.Public {
		return nil
	}
	for _, snapshot := range image.Snapshots {
		permissions, err := observe.VolumePermissions(ctx, r.clients.EC2(act.Target.Region), act.Target.Region, snapshot)
		if err != nil {
			return err
		}
		if !slices.Contains(observe.Restorers(permissions), record.Everybody) {
			continue
		}
		if err := r.changeVolume(ctx, act, "make private", snapshot, nil, everyRestorer()); err != nil {
			return err
		}
	}
	return nil
}

// stage writes an AMI's new stage, and the permissions that will be revoked
// beside those that were: on the AMI and its snapshots, before anything is done.
func (r retirements) stage(ctx context.Context, act plan.Action, image world.Image, taken []types.LaunchPermission) error {
	tags := maps.Clone(act.Tags())
	if len(taken) > 0 {
		more, err := takenTags(image, act.Tags(), taken)
		if err != nil {
			return err
		}
		maps.Copy(tags, more)
	}
	_, err := r.clients.EC2(act.Target.Region).CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: append([]string{image.ID}, image.Snapshots...), Tags: tagList(tags),
	})
	if awsapi.IsNotFound(err) {
		return fmt.Errorf("tag %s in %s: %w: %w", act.Image().AMI, act.Target.Region, ErrChanged, err)
	}
	if err != nil {
		return fmt.Errorf("tag %s in %s: %w", act.Image().AMI, act.Target.Region, err)
	}
	return nil
}
