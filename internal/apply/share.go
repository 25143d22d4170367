package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/plan"
)

// share lets accounts restore the snapshots, then launch the AMI: in this
// order, so that nobody sees an AMI whose snapshots are closed to him.
func (a *Applier) share(ctx context.Context, act plan.Action) (Result, error) {
	client := a.Clients.EC2(act.Target.Region)
	for _, snapshot := range act.Snapshots {
		_, err := client.ModifySnapshotAttribute(ctx, &ec2.ModifySnapshotAttributeInput{
			SnapshotId: aws.String(snapshot), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
			CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: volumePermissions(act.Accounts)},
		})
		if err != nil {
			return Result{}, fmt.Errorf("share %s in %s: %w", snapshot, act.Target.Region, err)
		}
	}
	_, err := client.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{
		ImageId:          aws.String(act.AMI),
		LaunchPermission: &types.LaunchPermissionModifications{Add: launchPermissions(act.Accounts)},
	})
	if err != nil {
		return Result{}, fmt.Errorf("share %s in %s: %w", act.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}

func volumePermissions(accounts []string) []types.CreateVolumePermission {
	var out []types.CreateVolumePermission
	for _, id := range accounts {
		out = append(out, types.CreateVolumePermission{UserId: aws.String(id)})
	}
	return out
}

func launchPermissions(accounts []string) []types.LaunchPermission {
	var out []types.LaunchPermission
	for _, id := range accounts {
		out = append(out, types.LaunchPermission{UserId: aws.String(id)})
	}
	return out
}
