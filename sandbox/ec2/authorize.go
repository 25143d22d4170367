package ec2

import (
	"fmt"
	"slices"
	"strings"

	"amiship/sandbox/wire"
)

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
	Tags        wire.List[xmlTag] `xml:"tagSet,omitempty"`
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
func (o networkOps) authorizeIngress(c *wire.Call, in *authorizeIn) (*authorizeOut, error) {
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
		if err := checkRuleCount(g.Ingress); err != nil {
			return nil, err
		}
		putTags(c.Tx, c.Region, g.Account, "security-group-rule", r.ID, tags["security-group-rule"])
		out.Rules = append(out.Rules, ruleXML(c, g, r, tags["security-group-rule"]))
	}
	groups.Put(c.Tx, c.Region, g.ID, g)
	o.portsChanged(c, g.ID)
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
		ARN: arn("ec2", c.Region, g.Account, "security-group-rule/"+r.ID),
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

func (o networkOps) revokeIngress(c *wire.Call, in *revokeIn) (*revokeOut, error) {
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
	o.portsChanged(c, g.ID)
	return out, nil
}

func ownsRule(c *wire.Call, id string) bool {
	return slices.ContainsFunc(accountGroups(c), func(g group) bool {
		return id == g.egress().ID || slices.ContainsFunc(g.Ingress, func(r rule) bool { return r.ID == id })
	})
}
