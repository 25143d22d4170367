package observe

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/world"
)

// region asks what a release needs in every region: by doing it where nothing is
// changed, by a dry run where there is one.
func (p preflight) region(ctx context.Context, region string) []world.Finding {
	client := p.clients.EC2(region)
	_, err := client.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"self"}, MaxResults: aws.Int32(5)})
	if err != nil {
		return []world.Finding{finding(region, "ec2:DescribeImages", unseen(region, err))} // it has nothing else to say
	}
	out := []world.Finding{finding(region, "ec2:DescribeImages", nil)}
	out = append(out, p.publicity(ctx, region)...)
	for _, try := range dryRuns(ctx, client) {
		out = append(out, simulated(region, try.action, try.err))
	}
	return out
}

// publicity says whether AMIs can be public in a region.
func (p preflight) publicity(ctx context.Context, region string) []world.Finding {
	o := Observer{Clients: p.clients}
	l, err := o.limits(ctx, region)
	switch {
	case err != nil:
		return []world.Finding{finding(region, "whether AMIs may be public", err)}
	case l.BlockPublic != "" && p.public:
		err = fmt.Errorf("block public access for AMIs is on (%s)", l.BlockPublic)
	case l.Encrypted:
		err = fmt.Errorf("encryption by default is on: copies can be neither shared nor public")
	}
	out := []world.Finding{finding(region, "snapshots and AMIs can be shared", err)}
	if !p.public {
		return out
	}
	room := finding(region, fmt.Sprintf("%d public AMIs at most", l.PublicAMIs), nil)
	if l.QuotaErr != "" {
		room = world.Finding{Where: region, What: "how many AMIs may be public: " + l.QuotaErr, How: world.Unknown}
	}
	return append(out, room)
}

type dryRun struct {
	action string
	err    error
}

// nobody is an id that no resource has.
const nobody = "00000000000000000"

// dryRuns ask for what is done in every region, of an AMI and a snapshot that do
// not exist: AWS looks at permissions first.
func dryRuns(ctx context.Context, client *ec2.Client) []dryRun {
	ami, snapshot := aws.String("ami-"+nobody), aws.String("snap-"+nobody)
	_, copied := client.CopyImage(ctx, &ec2.CopyImageInput{
		Name: aws.String("amiship-check"), SourceImageId: ami, SourceRegion: aws.String("us-east-1"), DryRun: aws.Bool(true),
	})
	_, shared := client.ModifyImageAttribute(ctx, &ec2.ModifyImageAttributeInput{
		ImageId: ami, LaunchPermission: &types.LaunchPermissionModifications{Add: []types.LaunchPermission{{Group: types.PermissionGroupAll}}}, DryRun: aws.Bool(true),
	})
	_, restorable := client.ModifySnapshotAttribute(ctx, &ec2.ModifySnapshotAttributeInput{
		SnapshotId: snapshot, Attribute: types.SnapshotAttributeNameCreateVolumePermission, DryRun: aws.Bool(true),
		CreateVolumePermission: &types.CreateVolumePermissionModifications{Remove: []types.CreateVolumePermission{{Group: types.PermissionGroupAll}}},
	})
	_, tagged := client.CreateTags(ctx, &ec2.CreateTagsInput{
		Resources: []string{*ami}, Tags: []types.Tag{{Key: aws.String("amiship:check"), Value: aws.String("")}}, DryRun: aws.Bool(true),
	})
	_, removed := client.DeregisterImage(ctx, &ec2.DeregisterImageInput{ImageId: ami, DryRun: aws.Bool(true)})
	return []dryRun{
		{"ec2:CopyImage", copied},
		{"ec2:ModifyImageAttribute", shared},
		{"ec2:ModifySnapshotAttribute", restorable},
		{"ec2:CreateTags", tagged},
		{"ec2:DeregisterImage", removed},
	}
}

// simulated is what a dry run comes to. Who was told that a thing is not there was
// let through before.
func simulated(where, what string, err error) world.Finding {
	f := finding(where, what, dry(err))
	if err != nil && !awsapi.IsDryRun(err) && !awsapi.Denied(awsapi.Code(err)) && awsapi.Code(err) != "" {
		f.Err = ""
	}
	f.How = world.Simulated
	return f
}
