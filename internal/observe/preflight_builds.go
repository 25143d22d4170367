package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
	"amiship/internal/release"
	"amiship/internal/world"
)

// PreflightBuilds asks, without changing anything, for what images are built from and run
// on: the base AMI of each variant, the subnets and instance types of builds, and the types
// that listings recommend. Each finding is reported once, whatever number of releases and variants it is about.
func PreflightBuilds(ctx context.Context, c *awsapi.Clients, releases []release.Desired) []audit.Finding {
	var asks []func(context.Context) audit.Finding
	for _, r := range releases {
		o := &Observer{Clients: c, Desired: r}
		for _, v := range r.Variants {
			asks = append(asks,
				func(ctx context.Context) audit.Finding { return o.baseFinding(ctx, v) },
				func(ctx context.Context) audit.Finding { return o.tokensFinding(ctx, v) })
			for _, t := range v.Build.LaunchTargets() {
				asks = append(asks, func(ctx context.Context) audit.Finding {
					return subnetFinding(ctx, c.EC2(v.Build.Region), v.Build, t.Subnet)
				})
				asks = append(asks, func(ctx context.Context) audit.Finding {
					use := wantedType{Region: v.Build.Region, Name: t.InstanceType, Arch: v.Arch, Subnet: t.Subnet, For: "builds", See: v.Build.See("instance")}
					return use.finding(ctx, c.EC2(v.Build.Region))
				})
			}
		}
		for _, l := range r.Listings {
			asks = append(asks, func(ctx context.Context) audit.Finding {
				use := wantedType{Region: marketplace.Region, Name: l.Version.InstanceType, Arch: l.Arch, For: "listing " + l.Name, See: l.Lines["recommended_instance_type"]}
				return use.finding(ctx, c.EC2(marketplace.Region))
			})
		}
	}
	found := make([]audit.Finding, len(asks))
	var g errgroup.Group
	g.SetLimit(parallel)
	for i, ask := range asks {
		g.Go(func() error {
			within, cancel := c.Within(ctx)
			defer cancel()
			found[i] = ask(within)
			return nil
		})
	}
	_ = g.Wait() // findings hold the errors
	var out []audit.Finding
	for _, f := range found {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

func (o *Observer) baseFinding(ctx context.Context, v release.Variant) audit.Finding {
	base, err := o.base(ctx, world.Query{Kind: world.LookBase, Variant: v.Image + "/" + v.Arch, Region: v.Build.Region})
	if err != nil {
		if base.Allowed.Enabled && len(base.Allowed.Allow) > 0 {
			err = fmt.Errorf("%w; amiship plan TAG names the command that allows it", err)
		}
		return finding(v.Build.Region, "base of "+v.Arch+" images", err)
	}
	if base.ProductCode != "" && o.Desired.Open(v) {
		err = errors.New("has a product code of AWS Marketplace: images that are built from it can be neither public nor listed")
	}
	days := int(o.Clients.Now().Sub(base.Created).Hours() / 24)
	what := fmt.Sprintf("base of %s images: %s (%s, %d days old)", v.Arch, base.Name, base.ID, days)
	if families := base.Families(); len(families) > 1 {
		what += "; the newest of several families that fit " + v.Build.Base.Name + ": " + strings.Join(families, ", ")
	}
	if base.Unallowed {
		what += "; the account's Allowed AMIs, in audit mode, do not allow it"
	}
	return finding(v.Build.Region, what, err)
}

// subnetFinding says whether builds can run in a subnet, and be reached there.
func subnetFinding(ctx context.Context, client *ec2.Client, b release.Build, id string) audit.Finding {
	what := "a network for builds"
	if id != b.Subnet {
		what += ", where " + b.Subnet + " has no capacity"
	}
	found, err := subnet(ctx, client, b.Region, id)
	f := finding(b.Region, what, err)
	switch {
	case err != nil:
	case found.Missing != "":
		f.Err = found.Missing + ": see " + b.See("subnet")
	case found.Private && b.Outside():
		f.Err = b.Unreachable(id)
	}
	return f
}

// tokensFinding says whether AWS lets builds of a variant launch an instance, as for the
// tokens of its metadata service. A base that can't be read is a finding of its own.
func (o *Observer) tokensFinding(ctx context.Context, v release.Variant) audit.Finding {
	f := audit.Finding{Where: v.Build.Region, What: "instances may be launched as builds do: with tokens that are optional", How: audit.Proven}
	if v.Build.Tokens {
		f.What = "instances may be launched as builds do: with tokens that are required"
		return f
	}
	defaults, err := metadataDefaults(ctx, o.Clients.EC2(v.Build.Region))
	if awsapi.Denied(awsapi.Code(err)) { // no build needs to read it
		return audit.Finding{Where: f.Where, What: "whether launches must require tokens", How: audit.Unknown, More: awsapi.Text(err)}
	}
	if err != nil {
		return finding(f.Where, "whether launches must require tokens", err)
	}
	base, err := o.base(ctx, world.Query{Kind: world.LookBase, Variant: v.Image + "/" + v.Arch, Region: v.Build.Region})
	if err == nil && defaults.Refuses(base.IMDSSupport) {
		ways := slices.DeleteFunc([]string{defaults.RequireTokens(v.Build.Region), release.AskForTokens}, func(way string) bool { return way == "" })
		f.Err = defaults.Refusal(v.Build.Region) + "; " + strings.Join(ways, ", or ")
	}
	return f
}

// wantedType is an instance type, and what for.
type wantedType struct {
	Region, Name, Arch string
	Subnet             string // of its instances; empty: any zone will do
	For, See           string // what needs it, and where it is named
}

func (w wantedType) finding(ctx context.Context, client *ec2.Client) audit.Finding {
	err := w.fits(ctx, client)
	if errors.As(err, new(unfit)) {
		err = fmt.Errorf("%w: see %s", err, w.See)
	}
	return finding(w.Region, fmt.Sprintf("instance type %s for %s of %s", w.Name, w.For, w.Arch), err)
}

// unfit says why instances can't run on a type.
type unfit string

func (u unfit) Error() string { return string(u) }

// fits says, as an unfit, why instances of the architecture can't run on the type there.
func (w wantedType) fits(ctx context.Context, client *ec2.Client) error {
	out, err := client.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{Filters: []types.Filter{filter("instance-type", w.Name)}})
	if err != nil {
		return err
	}
	if len(out.InstanceTypes) == 0 {
		return unfit(fmt.Sprintf("%s has no instance type %s", w.Region, w.Name))
	}
	if has := out.InstanceTypes[0].ProcessorInfo.SupportedArchitectures; !slices.Contains(has, types.ArchitectureType(machineArch(w.Arch))) {
		return unfit(fmt.Sprintf("%s runs %v only, not %s", w.Name, has, machineArch(w.Arch)))
	}
	if w.Subnet == "" {
		return w.offered(ctx, client, types.LocationTypeRegion, w.Region, "")
	}
	return w.fitsIn(ctx, client)
}

// offered says, as an unfit, that the type is not offered in a place; where says more of it.
func (w wantedType) offered(ctx context.Context, client *ec2.Client, kind types.LocationType, place, where string) error {
	out, err := client.DescribeInstanceTypeOfferings(ctx, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: kind, Filters: []types.Filter{filter("instance-type", w.Name), filter("location", place)},
	})
	if err == nil && len(out.InstanceTypeOfferings) == 0 {
		err = unfit(fmt.Sprintf("%s is not offered in %s%s", w.Name, place, where))
	}
	return err
}

// fitsIn says so of the zone of the subnet.
func (w wantedType) fitsIn(ctx context.Context, client *ec2.Client) error {
	subnets, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{w.Subnet}})
	if awsapi.IsNoSubnet(err) || err == nil && len(subnets.Subnets) == 0 {
		return nil // which is a finding of its own
	}
	if err != nil {
		return err
	}
	zone := aws.ToString(subnets.Subnets[0].AvailabilityZone)
	return w.offered(ctx, client, types.LocationTypeAvailabilityZone, zone, ", where the subnet "+w.Subnet+" is")
}

// machineArch is an architecture as EC2 spells it.
func machineArch(arch string) string {
	if arch == "amd64" {
		return "x86_64"
	}
	return arch
}
