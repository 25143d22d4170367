package observe

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"amiship/internal/awsapi"
	"amiship/internal/world"
)

// Preflight asks AWS, without changing anything, whether a release could work:
// that every region answers, that builds have a network to run in, and that the
// caller may claim one.
func Preflight(ctx context.Context, c *awsapi.Clients, buildRegion, subnet string, regions []string) []world.Finding {
	out := make([]world.Finding, len(regions))
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, r := range regions {
		g.Go(func() error {
			_, err := c.EC2(r).DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: []string{"self"}, MaxResults: aws.Int32(5)})
			out[i] = finding(r, "ec2:DescribeImages", err)
			return nil
		})
	}
	_ = g.Wait() // findings hold the errors
	client := c.EC2(buildRegion)
	out = append(out, finding(buildRegion, "a network for builds", network(ctx, client, subnet)))
	_, err := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("amiship-check"), Description: aws.String("dry run"), DryRun: aws.Bool(true),
	})
	out = append(out, finding(buildRegion, "ec2:CreateSecurityGroup", dry(err)))
	_, err = client.CreateKeyPair(ctx, &ec2.CreateKeyPairInput{KeyName: aws.String("amiship-check"), DryRun: aws.Bool(true)})
	return append(out, finding(buildRegion, "ec2:CreateKeyPair", dry(err)))
}

func finding(where, what string, err error) world.Finding {
	f := world.Finding{Where: where, What: what}
	if err != nil {
		f.Err = awsapi.Text(err)
	}
	return f
}

// dry takes AWS's "it would have worked" for what it is.
func dry(err error) error {
	if awsapi.IsDryRun(err) {
		return nil
	}
	return err
}

func network(ctx context.Context, client *ec2.Client, subnet string) error {
	if subnet != "" {
		_, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{subnet}})
		return err
	}
	out, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []types.Filter{filter("is-default", "true")}})
	if err != nil {
		return err
	}
	if len(out.Vpcs) == 0 {
		return fmt.Errorf("there is no default VPC: name a subnet in build.subnet")
	}
	return nil
}
