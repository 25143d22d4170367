package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// mostChanges is how many permissions one call changes. AWS takes at most 500 for a snapshot,
// and documents no limit for an AMI.
const mostChanges = 500

// permissions are those to launch an AMI, however they were granted.
func (s sharing) permissions(ctx context.Context, act plan.Action) ([]types.LaunchPermission, error) {
	return observe.LaunchPermissions(ctx, s.ec2(act.Target), act.Target.Region, act.Image().AMI)
}

// changeLaunch adds launch permissions to an AMI, or removes them. What says what for, in
// an error.
func (s sharing) changeLaunch(ctx context.Context, act plan.Action, what string, add, remove []types.LaunchPermission) error {
	return chunked(add, remove, func(add, remove []types.LaunchPermission) error {
		_, err := s.ec2(act.Target).ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{
			ImageId: aws.String(act.Image().AMI), LaunchPermission: &types.LaunchPermissionModifications{Add: add, Remove: remove},
		})
		if err != nil {
			return fmt.Errorf("%s %s in %s: %w", what, act.Image().AMI, act.Target.Region, err)
		}
		return nil
	})
}

// changeVolume does the same for a snapshot.
func (s sharing) changeVolume(ctx context.Context, act plan.Action, what, snapshot string, add, remove []types.CreateVolumePermission) error {
	return chunked(add, remove, func(add, remove []types.CreateVolumePermission) error {
		_, err := s.ec2(act.Target).ModifySnapshotAttribute(ctx, &ec2.ModifySnapshotAttributeInput{
			SnapshotId: aws.String(snapshot), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
			CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: add, Remove: remove},
		})
		if err != nil {
			return fmt.Errorf("%s %s in %s: %w", what, snapshot, act.Target.Region, err)
		}
		return nil
	})
}

// chunked makes changes in as few calls as take them, each of which adds or removes.
func chunked[P any](add, remove []P, change func(add, remove []P) error) error {
	for some := range slices.Chunk(add, mostChanges) {
		if err := change(some, nil); err != nil {
			return err
		}
	}
	for some := range slices.Chunk(remove, mostChanges) {
		if err := change(nil, some); err != nil {
			return err
		}
	}
	return nil
}

// takenTags say who could launch an AMI once these permissions are revoked: those that lost
// theirs before, by a retirement for instance, stay in the list. more are the tags that are
// written with it.
func takenTags(image world.Image, more map[string]string, permissions []types.LaunchPermission) (map[string]string, error) {
	who := append(record.ReadTaken(image.Tags), observe.Launchers(permissions)...)
	return writeTaken(image.ID, who, image.Tags, more)
}

// writeTaken refuses where the list does not fit, rather than lose a part of it.
func writeTaken(id string, who []string, have, more map[string]string) (map[string]string, error) {
	tags, err := record.WriteTaken(who, record.FreeTags(have, more))
	if err != nil {
		return nil, fmt.Errorf("note on %s who could use it, before that is revoked: %w; remove tags from it, or save the list and revoke it by hand", id, err)
	}
	return tags, nil
}
