package ec2

import (
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

// permissionIn is an IpPermissions.N of a request.
type permissionIn struct {
	IPProtocol  string `wire:"IpProtocol"`
	FromPort    *int
	ToPort      *int
	Groups      []groupPairIn
	Ranges      []rangeIn  `wire:"IpRanges"`
	Ranges6     []range6In `wire:"Ipv6Ranges"`
	PrefixLists []prefixIn `wire:"PrefixListIds"`
}

type groupPairIn struct {
	Description, GroupName string
	UserID                 string `wire:"UserId"`
	GroupID                string `wire:"GroupId"`
	VpcID                  string `wire:"VpcId"`
}

type rangeIn struct {
	Description string
	CIDR        string `wire:"CidrIp"`
}

type range6In struct {
	Description string
	CIDR        string `wire:"CidrIpv6"`
}

type prefixIn struct {
	Description string
	ID          string `wire:"PrefixListId"`
}

type ruleIn struct {
	dry
	groupIn
	IPPermissions []permissionIn `wire:"IpPermissions"`
	CIDR          string         `wire:"CidrIp"`
	IPProtocol    string         `wire:"IpProtocol"`
	FromPort      *int
	ToPort        *int
	SourceGroup   string `wire:"SourceSecurityGroupName"`
	SourceOwner   string `wire:"SourceSecurityGroupOwnerId"`
}

// rules spells out every rule of a request, which names none twice: one per source.
func (in *ruleIn) rules(c *wire.Call) ([]rule, error) {
	asked := slices.Clone(in.IPPermissions)
	if in.IPProtocol != "" || in.CIDR != "" {
		p := permissionIn{IPProtocol: in.IPProtocol, FromPort: in.FromPort, ToPort: in.ToPort}
		if in.CIDR != "" {
			p.Ranges = []rangeIn{{CIDR: in.CIDR}}
		}
		asked = append(asked, p)
	}
	if in.SourceGroup != "" {
		asked = append(asked, permissionIn{IPProtocol: "-1", Groups: []groupPairIn{{GroupName: in.SourceGroup, UserID: in.SourceOwner}}})
	}
	var out []rule
	for _, p := range asked {
		rs, err := p.rules(c)
		if err != nil {
			return nil, err
		}
		for _, r := range rs {
			if slices.ContainsFunc(out, r.same) {
				return nil, wire.Errorf("InvalidParameterValue", "The same permission must not appear multiple times")
			}
			out = append(out, r)
		}
	}
	return out, nil
}

func (p permissionIn) rules(c *wire.Call) ([]rule, error) {
	base, err := p.ports()
	if err != nil {
		return nil, err
	}
	var out []rule
	add := func(description string, fill func(*rule)) {
		r := base
		r.ID, r.Description = newID("sgr"), description
		fill(&r)
		out = append(out, r)
	}
	for _, s := range p.Ranges {
		cidr, err := canonical(s.CIDR, false)
		if err != nil {
			return nil, err
		}
		add(s.Description, func(r *rule) { r.CIDR = cidr })
	}
	for _, s := range p.Ranges6 {
		cidr, err := canonical(s.CIDR, true)
		if err != nil {
			return nil, err
		}
		add(s.Description, func(r *rule) { r.CIDR6 = cidr })
	}
	for _, s := range p.PrefixLists {
		add(s.Description, func(r *rule) { r.PrefixList = s.ID })
	}
	for _, s := range p.Groups {
		if err := s.check(c); err != nil {
			return nil, err
		}
		g, err := namedGroup(c, s.GroupID, s.GroupName)
		if err != nil {
			return nil, err
		}
		add(s.Description, func(r *rule) { r.Group, r.User = g.ID, g.Account })
	}
	if len(out) == 0 {
		return nil, missingParameter("ipPermissions: a source")
	}
	return out, nil
}

// check refuses a group that is not the caller's own, in its VPC: there is no peering.
func (s groupPairIn) check(c *wire.Call) error {
	switch {
	case s.UserID != "" && !accountForm.MatchString(s.UserID):
		return wire.Errorf("InvalidUserID.Malformed", "Invalid user id: \"%s\"", s.UserID)
	case s.UserID != "" && s.UserID != c.Account.ID, s.VpcID != "" && s.VpcID != vpcID(c):
		return wire.Errorf("Unsupported", "The sandbox has no VPC peering: the source of a rule is a group of the same VPC.")
	}
	return nil
}

// ports checks protocol and ports.
func (p permissionIn) ports() (rule, error) {
	r := rule{Protocol: protocolName(p.IPProtocol), From: -1, To: -1}
	if r.Protocol == "" {
		return r, missingParameter("ipProtocol")
	}
	if p.FromPort != nil {
		r.From = *p.FromPort
	}
	if p.ToPort != nil {
		r.To = *p.ToPort
	}
	switch r.Protocol {
	case "-1":
		r.From, r.To = -1, -1
	case "tcp", "udp":
		if p.FromPort == nil || p.ToPort == nil {
			return r, wire.Errorf("InvalidParameterValue", "Must specify both from and to ports with TCP/UDP.")
		}
		if r.From < 0 || r.To > 65535 || r.From > r.To {
			return r, wire.Errorf("InvalidParameterValue", "Invalid TCP/UDP port range (%d:%d)", r.From, r.To)
		}
	}
	return r, nil
}

func protocolName(p string) string {
	switch p {
	case "all":
		return "-1"
	case "1":
		return "icmp"
	case "6":
		return "tcp"
	case "17":
		return "udp"
	case "58":
		return "icmpv6"
	}
	return strings.ToLower(p)
}
