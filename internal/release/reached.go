package release

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// See says where a field of build is: "build.subnet (amiship.yaml:12)".
func (b Build) See(field string) string {
	if at := b.Lines[field]; at != "" {
		return "build." + field + " (" + at + ")"
	}
	return "build." + field + " in amiship.yaml"
}

// Outside reports whether instances are reached from outside their VPC, at public addresses:
// by none of AccessVPC and ranges that have private addresses in them.
func (b Build) Outside() bool {
	return !slices.ContainsFunc(b.AccessFrom, func(from string) bool {
		if from == AccessVPC {
			return true
		}
		r, err := netip.ParsePrefix(from)
		return err == nil && slices.ContainsFunc(privateRanges(), r.Overlaps)
	})
}

// Unreachable says that instances in a subnet have no public address and are reached at one.
func (b Build) Unreachable(subnet string) string {
	in := "the default subnets of " + b.Region
	if subnet != "" {
		in = subnet
	}
	return fmt.Sprintf("%s: instances in %s get no public address, and %s says that they are reached from outside their VPC: %s",
		b.See("subnet"), in, b.See("access_from"), strings.Join(b.AccessFrom, ", "))
}

// privateRanges are addresses that the internet does not route.
func privateRanges() []netip.Prefix {
	return []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
		netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("fc00::/7"),
	}
}
