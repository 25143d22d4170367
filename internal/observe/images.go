package observe

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/world"
)

// page is what one call may return: AWS takes 1000 for images.
const page = 1000

// images reads all own images of a region.
func (o *Observer) images(ctx context.Context, region string) ([]world.Image, error) {
	out, err := own(ctx, o.Clients.EC2(region), region)
	if awsapi.IsRegionOff(err) || awsapi.Unreachable(err) != "" {
		if why := o.regionClosed(ctx, region); why != nil {
			return nil, fmt.Errorf("%s is %w", region, why)
		}
	}
	return out, err
}

// own reads all images of the client's account.
func own(ctx context.Context, client *ec2.Client, region string) ([]world.Image, error) {
	return describe(ctx, client, region, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
}

func describe(ctx context.Context, client *ec2.Client, region string, in *ec2.DescribeImagesInput) ([]world.Image, error) {
	in.MaxResults = aws.Int32(page)
	var out []world.Image
	pages := ec2.NewDescribeImagesPaginator(client, in)
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, unseen(region, err)
		}
		for _, i := range got.Images {
			out = append(out, Image(i))
		}
	}
	slices.SortFunc(out, func(a, b world.Image) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// unseen says why the images of a region could not be read.
func unseen(region string, err error) error {
	where := region
	if awsapi.IsRegionOff(err) {
		where += " (not enabled in this account, or no region of its partition, if other regions answer)"
	}
	return fmt.Errorf("describe images in %s: %w", where, err)
}

// Image turns EC2's image into ours.
func Image(i types.Image) world.Image {
	out := world.Image{
		ID: aws.ToString(i.ImageId), Name: aws.ToString(i.Name), State: string(i.State),
		Arch: arch(i.Architecture), Public: aws.ToBool(i.Public), Tags: Tags(i.Tags),
		IMDSSupport: string(i.ImdsSupport), Source: aws.ToString(i.SourceImageId),
	}
	if p := aws.ToString(i.DeregistrationProtection); p != "disabled" {
		out.Protection = p
	}
	if i.StateReason != nil {
		out.Reason = aws.ToString(i.StateReason.Message)
	}
	out.Created, _ = time.Parse(time.RFC3339, aws.ToString(i.CreationDate))
	out.LastLaunched, _ = time.Parse(time.RFC3339, aws.ToString(i.LastLaunchedTime)) // none: never
	out.Deprecated, _ = time.Parse(time.RFC3339, aws.ToString(i.DeprecationTime))    // none: it is not
	for _, m := range i.BlockDeviceMappings {
		if m.Ebs == nil || m.Ebs.SnapshotId == nil {
			continue
		}
		out.Snapshots = append(out.Snapshots, *m.Ebs.SnapshotId)
		out.Size += int(aws.ToInt32(m.Ebs.VolumeSize))
		out.Encrypted = out.Encrypted || aws.ToBool(m.Ebs.Encrypted)
	}
	slices.Sort(out.Snapshots)
	return out
}

// Tags turns EC2's tags into a map.
func Tags(list []types.Tag) map[string]string {
	out := map[string]string{}
	for _, t := range list {
		out[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}

// arch spells an architecture as Debian and Go do.
func arch[T ~string](a T) string {
	if a == "x86_64" {
		return "amd64"
	}
	return string(a)
}

// grants reads which own images and snapshots an account may use
// (docs/reference/aws.md#permissions-of-many-images-in-one-call).
func (o *Observer) grants(ctx context.Context, region, account string) (world.Grants, error) {
	g := world.Grants{Images: map[string]bool{}, Snapshots: map[string]bool{}}
	if account != record.Everybody {
		images, err := describe(ctx, o.Clients.EC2(region), region, &ec2.DescribeImagesInput{
			Owners: []string{"self"}, ExecutableUsers: []string{account}, IncludeDeprecated: aws.Bool(true),
		})
		if err != nil {
			return g, err
		}
		for _, i := range images {
			g.Images[i.ID] = true
		}
	}
	pages := ec2.NewDescribeSnapshotsPaginator(o.Clients.EC2(region), &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, RestorableByUserIds: []string{account}, MaxResults: aws.Int32(page),
	})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return g, fmt.Errorf("describe snapshots in %s: %w", region, err)
		}
		for _, s := range got.Snapshots {
			g.Snapshots[aws.ToString(s.SnapshotId)] = true
		}
	}
	return g, nil
}

// base finds the newest AMI that fits a variant's base selector.
func (o *Observer) base(ctx context.Context, q world.Query) (world.Base, error) {
	v, err := o.variant(q.Variant)
	if err != nil {
		return world.Base{}, err
	}
	sel := v.Build.Base
	pages := ec2.NewDescribeImagesPaginator(o.Clients.EC2(q.Region), &ec2.DescribeImagesInput{
		Owners: []string{sel.Owner}, MaxResults: aws.Int32(page),
		Filters: []types.Filter{filter("name", sel.Name), filter("state", "available"), filter("architecture", machineArch(v.Arch))},
	})
	var newest types.Image
	names := map[string]string{}
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return world.Base{}, fmt.Errorf("find the base of %s in %s: %w", q.Variant, q.Region, err)
		}
		for _, i := range got.Images {
			names[aws.ToString(i.ImageId)] = aws.ToString(i.Name)
			if aws.ToString(i.CreationDate) > aws.ToString(newest.CreationDate) {
				newest = i
			}
		}
	}
	if newest.ImageId == nil {
		none := fmt.Errorf("no AMI of account %s named %s for %s in %s: see base in amiship.yaml", sel.Owner, sel.Name, v.Arch, q.Region)
		return o.hidden(ctx, q.Region, sel.Owner, none)
	}
	base := world.Base{
		ID: *newest.ImageId, Name: aws.ToString(newest.Name), Description: aws.ToString(newest.Description),
		RootDevice: aws.ToString(newest.RootDeviceName), IMDSSupport: string(newest.ImdsSupport), Names: names,
	}
	base.Created, _ = time.Parse(time.RFC3339, aws.ToString(newest.CreationDate))
	for _, code := range newest.ProductCodes {
		if code.ProductCodeType == types.ProductCodeValuesMarketplace {
			base.ProductCode = aws.ToString(code.ProductCodeId)
		}
	}
	if newest.ImageAllowed != nil && !*newest.ImageAllowed {
		base.Allowed, err = allowedImages(ctx, o.Clients.EC2(q.Region), q.Region, aws.ToString(newest.OwnerId))
		base.Unallowed = true
		if err == nil && base.Allowed.Enabled {
			return base, fmt.Errorf("%s (%s) can't be used: the Allowed AMIs of the account in %s do not allow it", base.ID, base.Name, q.Region)
		}
	}
	return base, nil
}

// hidden says why there is no base: there is none, or the account's Allowed AMIs hide it.
func (o *Observer) hidden(ctx context.Context, region, owner string, none error) (world.Base, error) {
	if owner == "self" {
		return world.Base{}, none
	}
	allowed, err := allowedImages(ctx, o.Clients.EC2(region), region, owner)
	switch {
	case err != nil:
		return world.Base{}, fmt.Errorf("%w; %w", none, err)
	case allowed.Enabled:
		none = fmt.Errorf("%w; or the Allowed AMIs of the account in %s hide it: no criterion of theirs allows what is hidden", none, region)
	}
	return world.Base{Allowed: allowed}, none
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}
