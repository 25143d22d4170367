package observe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/record"
	"amiship/internal/world"
)

// claims reads the project's claims in a region: security groups whose names
// begin as ours do, their key pairs, and the instances in them.
func (o *Observer) claims(ctx context.Context, region string) ([]world.Claim, error) {
	client := o.Clients.EC2(region)
	var out []world.Claim
	pages := ec2.NewDescribeSecurityGroupsPaginator(client, &ec2.DescribeSecurityGroupsInput{
		Filters: []types.Filter{filter("group-name", record.ClaimsPattern(o.Desired.Project))}, MaxResults: aws.Int32(page),
	})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("describe security groups in %s: %w", region, err)
		}
		for _, g := range got.SecurityGroups {
			out = append(out, claim(g))
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	if err := o.keyPairs(ctx, client, out); err != nil {
		return nil, fmt.Errorf("describe key pairs in %s: %w", region, err)
	}
	if err := o.builders(ctx, client, out); err != nil {
		return nil, fmt.Errorf("describe instances in %s: %w", region, err)
	}
	return out, nil
}

func claim(g types.SecurityGroup) world.Claim {
	c := world.Claim{Group: aws.ToString(g.GroupId), Name: aws.ToString(g.GroupName), Tags: Tags(g.Tags)}
	c.Run = c.Tag(record.TagRun)
	c.Alive, _ = time.Parse(time.RFC3339, c.Tag(record.TagAlive)) // none: see world.Claim.Due
	return c
}

func (o *Observer) keyPairs(ctx context.Context, client *ec2.Client, claims []world.Claim) error {
	got, err := client.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{
		Filters: []types.Filter{filter("key-name", record.ClaimsPattern(o.Desired.Project))},
	})
	if err != nil {
		return err
	}
	for _, k := range got.KeyPairs {
		for i := range claims {
			if claims[i].Name == aws.ToString(k.KeyName) && !record.OfAnother(Tags(k.Tags), claims[i].Tags) {
				claims[i].KeyPair = claims[i].Name
			}
		}
	}
	return nil
}

func (o *Observer) builders(ctx context.Context, client *ec2.Client, claims []world.Claim) error {
	byGroup := map[string]*world.Claim{}
	var ids []string
	for i := range claims {
		byGroup[claims[i].Group] = &claims[i]
		ids = append(ids, claims[i].Group)
	}
	for some := range slices.Chunk(ids, mostFiltered) {
		machines, err := instancesIn(ctx, client, some)
		if err != nil {
			return err
		}
		for _, in := range machines {
			for _, g := range in.SecurityGroups {
				if c := byGroup[aws.ToString(g.GroupId)]; c != nil && !slices.Contains(c.Instances, aws.ToString(in.InstanceId)) {
					c.Instances = append(c.Instances, aws.ToString(in.InstanceId))
				}
			}
		}
	}
	return nil
}

// instancesIn returns the instances in security groups, of which a filter takes
// mostFiltered, that are not terminated.
func instancesIn(ctx context.Context, client *ec2.Client, groups []string) ([]types.Instance, error) {
	var out []types.Instance
	pages := ec2.NewDescribeInstancesPaginator(client, &ec2.DescribeInstancesInput{
		MaxResults: aws.Int32(page),
		Filters: []types.Filter{
			filter("instance.group-id", groups...),
			filter("instance-state-name", "pending", "running", "shutting-down", "stopping", "stopped"),
		},
	})
	for pages.HasMorePages() {
		got, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range got.Reservations {
			out = append(out, r.Instances...)
		}
	}
	return out, nil
}
