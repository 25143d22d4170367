package observe

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
)

// Why nothing can be done in a region.
var (
	errOff      = errors.New("not enabled in this account")
	errNoRegion = errors.New("no region in the partition of this account: it does not exist, or another account is needed")
)

// regionList are the regions of an account's partition: true, if the account has enabled it.
type regionList map[string]bool

// closed says why nothing can be done in a region: errOff or errNoRegion; nil if something
// can, or if the list was not read.
func (l regionList) closed(region string) error {
	on, known := l[region]
	switch {
	case on || l == nil:
		return nil
	case known:
		return errOff
	}
	return errNoRegion
}

// most is how many regions are tried.
const most = 3

// readRegions asks one region after the other for all regions; nil if none answers.
func readRegions(ctx context.Context, c *awsapi.Clients, ask []string) regionList {
	for _, region := range ask[:min(most, len(ask))] {
		out, err := c.EC2(region).DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})
		if err != nil {
			continue
		}
		list := regionList{}
		for _, r := range out.Regions {
			list[aws.ToString(r.RegionName)] = aws.ToString(r.OptInStatus) != "not-opted-in"
		}
		return list
	}
	return nil
}

// OtherRegions are the regions that the account has enabled besides those that are named,
// sorted; none, if they can't be read.
func OtherRegions(ctx context.Context, c *awsapi.Clients, named []string) []string {
	within, cancel := c.Within(ctx)
	defer cancel()
	return readRegions(within, c, named).besides(named)
}

// besides are the enabled regions that are not among some, sorted.
func (l regionList) besides(named []string) (out []string) {
	for region, on := range l {
		if on && !slices.Contains(named, region) {
			out = append(out, region)
		}
	}
	slices.Sort(out)
	return out
}

// regionClosed asks other regions of the release: one that is not enabled knows no caller,
// which is also its answer to wrong keys, and one that does not exist has no address.
func (o *Observer) regionClosed(ctx context.Context, region string) error {
	others := slices.Concat(o.Desired.BuildRegions(), o.Desired.Regions())
	others = slices.DeleteFunc(others, func(r string) bool { return r == region })
	return readRegions(ctx, o.Clients, others).closed(region)
}
