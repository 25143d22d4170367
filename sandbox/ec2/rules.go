package ec2

import (
	"net/netip"

	"amiship/sandbox/wire"
)

// rule is one ingress rule: a protocol, ports and one source.
type rule struct {
	ID          string
	Protocol    string // tcp, udp, icmp, icmpv6, a number, or -1 for all
	From, To    int    // -1 for all
	CIDR        string `json:",omitempty"`
	CIDR6       string `json:",omitempty"`
	PrefixList  string `json:",omitempty"`
	Group       string `json:",omitempty"`
	User        string `json:",omitempty"` // owner of Group
	Description string `json:",omitempty"`
}

// maxRules is the quota of rules of a group in one direction, kept for IPv4 and IPv6 apart: a
// rule whose source is a group or a prefix list counts for both
// (docs/reference/aws.md#security-groups).
const maxRules = 60

func checkRuleCount(rules []rule) error {
	four, six := 0, 0
	for _, r := range rules {
		if r.CIDR6 == "" {
			four++
		}
		if r.CIDR == "" {
			six++
		}
	}
	if max(four, six) > maxRules {
		return wire.Errorf("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	return nil
}

// canonical is an address range as EC2 keeps it: 100.68.0.18/18 is 100.68.0.0/18.
func canonical(cidr string, six bool) (string, error) {
	p, err := netip.ParsePrefix(cidr)
	if err != nil || p.Addr().Is4() == six {
		return "", wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", cidr)
	}
	return p.Masked().String(), nil
}

// same reports whether two rules allow the same, ids and descriptions aside.
func (r rule) same(o rule) bool {
	r.ID, r.Description, r.User = o.ID, o.Description, o.User
	return r == o
}
