package ec2

import (
	"slices"
	"strconv"

	"amiship/sandbox/wire"
)

type describeGroupsIn struct {
	dry
	paging
	GroupIDs   []string `wire:"GroupId"`
	GroupNames []string `wire:"GroupName"`
	Filters    []filter `wire:"Filter"`
}

// xmlPermission is a set of rules with the same protocol and ports.
type xmlPermission struct {
	Protocol    string                   `xml:"ipProtocol"`
	From        *int                     `xml:"fromPort"`
	To          *int                     `xml:"toPort"`
	Groups      wire.List[xmlGroupPair]  `xml:"groups"`
	Ranges      wire.List[xmlRange]      `xml:"ipRanges"`
	Ranges6     wire.List[xmlRange6]     `xml:"ipv6Ranges"`
	PrefixLists wire.List[xmlPrefixList] `xml:"prefixListIds"`
}

type xmlGroupPair struct {
	Description string `xml:"description,omitempty"`
	UserID      string `xml:"userId"`
	GroupID     string `xml:"groupId"`
}

type xmlRange struct {
	Description string `xml:"description,omitempty"`
	CIDR        string `xml:"cidrIp"`
}

type xmlRange6 struct {
	Description string `xml:"description,omitempty"`
	CIDR        string `xml:"cidrIpv6"`
}

type xmlPrefixList struct {
	Description string `xml:"description,omitempty"`
	ID          string `xml:"prefixListId"`
}

type xmlGroup struct {
	GroupID     string                   `xml:"groupId"`
	Egress      wire.List[xmlPermission] `xml:"ipPermissionsEgress"`
	Tags        wire.List[xmlTag]        `xml:"tagSet,omitempty"`
	VpcID       string                   `xml:"vpcId"`
	ARN         string                   `xml:"securityGroupArn"`
	OwnerID     string                   `xml:"ownerId"`
	Name        string                   `xml:"groupName"`
	Description string                   `xml:"groupDescription"`
	Ingress     wire.List[xmlPermission] `xml:"ipPermissions"`
}

type describeGroupsOut struct {
	NextToken string              `xml:"nextToken,omitempty"`
	Groups    wire.List[xmlGroup] `xml:"securityGroupInfo"`
}

type groupView struct {
	group
	tags map[string]string
}

func (g groupView) each(get func(rule) string) []string {
	var out []string
	for _, r := range g.Ingress {
		out = append(out, one(get(r))...)
	}
	return out
}

var groupFilters = filters[groupView]{
	by: map[string]func(groupView) []string{
		"description":                   func(g groupView) []string { return one(g.Description) },
		"egress.ip-permission.cidr":     func(groupView) []string { return one("0.0.0.0/0") },
		"egress.ip-permission.protocol": func(groupView) []string { return one("-1") },
		"group-id":                      func(g groupView) []string { return one(g.ID) },
		"group-name":                    func(g groupView) []string { return one(g.Name) },
		"ip-permission.cidr":            func(g groupView) []string { return g.each(func(r rule) string { return r.CIDR }) },
		"ip-permission.from-port":       func(g groupView) []string { return g.each(func(r rule) string { return strconv.Itoa(r.From) }) },
		"ip-permission.group-id":        func(g groupView) []string { return g.each(func(r rule) string { return r.Group }) },
		"ip-permission.ipv6-cidr":       func(g groupView) []string { return g.each(func(r rule) string { return r.CIDR6 }) },
		"ip-permission.prefix-list-id":  func(g groupView) []string { return g.each(func(r rule) string { return r.PrefixList }) },
		"ip-permission.protocol":        func(g groupView) []string { return g.each(func(r rule) string { return r.Protocol }) },
		"ip-permission.to-port":         func(g groupView) []string { return g.each(func(r rule) string { return strconv.Itoa(r.To) }) },
		"ip-permission.user-id":         func(g groupView) []string { return g.each(func(r rule) string { return r.User }) },
		"owner-id":                      func(g groupView) []string { return one(g.Account) },
		"vpc-id":                        func(g groupView) []string { return one(g.VPC) },
	},
	tags: func(g groupView) map[string]string { return g.tags },
	never: []string{
		"ip-permission.group-name", "egress.ip-permission.from-port", "egress.ip-permission.group-id",
		"egress.ip-permission.group-name", "egress.ip-permission.ipv6-cidr", "egress.ip-permission.prefix-list-id",
		"egress.ip-permission.to-port", "egress.ip-permission.user-id",
	},
}

