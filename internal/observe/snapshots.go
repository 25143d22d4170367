package observe

import (
	"context"
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
	"amiship/internal/world"
)

// snapshots reads those of a region that carry the project's tags: one call for a
// page of 1,000, and one for the Recycle Bin if there are any.
func (o *Observer) snapshots(ctx context.Context, region string) ([]world.Snapshot, error) {
	client := o.Clients.EC2(region)
	var out []world.Snapshot
	pages := ec2.NewDescribeSnapshotsPaginator(client, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, MaxResults: aws.Int32(page),
		Filters: []types.Filter{filter("tag:"+record.TagProject, record.TagValue(o.Desired.Project))},
	})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe snapshots in %s: %w", region, err)
		}
		for _, s := range got.Snapshots {
			out = append(out, snapshot(s))
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	bin, err := binned(ctx, client, region)
	for i := range out {
		out[i].Binned = bin[out[i].AMI]
	}
	return out, err
}

// firstAMI is the one that a snapshot was made for: "Created by CreateImage(i-0) for
// ami-1", "Copied for DestinationAmi ami-1 from SourceAmi ami-2".
var firstAMI = regexp.MustCompile(`ami-[0-9a-f]+`)

func snapshot(s types.Snapshot) world.Snapshot {
	out := world.Snapshot{
		ID: aws.ToString(s.SnapshotId), AMI: firstAMI.FindString(aws.ToString(s.Description)),
		Started: aws.ToTime(s.StartTime).UTC(), Tags: map[string]string{}, Size: int(aws.ToInt32(s.VolumeSize)),
	}
	for _, t := range s.Tags {
		out.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return out
}
