package observe

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/world"
)

// network reads the subnets that builds name in a region.
func (o *Observer) network(ctx context.Context, region string) (map[string]world.Subnet, error) {
	out := map[string]world.Subnet{}
	for _, v := range o.Desired.Variants {
		for _, t := range v.Build.LaunchTargets() {
			if _, asked := out[t.Subnet]; asked || v.Build.Region != region {
				continue
			}
			found, err := subnet(ctx, o.Clients.EC2(region), region, t.Subnet)
			if err != nil {
				return nil, err
			}
			out[t.Subnet] = found
		}
	}
	return out, nil
}

// subnet reads the subnet that builds run in; without an id, the default VPC.
func subnet(ctx context.Context, client *ec2.Client, region, id string) (world.Subnet, error) {
	if id == "" {
		return defaultSubnets(ctx, client, region)
	}
	out, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{id}})
	if awsapi.IsNoSubnet(err) || err == nil && len(out.Subnets) == 0 {
		return world.Subnet{Missing: "the account has no subnet " + id + " in " + region}, nil
	}
	if err != nil {
		return world.Subnet{}, err
	}
	return world.Subnet{VPC: aws.ToString(out.Subnets[0].VpcId), Zones: zonesOf(out.Subnets), Private: private(out.Subnets)}, nil
}

// defaultSubnets are those in which EC2 launches what names no subnet.
func defaultSubnets(ctx context.Context, client *ec2.Client, region string) (world.Subnet, error) {
	out, err := client.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: []types.Filter{filter("is-default", "true")}})
	if err != nil {
		return world.Subnet{}, err
	}
	if len(out.Vpcs) == 0 {
		return world.Subnet{Missing: "there is no default VPC in " + region + ", and build.subnet names no subnet"}, nil
	}
	vpc := aws.ToString(out.Vpcs[0].VpcId)
	in, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{filter("vpc-id", vpc), filter("default-for-az", "true")}})
	if err != nil {
		return world.Subnet{}, err
	}
	if len(in.Subnets) == 0 {
		return world.Subnet{VPC: vpc, Missing: "the default VPC of " + region + " has no default subnet, and build.subnet names none"}, nil
	}
	return world.Subnet{VPC: vpc, Zones: zonesOf(in.Subnets), Private: private(in.Subnets)}, nil
}

// zonesOf are the zones of subnets, sorted.
func zonesOf(subnets []types.Subnet) (zones []string) {
	for _, s := range subnets {
		zones = append(zones, aws.ToString(s.AvailabilityZone))
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}

// private reports whether none of the subnets gives instances public addresses.
func private(subnets []types.Subnet) bool {
	return !slices.ContainsFunc(subnets, func(s types.Subnet) bool { return aws.ToBool(s.MapPublicIpOnLaunch) })
}

// metadataDefaults reads what the account has set for the metadata service of new instances.
func metadataDefaults(ctx context.Context, client *ec2.Client) (world.MetadataDefaults, error) {
	out, err := client.GetInstanceMetadataDefaults(ctx, &ec2.GetInstanceMetadataDefaultsInput{})
	if err != nil || out.AccountLevel == nil {
		return world.MetadataDefaults{}, err
	}
	return world.MetadataDefaults{
		Tokens: string(out.AccountLevel.HttpTokens), Enforced: out.AccountLevel.HttpTokensEnforced == types.HttpTokensEnforcedStateEnabled,
		Off: out.AccountLevel.HttpEndpoint == types.InstanceMetadataEndpointStateDisabled, ByPolicy: out.AccountLevel.ManagedBy == types.ManagedByDeclarativePolicy,
	}, nil
}

// denied says which actions of a release the caller may not do in a region: eight
// dry runs where it is built, six elsewhere.
func (o *Observer) denied(ctx context.Context, region string) (map[string]string, error) {
	client := o.Clients.EC2(region)
	runs := dryRuns(ctx, client)
	if slices.Contains(o.Desired.BuildRegions(), region) {
		runs = append(runs, dryClaims(ctx, client)...)
	}
	out := map[string]string{}
	for _, r := range runs {
		switch {
		case awsapi.Denied(awsapi.Code(r.err)):
			out[r.action] = awsapi.Text(r.err)
		case awsapi.Unreachable(r.err) != "":
			return nil, r.err
		}
	}
	return out, nil
}

// dryRun is an IAM action, and what AWS said to it.
type dryRun struct {
	action string
	err    error
}

// noResource is an id that no resource has.
const noResource = "00000000000000000"

// dryClaims ask for what a claim consists of.
func dryClaims(ctx context.Context, client *ec2.Client) []dryRun {
	_, group := client.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("amiship-check"), Description: aws.String("dry run"), DryRun: aws.Bool(true),
	})
	_, key := client.CreateKeyPair(ctx, &ec2.CreateKeyPairInput{KeyName: aws.String("amiship-check"), DryRun: aws.Bool(true)})
	return []dryRun{{"ec2:CreateSecurityGroup", group}, {"ec2:CreateKeyPair", key}}
}

// dryRuns request what is done in every region, for an AMI and a snapshot that
// do not exist: AWS checks permissions first.
func dryRuns(ctx context.Context, client *ec2.Client) []dryRun {
	ami, snapshot := aws.String("ami-"+noResource), aws.String("snap-"+noResource)
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
	_, deleted := client.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: snapshot, DryRun: aws.Bool(true)})
	return []dryRun{
		{"ec2:CopyImage", copied},
		{"ec2:ModifyImageAttribute", shared},
		{"ec2:ModifySnapshotAttribute", restorable},
		{"ec2:CreateTags", tagged},
		{"ec2:DeregisterImage", removed},
		{"ec2:DeleteSnapshot", deleted},
	}
}
