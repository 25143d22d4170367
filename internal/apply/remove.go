package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/world"
)

// removals deletes AMIs and snapshots.
type removals struct{ targets }

// remove deregisters an AMI of ours with its snapshots: a candidate that is no
// longer needed, a copy that failed, or an expired AMI. AWS deregisters the AMI
// even if it can't delete a snapshot: its answer says so.
func (r removals) remove(ctx context.Context, act plan.Action) (Result, error) {
	image, err := r.quiet(ctx, act)
	if err != nil {
		return Result{}, err
	}
	return r.deregister(ctx, act, image)
}

// deregister is done when the AMI is gone. Whether AWS deregisters a pending one is not
// documented: it may say that it is unavailable, as of one that is gone.
func (r removals) deregister(ctx context.Context, act plan.Action, image world.Image) (Result, error) {
	client := r.ec2(act.Target)
	out, err := client.DeregisterImage(ctx, &ec2.DeregisterImageInput{
		ImageId: aws.String(act.Image().AMI), DeleteAssociatedSnapshots: aws.Bool(true),
	})
	switch {
	case awsapi.IsNotFound(err) && !(image.State == world.Pending && awsapi.IsUnavailable(err)):
		return Result{}, nil
	case err != nil:
		return Result{}, fmt.Errorf("deregister %s in %s, which is %s: %w", act.Image().AMI, act.Target.Region, image.State, err)
	}
	var left []error
	for _, s := range out.DeleteSnapshotResults {
		if s.ReturnCode == types.SnapshotReturnCodesSuccess || s.ReturnCode == types.SnapshotReturnCodesWarnSkipped {
			continue // skipped: another AMI needs it
		}
		left = append(left, deleteSnapshot(ctx, client, act, aws.ToString(s.SnapshotId)))
	}
	return Result{Left: errors.Join(left...)}, nil
}

// deleteSnapshots deletes what AWS has left of an AMI that was deregistered.
func (r removals) deleteSnapshots(ctx context.Context, act plan.Action) (Result, error) {
	var left []error
	for _, id := range act.Image().Snapshots {
		left = append(left, deleteSnapshot(ctx, r.ec2(act.Target), act, id))
	}
	return Result{}, errors.Join(left...)
}

// deleteSnapshot succeeds if the snapshot is gone, or if another AMI needs it.
func deleteSnapshot(ctx context.Context, client *ec2.Client, act plan.Action, id string) error {
	_, err := client.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: aws.String(id)})
	if err == nil || awsapi.IsNotFound(err) || awsapi.IsInUse(err) {
		return nil
	}
	return fmt.Errorf("delete snapshot %s of %s, which is deregistered, in %s: %w", id, act.Image().AMI, act.Target.Region, err)
}
