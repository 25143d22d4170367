package boottest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/awsapi"
	"amiship/internal/release"
)

// SandboxAddress is where a sandbox, which listens on a loopback address, tells a client's
// address.
const SandboxAddress = "/sandbox/address"

// AccessFrom returns the address ranges that may connect to instances of builds and boot
// tests in a region, as configured in build.access_from. If none is found, the error
// names the field: the instances are never open to the internet instead.
func AccessFrom(ctx context.Context, clients *awsapi.Clients, region string, b release.Build) (out []netip.Prefix, err error) {
	switch {
	case slices.Equal(b.AccessFrom, []string{release.AccessAuto}):
		out, err = ownAddress(ctx, addressURL(clients.Endpoint(), b.AddressURL))
	case slices.Equal(b.AccessFrom, []string{release.AccessVPC}):
		out, err = vpcRanges(ctx, clients.EC2(region), b.Subnet)
	default:
		out, err = ranges(b.AccessFrom)
	}
	if err == nil && len(out) == 0 {
		err = errors.New("no range of addresses")
	}
	if err != nil {
		return nil, fmt.Errorf("build.access_from: %s: %w; give ranges of addresses in its place", strings.Join(b.AccessFrom, ", "), err)
	}
	return out, nil
}

func ranges(texts []string) (out []netip.Prefix, err error) {
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, err
		}
		out = append(out, prefix)
	}
	return out, nil
}

// addressURL is the source of this machine's address: the catalog's, or AWS's endpoint if
// that is on this machine.
func addressURL(endpoint, configured string) string {
	u, err := url.Parse(endpoint)
	if err != nil || endpoint == "" {
		return configured
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil && addr.IsLoopback() || u.Hostname() == "localhost" {
		return u.JoinPath(SandboxAddress).String()
	}
	return configured
}

// The time limit and the size limit of the answer with this machine's address.
const (
	addressWithin = 10 * time.Second
	maxAddress    = 64
)

// ownAddress requests this machine's public address. An answer after a redirect does not
// count.
func ownAddress(ctx context.Context, from string) ([]netip.Prefix, error) {
	ctx, cancel := context.WithTimeout(ctx, addressWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAddress))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", from, err)
	}
	addr, err := netip.ParseAddr(strings.TrimSpace(string(text)))
	if resp.StatusCode != http.StatusOK || err != nil || addr.IsUnspecified() {
		return nil, fmt.Errorf("%s answers %s with %.40q, not with an address", from, resp.Status, text)
	}
	addr = addr.Unmap().WithZone("")
	return []netip.Prefix{netip.PrefixFrom(addr, addr.BitLen())}, nil
}

// vpcRanges are those of the VPC that a subnet is in; without one, of the default VPC.
func vpcRanges(ctx context.Context, client *ec2.Client, subnet string) (out []netip.Prefix, err error) {
	in := &ec2.DescribeVpcsInput{Filters: []types.Filter{{Name: aws.String("is-default"), Values: []string{"true"}}}}
	if subnet != "" {
		found, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{subnet}})
		if err != nil || len(found.Subnets) == 0 {
			return nil, cmp.Or(err, errors.New("no subnet "+subnet))
		}
		in = &ec2.DescribeVpcsInput{VpcIds: []string{aws.ToString(found.Subnets[0].VpcId)}}
	}
	vpcs, err := client.DescribeVpcs(ctx, in)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, vpc := range vpcs.Vpcs {
		texts = append(texts, aws.ToString(vpc.CidrBlock))
		for _, a := range vpc.CidrBlockAssociationSet {
			if a.CidrBlockState != nil && a.CidrBlockState.State == types.VpcCidrBlockStateCodeAssociated {
				texts = append(texts, aws.ToString(a.CidrBlock))
			}
		}
	}
	slices.Sort(texts)
	return ranges(slices.Compact(texts))
}
