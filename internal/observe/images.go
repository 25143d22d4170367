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

// images reads own images of a region: all, or those that the release's tags name.
func (o *Observer) images(ctx context.Context, q world.Query) ([]world.Image, error) {
	region := q.Region
	var by []types.Filter
	if q.Kind == world.LookRelease {
		by = o.tagged()
	}
	out, err := own(ctx, o.Clients.EC2(region), region, by...)
	if q.Kind == world.LookRelease {
		out = slices.DeleteFunc(out, func(i world.Image) bool { return !o.Desired.Tagged(i.Tags) })
	}
	if awsapi.IsRegionOff(err) || awsapi.Unreachable(err) != "" {
		if why := o.regionClosed(ctx, region); why != nil {
			return nil, fmt.Errorf("%s is %w", region, why)
		}
	}
	return out, err
}

// tagged are the filters by the tags that name the release. What a schema beyond those says is found
// by its name.
func (o *Observer) tagged() []types.Filter {
	of := func(key, value string) types.Filter {
		return filter("tag:"+key, record.TagValues(literal(value))...)
	}
	return []types.Filter{of(record.TagProject, o.Desired.Project), of(record.TagTag, o.Desired.Tag)}
}

// literal is a value for a filter in which nothing is a wildcard.
func literal(value string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(value)
}

// namesakes reads the own images of a region that have a name of the release.
func (o *Observer) namesakes(ctx context.Context, region string) ([]world.Image, error) {
	var out []world.Image
	for some := range slices.Chunk(o.Desired.Names(), mostFiltered) {
		found, err := own(ctx, o.Clients.EC2(region), region, filter("name", some...))
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// pending reads which images AWS is making in a region.
func (o *Observer) pending(ctx context.Context, region string) ([]string, error) {
	found, err := own(ctx, o.Clients.EC2(region), region, filter("state", world.Pending))
	var out []string
	for _, i := range found {
		out = append(out, i.ID)
	}
	return out, err
}

// own reads the images of the client's account that filters find.
func own(ctx context.Context, client *ec2.Client, region string, by ...types.Filter) ([]world.Image, error) {
	return describe(ctx, client, region, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, Filters: by, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true),
	})
}

func describe(ctx context.Context, client *ec2.Client, region string, in *ec2.DescribeImagesInput) ([]world.Image, error) {
	in.MaxResults = aws.Int32(page)
	var out []world.Image
	pages := ec2.NewDescribeImagesPaginator(client, in)
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx, awsapi.FewMembers)
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
// (docs/reference/aws.md#permissions-of-many-images-in-one-call): those of the release, or all,
// if what is read serves several.
func (o *Observer) grants(ctx context.Context, region, account string) (world.Grants, error) {
	g := world.Grants{Images: map[string]bool{}, Snapshots: map[string]bool{}}
	in := &ec2.DescribeImagesInput{Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true)}
	ofRelease := !o.Whole && o.Desired.Tag != ""
	if ofRelease {
		in.Filters = o.tagged()
	}
	var images []world.Image
	var err error
	if account != record.Everybody {
		in.ExecutableUsers = []string{account}
	}
	if ofRelease || account != record.Everybody {
		images, err = describe(ctx, o.Clients.EC2(region), region, in)
	}
	if err != nil {
		return g, err
	}
	var snapshots []string
	for _, i := range images {
		if account != record.Everybody {
			g.Images[i.ID] = true
		}
		snapshots = append(snapshots, i.Snapshots...)
	}
	if !ofRelease {
		return g, o.restorable(ctx, region, account, g.Snapshots)
	}
	for some := range slices.Chunk(snapshots, mostFiltered) {
		if err := o.restorable(ctx, region, account, g.Snapshots, filter("snapshot-id", some...)); err != nil {
			return g, err
		}
	}
	return g, nil
}

// restorable notes which own snapshots that filters find an account may use.
func (o *Observer) restorable(ctx context.Context, region, account string, found map[string]bool, by ...types.Filter) error {
	pages := ec2.NewDescribeSnapshotsPaginator(o.Clients.EC2(region), &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, RestorableByUserIds: []string{account}, Filters: by, MaxResults: aws.Int32(page),
	})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return fmt.Errorf("describe snapshots in %s: %w", region, err)
		}
		for _, s := range got.Snapshots {
			found[aws.ToString(s.SnapshotId)] = true
		}
	}
	return nil
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
