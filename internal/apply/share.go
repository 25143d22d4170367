package apply

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/plan"
)

// sharing changes who may launch an AMI and restore its snapshots.
type sharing struct{ targets }

// share lets accounts restore the snapshots, then launch the AMI: in this
// order, so that no account sees an AMI whose snapshots it can't read. Those of
// organizations never do: AWS shares snapshots with accounts only.
func (s sharing) share(ctx context.Context, act plan.Action) (Result, error) {
	c := plan.As[plan.ShareImage](act)
	for _, snapshot := range c.Snapshots {
		if err := s.changeVolume(ctx, act, "share", snapshot, volumePermissions(c.Accounts), nil); err != nil {
			return Result{}, err
		}
	}
	return Result{}, s.changeLaunch(ctx, act, "share", append(launchPermissions(c.Accounts), organizationPermissions(c.Organizations)...), nil)
}

// publish lets every account restore the snapshots of an AMI that is still as the plan saw
// it.
func (s sharing) publish(ctx context.Context, act plan.Action) (Result, error) {
	image, err := s.again(ctx, act)
	if err != nil {
		return Result{}, err
	}
	for _, snapshot := range image.Snapshots {
		if err := s.changeVolume(ctx, act, "publish "+image.ID+"'s", snapshot, everyRestorer(), nil); err != nil {
			return Result{}, err
		}
	}
	return Result{}, nil
}

func everyRestorer() []types.CreateVolumePermission {
	return []types.CreateVolumePermission{{Group: types.PermissionGroupAll}}
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

// organizationPermissions are those of organizations and of units, by their ARNs.
func organizationPermissions(arns []string) []types.LaunchPermission {
	var out []types.LaunchPermission
	for _, arn := range arns {
		if strings.Contains(arn, ":ou/") {
			out = append(out, types.LaunchPermission{OrganizationalUnitArn: aws.String(arn)})
		} else {
			out = append(out, types.LaunchPermission{OrganizationArn: aws.String(arn)})
		}
	}
	return out
}