func (o networkOps) describeSecurityGroups(c *wire.Call, in *describeGroupsIn) (*describeGroupsOut, error) {
	found, err := askedGroups(c, in)
	if err != nil {
		return nil, err
	}
	views := make([]groupView, len(found))
	for i, g := range found {
		views[i] = groupView{g, TagsOf(c.Tx, c.Region, c.Account.ID, g.ID)}
	}
	if views, err = groupFilters.keep(views, in.Filters); err != nil {
		return nil, err
	}
	views, next, err := page(c, in.paging, 5, views, func(g groupView) string { return g.ID })
	out := &describeGroupsOut{NextToken: next, Groups: wire.List[xmlGroup]{}}
	for _, g := range views {
		out.Groups = append(out.Groups, groupXML(c, g))
	}
	return out, err
}

func askedGroups(c *wire.Call, in *describeGroupsIn) ([]group, error) {
	if len(in.GroupIDs)+len(in.GroupNames) == 0 {
		return accountGroups(c), nil
	}
	byID, err := named(in.GroupIDs, groupNotFound, func(id string) (group, bool, error) {
		g, found := findGroup(c.Tx, c.Region, c.Account.ID, id)
		return g, found, nil
	})
	if err != nil {
		return nil, err
	}
	byName, err := groupsNamed(c, in.GroupNames)
	out := append(byID, byName...)
	slices.SortFunc(out, func(a, b group) int { return compareIDs(a.ID, b.ID) })
	return slices.CompactFunc(out, func(a, b group) bool { return a.ID == b.ID }), err
}

func groupXML(c *wire.Call, g groupView) xmlGroup {
	return xmlGroup{
		GroupID: g.ID, Tags: tagList(g.tags), VpcID: g.VPC, ARN: g.arn(c.Region), OwnerID: g.Account, Name: g.Name,
		Description: g.Description, Ingress: permissionsXML(g.Ingress),
		Egress: permissionsXML([]rule{g.egress()}),
	}
}

// permissionsXML puts rules of the same protocol and ports together.
func permissionsXML(rules []rule) wire.List[xmlPermission] {
	out := wire.List[xmlPermission]{}
	for _, r := range rules {
		i := slices.IndexFunc(out, func(p xmlPermission) bool { return p.holds(r) })
		if i < 0 {
			i = len(out)
			p := xmlPermission{Protocol: r.Protocol, Groups: wire.List[xmlGroupPair]{}, Ranges: wire.List[xmlRange]{}, Ranges6: wire.List[xmlRange6]{}, PrefixLists: wire.List[xmlPrefixList]{}}
			if r.Protocol != "-1" {
				p.From, p.To = &r.From, &r.To
			}
			out = append(out, p)
		}
		out[i].add(r)
	}
	return out
}

func (p xmlPermission) holds(r rule) bool {
	return p.Protocol == r.Protocol && (p.From == nil || *p.From == r.From && *p.To == r.To)
}

func (p *xmlPermission) add(r rule) {
	switch {
	case r.CIDR != "":
		p.Ranges = append(p.Ranges, xmlRange{r.Description, r.CIDR})
	case r.CIDR6 != "":
		p.Ranges6 = append(p.Ranges6, xmlRange6{r.Description, r.CIDR6})
	case r.PrefixList != "":
		p.PrefixLists = append(p.PrefixLists, xmlPrefixList{r.Description, r.PrefixList})
	case r.Group != "":
		p.Groups = append(p.Groups, xmlGroupPair{r.Description, r.User, r.Group})
	}
}
