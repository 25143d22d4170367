package outside

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// everybody is the group of a public AMI, as EC2 and findings name it.
const everybody = string(types.PermissionGroupAll)

// permissions asks who may launch the AMI: of the AMI itself, where plans go by
// what each account may use.
func (l *look) permissions(ctx context.Context, v release.Variant, i types.Image) {
	out, err := l.Owner.EC2(l.Region).DescribeImageAttribute(ctx, &ec2.DescribeImageAttributeInput{
		ImageId: i.ImageId, Attribute: types.ImageAttributeNameLaunchPermission,
	})
	if err != nil {
		l.differs(v, notRead, "launch permissions of "+aws.ToString(i.ImageId), awsapi.Text(err))
		return
	}
	var got []string
	for _, p := range out.LaunchPermissions {
		got = append(got, cmp.Or(string(p.Group), aws.ToString(p.UserId), aws.ToString(p.OrganizationArn), aws.ToString(p.OrganizationalUnitArn)))
	}
	want := append(v.SharedIn(l.Region), v.Organizations...)
	if v.Public {
		want = append(want, everybody)
	}
	l.accounts(v, "launch permission", want, got)
}

// accounts compares who was let in, in any order.
func (l *look) accounts(v release.Variant, what string, want, got []string) {
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		l.differs(v, what, list(want), list(got))
	}
}

// snapshotsOf compares the snapshots of an AMI: an account that copies or
// restores it needs them too.
func (l *look) snapshotsOf(ctx context.Context, v release.Variant, i types.Image) {
	if l.snapshots == nil {
		return // said already
	}
	for _, id := range snapshotIDs(i) {
		s, there := l.snapshots[id]
		if !there {
			l.differs(v, "snapshot", id+" of "+aws.ToString(i.ImageId), "it is gone")
			continue
		}
		var m marks
		m.same("snapshot", string(types.SnapshotStateCompleted), string(s.State))
		if aws.ToBool(s.Encrypted) {
			m.same("snapshot", "not encrypted", "encrypted")
		}
		m.tags(asked(l.Desired, v), tagsOf(s.Tags))
		for _, x := range m {
			l.differs(v, onSnapshot(x.what), x.want, fmt.Sprintf("%s on %s", x.got, id))
		}
		l.restorers(ctx, v, id)
	}
}

func onSnapshot(what string) string {
	if what == "snapshot" {
		return what
	}
	return "snapshot's " + what
}

// restorers asks who may make volumes of a snapshot.
func (l *look) restorers(ctx context.Context, v release.Variant, id string) {
	out, err := l.Owner.EC2(l.Region).DescribeSnapshotAttribute(ctx, &ec2.DescribeSnapshotAttributeInput{
		SnapshotId: aws.String(id), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
	})
	if err != nil {
		l.differs(v, notRead, "permissions of "+id, awsapi.Text(err))
		return
	}
	var got []string
	for _, p := range out.CreateVolumePermissions {
		got = append(got, cmp.Or(string(p.Group), aws.ToString(p.UserId)))
	}
	want := v.SharedIn(l.Region)
	if v.PublicSnapshot {
		want = append(want, everybody)
	}
	l.accounts(v, "snapshot permission", want, got)
}
