package apply

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
)

// withdrawals revokes releases, and records what it revokes.
type withdrawals struct{ sharing }

// withdraw marks an AMI as recalled, and records who may launch it now and, on its
// snapshots, who may restore them: these permissions are revoked next, and recorded nowhere
// else.
func (w withdrawals) withdraw(ctx context.Context, act plan.Action) (Result, error) {
	image, err := w.again(ctx, act)
	if err != nil {
		return Result{}, err
	}
	permissions, err := w.permissions(ctx, act)
	if err != nil {
		return Result{}, err
	}
	tags, err := takenTags(image, act.Tags(), permissions)
	if err != nil {
		return Result{}, err
	}
	if err := w.markSnapshots(ctx, act, image.Snapshots); err != nil {
		return Result{}, err
	}
	maps.Copy(tags, act.Tags())
	if err := w.writeTags(ctx, act, act.Image().AMI, tags); err != nil {
		return Result{}, err
	}
	return Result{}, nil
}

// markSnapshots notes on each snapshot who may restore it now.
func (w withdrawals) markSnapshots(ctx context.Context, act plan.Action, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	out, err := w.ec2(act.Target).DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: ids})
	if err != nil {
		return fmt.Errorf("read the snapshots of %s in %s: %w", act.Image().AMI, act.Target.Region, err)
	}
	for _, s := range out.Snapshots {
		if err := w.markSnapshot(ctx, act, s); err != nil {
			return err
		}
	}
	return nil
}

func (w withdrawals) markSnapshot(ctx context.Context, act plan.Action, s types.Snapshot) error {
	permissions, err := observe.VolumePermissions(ctx, w.ec2(act.Target), act.Target.Region, *s.SnapshotId)
	if err != nil || len(permissions) == 0 {
		return err
	}
	have := observe.Tags(s.Tags)
	tags, err := writeTaken(*s.SnapshotId, append(record.ReadTaken(have), observe.Restorers(permissions)...), have, nil)
	if err != nil {
		return err
	}
	return w.writeTags(ctx, act, *s.SnapshotId, tags)
}

func (w withdrawals) writeTags(ctx context.Context, act plan.Action, id string, tags map[string]string) error {
	if _, err := w.ec2(act.Target).CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: tagList(tags)}); err != nil {
		return fmt.Errorf("mark %s in %s: %w", id, act.Target.Region, err)
	}
	return nil
}

// closeImage revokes every permission, the AMI's first: no account sees an
// AMI whose snapshots it can't read.
func (w withdrawals) closeImage(ctx context.Context, act plan.Action) (Result, error) {
	if _, err := w.again(ctx, act); err != nil {
		return Result{}, err
	}
	permissions, err := w.permissions(ctx, act)
	if err != nil {
		return Result{}, err
	}
	if err := w.changeLaunch(ctx, act, "revoke permissions of", nil, permissions); err != nil {
		return Result{}, err
	}
	for _, snapshot := range act.Image().Snapshots {
		if err := w.closeSnapshot(ctx, act, snapshot); err != nil {
			return Result{}, err
		}
	}
	return Result{}, nil
}

func (w withdrawals) closeSnapshot(ctx context.Context, act plan.Action, snapshot string) error {
	permissions, err := observe.VolumePermissions(ctx, w.ec2(act.Target), act.Target.Region, snapshot)
	if err != nil {
		return err
	}
	return w.changeVolume(ctx, act, "revoke permissions of", snapshot, nil, permissions)
}
