package observe

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/release"
	"amiship/internal/world"
)

// types reads the instance types that builds and boot tests of a region name.
func (o *Observer) types(ctx context.Context, region string) (map[string]world.InstanceType, error) {
	var names []string
	for _, v := range o.Desired.Variants {
		if v.Build.Region == region {
			names = append(names, typesOf(v.Build)...)
		}
	}
	slices.Sort(names)
	return instanceTypes(ctx, o.Clients.EC2(region), slices.Compact(names)...)
}

// typesOf are the instance types of builds, each once.
func typesOf(b release.Build) (names []string) {
	for _, t := range b.LaunchTargets() {
		if !slices.Contains(names, t.InstanceType) {
			names = append(names, t.InstanceType)
		}
	}
	return names
}

// instanceTypes reads, by two calls, those of the types that the region has.
func instanceTypes(ctx context.Context, client *ec2.Client, names ...string) (map[string]world.InstanceType, error) {
	named := []types.Filter{filter("instance-type", names...)}
	out := map[string]world.InstanceType{}
	known := ec2.NewDescribeInstanceTypesPaginator(client, &ec2.DescribeInstanceTypesInput{Filters: named})
	for known.HasMorePages() {
		got, err := known.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range got.InstanceTypes {
			out[string(t.InstanceType)] = world.InstanceType{Archs: archsOf(t.ProcessorInfo)}
		}
	}
	offered := ec2.NewDescribeInstanceTypeOfferingsPaginator(client, &ec2.DescribeInstanceTypeOfferingsInput{LocationType: types.LocationTypeAvailabilityZone, Filters: named})
	for offered.HasMorePages() {
		got, err := offered.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range got.InstanceTypeOfferings {
			t := out[string(o.InstanceType)]
			t.Zones = append(t.Zones, *o.Location)
			out[string(o.InstanceType)] = t
		}
	}
	return out, nil
}

// archsOf are the architectures of a processor, as the catalog spells them.
func archsOf(p *types.ProcessorInfo) (archs []string) {
	if p == nil {
		return nil
	}
	for _, a := range p.SupportedArchitectures {
		archs = append(archs, string(a))
		if a == types.ArchitectureTypeX8664 {
			archs[len(archs)-1] = "amd64"
		}
	}
	return archs
}
