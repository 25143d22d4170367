package observe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/world"
)

// access reads who may use an AMI or a snapshot: one call, however many they are.
func (o *Observer) access(ctx context.Context, q world.Query) ([]string, error) {
	client, err := o.ec2Of(q)
	if err != nil {
		return nil, err
	}
	var out []string
	if strings.HasPrefix(q.ID, "snap-") {
		permissions, err := VolumePermissions(ctx, client, q.Region, q.ID)
		if err != nil {
			return nil, err
		}
		out = Restorers(permissions)
	} else {
		permissions, err := LaunchPermissions(ctx, client, q.Region, q.ID)
		if err != nil {
			return nil, err
		}
		out = Launchers(permissions)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// LaunchPermissions are those of an AMI of the client's account, however they were granted.
func LaunchPermissions(ctx context.Context, client *ec2.Client, region, ami string) ([]types.LaunchPermission, error) {
	out, err := client.DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
		ImageId: aws.String(ami), Attribute: types.ImageAttributeNameLaunchPermission,
	})
	if err != nil {
		return nil, fmt.Errorf("read who may launch %s in %s: %w", ami, region, err)
	}
	return out.LaunchPermissions, nil
}

// VolumePermissions are those of a snapshot of the client's account, however they were granted.
func VolumePermissions(ctx context.Context, client *ec2.Client, region, snapshot string) ([]types.CreateVolumePermission, error) {
	out, err := client.DescribeSnapshotAttribute(ctx, &ec2.DescribeSnapshotAttributeInput{
		SnapshotId: aws.String(snapshot), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
	})
	if err != nil {
		return nil, fmt.Errorf("read who may restore %s in %s: %w", snapshot, region, err)
	}
	return out.CreateVolumePermissions, nil
}

// Launchers name who has launch permissions: a group, an account, or an ARN.
func Launchers(permissions []types.LaunchPermission) []string {
	var out []string
	for _, p := range permissions {
		out = append(out, cmp.Or(string(p.Group), aws.ToString(p.UserId), aws.ToString(p.OrganizationArn), aws.ToString(p.OrganizationalUnitArn)))
	}
	return out
}

// Restorers name who may make volumes of a snapshot: a group, or an account.
func Restorers(permissions []types.CreateVolumePermission) []string {
	var out []string
	for _, p := range permissions {
		out = append(out, cmp.Or(string(p.Group), aws.ToString(p.UserId)))
	}
	return out
}
