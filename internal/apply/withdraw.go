package apply

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/plan"
	"amiship/internal/release"
	"amiship/internal/world"
)

// withdraw marks an AMI as recalled, with who may launch it now: that is taken
// away next, and stands nowhere else then.
func (a *Applier) withdraw(ctx context.Context, act plan.Action) (Result, error) {
	image, err := a.again(ctx, act)
	if err != nil {
		return Result{}, err
	}
	permissions, err := a.permissions(ctx, act)
	if err != nil {
		return Result{}, err
	}
	tags := maps.Clone(act.Tags)
	tags[release.TagTaken] = takenTag(image, permissions)
	if _, err := a.ec2(act.Target).CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{act.AMI}, Tags: tagList(tags)}); err != nil {
		return Result{}, fmt.Errorf("mark %s in %s: %w", act.AMI, act.Target.Region, err)
	}
	return Result{}, nil
}

// permissions are those to launch an AMI, whoever gave them.
func (a *Applier) permissions(ctx context.Context, act plan.Action) ([]types.LaunchPermission, error) {
	out, err := a.ec2(act.Target).DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
		ImageId: aws.String(act.AMI), Attribute: types.ImageAttributeNameLaunchPermission,
	})
	if err != nil {
		return nil, fmt.Errorf("read who may launch %s in %s: %w", act.AMI, act.Target.Region, err)
	}
	return out.LaunchPermissions, nil
}

// takenTag is what TagTaken says once these permissions are taken away: those that
// were before, by a retirement for instance, stay in it.
func takenTag(image world.Image, permissions []types.LaunchPermission) string {
	who := release.ReadTaken(image.Tag(release.TagTaken))
	for _, p := range permissions {
		who = append(who, holder(p))
	}
	return release.TagValue(release.WriteTaken(who))
}

// holder is who has a permission, as TagTaken spells it.
func holder(p types.LaunchPermission) string {
	switch {
	case p.Group != "":
		return release.Everybody
	case p.UserId != nil:
		return *p.UserId
	case p.OrganizationArn != nil:
		return *p.OrganizationArn
	}
	return aws.ToString(p.OrganizationalUnitArn)
}

// closeImage takes every permission away, the AMI's first: nobody sees one whose
// snapshots are closed to him.
func (a *Applier) closeImage(ctx context.Context, act plan.Action) (Result, error) {
	if _, err := a.again(ctx, act); err != nil {
		return Result{}, err
	}
	permissions, err := a.permissions(ctx, act)
	if err != nil {
		return Result{}, err
	}
	if err := a.revoke(ctx, act, permissions); err != nil {
		return Result{}, err
	}
	for _, snapshot := range act.Snapshots {
		if err := a.closeSnapshot(ctx, act, snapshot); err != nil {
			return Result{}, err
		}
	}
	return Result{}, nil
}

// revoke takes launch permissions away, if there are any.
func (a *Applier) revoke(ctx context.Context, act plan.Action, permissions []types.LaunchPermission) error {
	if len(permissions) == 0 {
		return nil
	}
	_, err := a.ec2(act.Target).ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{
		ImageId: aws.String(act.AMI), LaunchPermission: &types.LaunchPermissionModifications{Remove: permissions},
	})
	if err != nil {
		return fmt.Errorf("make %s private in %s: %w", act.AMI, act.Target.Region, err)
	}
	return nil
}

func (a *Applier) closeSnapshot(ctx context.Context, act plan.Action, snapshot string) error {
	client, attribute := a.ec2(act.Target), types.SnapshotAttributeNameCreateVolumePermission
	out, err := client.DescribeSnapshotAttribute(ctx, &ec2.DescribeSnapshotAttributeInput{SnapshotId: aws.String(snapshot), Attribute: attribute})
	if err != nil {
		return fmt.Errorf("read who may restore %s in %s: %w", snapshot, act.Target.Region, err)
	}
	if len(out.CreateVolumePermissions) == 0 {
		return nil
	}
	_, err = client.ModifySnapshotAttribute(ctx, &ec2.ModifySnapshotAttributeInput{
		SnapshotId: aws.String(snapshot), Attribute: attribute,
		CreateVolumePermission: &types.CreateVolumePermissionModifications{Remove: out.CreateVolumePermissions},
	})
	if err != nil {
		return fmt.Errorf("make %s private in %s: %w", snapshot, act.Target.Region, err)
	}
	return nil
}
