package outside

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
)

// page is what one call may return, and values what one filter takes.
const (
	page   = 1000
	values = 200
)

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: aws.String(name), Values: values}
}

// ownImages are all AMIs of the caller in a region, hidden ones too, or those that
// pass the filters.
func ownImages(ctx context.Context, c *ec2.Client, filters ...types.Filter) ([]types.Image, error) {
	return images(ctx, c, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, IncludeDeprecated: aws.Bool(true), IncludeDisabled: aws.Bool(true), Filters: filters,
	})
}

// Own are the owner's AMIs of regions, read once for many audits. One that could not be read is read
// again by the next.
type Own struct {
	mu   sync.Mutex
	read map[string][]types.Image
}

// images are those of a region.
func (o *Own) images(ctx context.Context, owner *awsapi.Clients, region string) ([]types.Image, error) {
	if o == nil {
		return ownImages(ctx, owner.EC2(region))
	}
	o.mu.Lock()
	have, there := o.read[region]
	o.mu.Unlock()
	if there {
		return have, nil
	}
	found, err := ownImages(ctx, owner.EC2(region))
	if err == nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.read == nil {
			o.read = map[string][]types.Image{}
		}
		o.read[region] = found
	}
	return found, err
}

func images(ctx context.Context, c *ec2.Client, in *ec2.DescribeImagesInput) ([]types.Image, error) {
	in.MaxResults = aws.Int32(page)
	var out []types.Image
	pages := ec2.NewDescribeImagesPaginator(c, in)
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe images: %w", err)
		}
		out = append(out, got.Images...)
	}
	return out, nil
}

// snapshotIDs are those behind an AMI.
func snapshotIDs(i types.Image) []string {
	var out []string
	for _, d := range i.BlockDeviceMappings {
		if d.Ebs != nil && d.Ebs.SnapshotId != nil {
			out = append(out, *d.Ebs.SnapshotId)
		}
	}
	return out
}

// snapshots describes those of an owner that are behind AMIs, by id; what is gone, or not for
// the client to see, is not among them.
func snapshots(ctx context.Context, c *ec2.Client, owner string, of map[string]types.Image) (map[string]types.Snapshot, error) {
	var ids []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		ids = append(ids, snapshotIDs(of[name])...)
	}
	out := map[string]types.Snapshot{}
	for some := range slices.Chunk(ids, values) {
		pages := ec2.NewDescribeSnapshotsPaginator(c, &ec2.DescribeSnapshotsInput{
			OwnerIds: []string{owner}, Filters: []types.Filter{filter("snapshot-id", some...)}, MaxResults: aws.Int32(page),
		})
		for pages.HasMorePages() {
			got, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("describe snapshots: %w", err)
			}
			for _, s := range got.Snapshots {
				out[aws.ToString(s.SnapshotId)] = s
			}
		}
	}
	return out, nil
}
