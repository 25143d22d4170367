package observe

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
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
				func(ctx context.Context) audit.Finding { return o.metadataFinding(ctx, v) },
				func(ctx context.Context) audit.Finding { return o.typesFinding(ctx, v) })
			for _, t := range v.Build.LaunchTargets() {
				asks = append(asks, func(ctx context.Context) audit.Finding {
					return subnetFinding(ctx, c.EC2(v.Build.Region), v.Build, t.Subnet)
				})
			}
		}
		for _, l := range r.Listings {
			asks = append(asks, func(ctx context.Context) audit.Finding {
				return recommendedFinding(ctx, c.EC2(marketplace.Region), l)
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

// metadataFinding says whether AWS lets builds of a variant launch an instance, as for its
// metadata service, and gives it one. A base that can't be read is a finding of its own.
func (o *Observer) metadataFinding(ctx context.Context, v release.Variant) audit.Finding {
	region := v.Build.Region
	f := audit.Finding{Where: region, What: "instances may be launched as builds do: with tokens that are optional", How: audit.Proven}
	if v.Build.Tokens {
		f.What = "instances may be launched as builds do: with tokens that are required"
	}
	if v.Build.Tokens && v.Build.Metadata {
		return f
	}
	defaults, err := metadataDefaults(ctx, o.Clients.EC2(region))
	if awsapi.Denied(awsapi.Code(err)) { // no build needs to read it
		return audit.Finding{Where: region, What: "whether launches must require tokens", How: audit.Unknown, More: awsapi.Text(err)}
	}
	if err != nil {
		return finding(region, "whether launches must require tokens", err)
	}
	base, err := o.base(ctx, world.Query{Kind: world.LookBase, Variant: v.Image + "/" + v.Arch, Region: region})
	switch {
	case defaults.Off && !v.Build.Metadata:
		f.Err = defaults.Without(region) + "; " + either(defaults.SwitchOn(region), release.AskForMetadata)
	case err == nil && !v.Build.Tokens && defaults.Refuses(base.IMDSSupport):
		f.Err = defaults.Refusal(region) + "; " + either(defaults.RequireTokens(region), release.AskForTokens)
	}
	return f
}

// either are the ways out that there are.
func either(ways ...string) string {
	return strings.Join(slices.DeleteFunc(ways, func(way string) bool { return way == "" }), ", or ")
}

// typesFinding says whether the instances of builds can be launched, by their types.
func (o *Observer) typesFinding(ctx context.Context, v release.Variant) audit.Finding {
	b, names := v.Build, typesOf(v.Build)
	what := "instance type "
	if len(names) > 1 {
		what = "instance types "
	}
	has, err := instanceTypes(ctx, o.Clients.EC2(b.Region), names...)
	f := finding(b.Region, what+strings.Join(names, ", ")+" for builds of "+v.Arch, err)
	if err != nil {
		return f
	}
	in, _ := o.network(ctx, b.Region) // what is wrong with it is a finding of its own
	why, passed := world.Region{Types: world.Fact[map[string]world.InstanceType]{Val: has}, Network: world.Fact[map[string]world.Subnet]{Val: in}}.Unlaunchable(b, v.Arch)
	if why != "" {
		f.Err = why + ": see " + b.See("instance")
	}
	f.More = strings.Join(passed, "; ")
	return f
}

// recommendedFinding says whether buyers can launch the type that a listing recommends.
func recommendedFinding(ctx context.Context, client *ec2.Client, l release.Listing) audit.Finding {
	has, err := instanceTypes(ctx, client, l.Version.InstanceType)
	f := finding(marketplace.Region, fmt.Sprintf("instance type %s for listing %s of %s", l.Version.InstanceType, l.Name, l.Arch), err)
	if err != nil {
		return f
	}
	r := world.Region{Types: world.Fact[map[string]world.InstanceType]{Val: has}}
	if unfit := r.LacksType(marketplace.Region, l.Version.InstanceType, l.Arch); unfit != "" {
		f.Err = unfit + ": see " + l.Lines["recommended_instance_type"]
	}
	return f
}

// machineArch is an architecture as EC2 spells it.
func machineArch(arch string) string {
	if arch == "amd64" {
		return "x86_64"
	}
	return arch
}
