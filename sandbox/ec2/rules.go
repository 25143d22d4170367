package ec2

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"amiship/sandbox/machine"
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

// same reports whether two rules allow the same, ids and descriptions aside.
func (r rule) same(o rule) bool {
	r.ID, r.Description, r.User = o.ID, o.Description, o.User
	return r == o
}

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

// rules spells out every rule of a request: one per source.
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
		out = append(out, rs...)
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
		if _, err := netip.ParsePrefix(s.CIDR); err != nil {
			return nil, wire.Errorf("InvalidParameterValue", "CIDR block %s is malformed", s.CIDR)
		}
		add(s.Description, func(r *rule) { r.CIDR = s.CIDR })
	}
	for _, s := range p.Ranges6 {
		add(s.Description, func(r *rule) { r.CIDR6 = s.CIDR })
	}
	for _, s := range p.PrefixLists {
		add(s.Description, func(r *rule) { r.PrefixList = s.ID })
	}
	for _, s := range p.Groups {
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

type authorizeIn struct {
	ruleIn
	TagSpecs []tagSpec `wire:"TagSpecification"`
}

type xmlRule struct {
	RuleID      string            `xml:"securityGroupRuleId"`
	GroupID     string            `xml:"groupId"`
	OwnerID     string            `xml:"groupOwnerId"`
	IsEgress    bool              `xml:"isEgress"`
	Protocol    string            `xml:"ipProtocol"`
	From        int               `xml:"fromPort"`
	To          int               `xml:"toPort"`
	CIDR        string            `xml:"cidrIpv4,omitempty"`
	CIDR6       string            `xml:"cidrIpv6,omitempty"`
	PrefixList  string            `xml:"prefixListId,omitempty"`
	Referenced  *xmlReferenced    `xml:"referencedGroupInfo"`
	Description string            `xml:"description,omitempty"`
	Tags        wire.List[xmlTag] `xml:"tagSet"`
	ARN         string            `xml:"securityGroupRuleArn"`
}

type xmlReferenced struct {
	GroupID string `xml:"groupId"`
	UserID  string `xml:"userId"`
	VpcID   string `xml:"vpcId"`
}

type authorizeOut struct {
	done
	Rules wire.List[xmlRule] `xml:"securityGroupRuleSet"`
}

// authorizeIngress opens ports, at once also on running machines.
func (e *EC2) authorizeIngress(c *wire.Call, in *authorizeIn) (*authorizeOut, error) {
	g, err := namedGroup(c, in.GroupID, in.GroupName)
	if err != nil {
		return nil, err
	}
	added, err := in.rules(c)
	if err != nil {
		return nil, err
	}
	if len(added) == 0 {
		return nil, missingParameter("ipPermissions")
	}
	tags, err := specTags(in.TagSpecs, "security-group-rule")
	if err != nil {
		return nil, err
	}
	out := &authorizeOut{done: done{true}}
	g.Ingress = slices.Clone(g.Ingress)
	for _, r := range added {
		if slices.ContainsFunc(g.Ingress, r.same) {
			return nil, wire.Errorf("InvalidPermission.Duplicate", `the specified rule "%s" already exists`, r)
		}
		g.Ingress = append(g.Ingress, r)
		putTags(c.Tx, c.Region, g.Account, "security-group-rule", r.ID, tags["security-group-rule"])
		out.Rules = append(out.Rules, ruleXML(c, g, r, tags["security-group-rule"]))
	}
	groups.Put(c.Tx, c.Region, g.ID, g)
	e.portsChanged(c, g.ID)
	return out, nil
}

// String is a rule as AWS's errors name it.
func (r rule) String() string {
	ports := fmt.Sprintf("from port: %d, to port: %d", r.From, r.To)
	return fmt.Sprintf("peer: %s%s%s%s, %s, %s, ALLOW", r.CIDR, r.CIDR6, r.PrefixList, r.Group, strings.ToUpper(r.Protocol), ports)
}

func ruleXML(c *wire.Call, g group, r rule, tags map[string]string) xmlRule {
	x := xmlRule{
		RuleID: r.ID, GroupID: g.ID, OwnerID: g.Account, Protocol: r.Protocol, From: r.From, To: r.To, CIDR: r.CIDR,
		CIDR6: r.CIDR6, PrefixList: r.PrefixList, Description: r.Description, Tags: tagList(tags),
		ARN: "arn:aws:ec2:" + c.Region + ":" + g.Account + ":security-group-rule/" + r.ID,
	}
	if r.Group != "" {
		x.Referenced = &xmlReferenced{r.Group, r.User, g.VPC}
	}
	return x
}

type revokeIn struct {
	ruleIn
	RuleIDs []string `wire:"SecurityGroupRuleId"`
}

type xmlRevoked struct {
	RuleID      string `xml:"securityGroupRuleId"`
	GroupID     string `xml:"groupId"`
	IsEgress    bool   `xml:"isEgress"`
	Protocol    string `xml:"ipProtocol"`
	From        int    `xml:"fromPort"`
	To          int    `xml:"toPort"`
	CIDR        string `xml:"cidrIpv4,omitempty"`
	CIDR6       string `xml:"cidrIpv6,omitempty"`
	PrefixList  string `xml:"prefixListId,omitempty"`
	Referenced  string `xml:"referencedGroupId,omitempty"`
	Description string `xml:"description,omitempty"`
}

type revokeOut struct {
	done
	Unknown wire.List[xmlPermission] `xml:"unknownIpPermissionSet"`
	Revoked wire.List[xmlRevoked]    `xml:"revokedSecurityGroupRuleSet"`
}

func (e *EC2) revokeIngress(c *wire.Call, in *revokeIn) (*revokeOut, error) {
	g, err := namedGroup(c, in.GroupID, in.GroupName)
	if err != nil {
		return nil, err
	}
	gone, err := in.rules(c)
	if err != nil {
		return nil, err
	}
	out := &revokeOut{done: done{true}, Unknown: wire.List[xmlPermission]{}}
	var left []rule
	for _, r := range g.Ingress {
		if !slices.Contains(in.RuleIDs, r.ID) && !slices.ContainsFunc(gone, r.same) {
			left = append(left, r)
			continue
		}
		dropTags(c.Tx, c.Region, g.Account, r.ID)
		out.Revoked = append(out.Revoked, xmlRevoked{r.ID, g.ID, false, r.Protocol, r.From, r.To, r.CIDR, r.CIDR6, r.PrefixList, r.Group, r.Description})
	}
	if len(out.Revoked) == 0 || len(out.Revoked) < len(gone)+len(in.RuleIDs) {
		return nil, wire.Errorf("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
	}
	g.Ingress = left
	groups.Put(c.Tx, c.Region, g.ID, g)
	e.portsChanged(c, g.ID)
	return out, nil
}

func ownsRule(c *wire.Call, id string) bool {
	return slices.ContainsFunc(accountGroups(c), func(g group) bool {
		return slices.ContainsFunc(g.Ingress, func(r rule) bool { return r.ID == id })
	})
}

// widestRange is how many ports of one rule a public address answers on: each
// is a listener on the host.
const widestRange = 1024

// openPorts are the TCP ports that rules open on an instance's public address.
// The host is outside of the VPC: any address range lets it in, another group
// as source does not. A wider range than widestRange is cut down to the ports
// that services usually have: 22, 80, 443, 8000 to 9100.
func openPorts(rules []rule) []machine.PortRange {
	var out []machine.PortRange
	for _, r := range rules {
		if r.CIDR == "" && r.CIDR6 == "" {
			continue
		}
		switch {
		case r.Protocol == "-1":
			out = append(out, clip(0, 65535)...)
		case r.Protocol == "tcp" && r.To-r.From >= widestRange:
			out = append(out, clip(r.From, r.To)...)
		case r.Protocol == "tcp":
			out = append(out, machine.PortRange{From: uint16(r.From), To: uint16(r.To)})
		}
	}
	slices.SortFunc(out, func(a, b machine.PortRange) int { return int(a.From) - int(b.From) })
	return slices.Compact(out)
}

func clip(from, to int) []machine.PortRange {
	var out []machine.PortRange
	for _, usual := range [][2]int{{22, 22}, {80, 80}, {443, 443}, {8000, 9100}} {
		lo, hi := max(from, usual[0]), min(to, usual[1])
		if lo <= hi {
			out = append(out, machine.PortRange{From: uint16(lo), To: uint16(hi)})
		}
	}
	return out
}
