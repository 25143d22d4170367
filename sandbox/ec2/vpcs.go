package ec2

import (
	"net/netip"

	"amiship/sandbox/wire"
)

// Every account has one VPC in every region, with a subnet in each zone. They
// are not stored: their ids follow from account and region. All machines of the
// sandbox share one network, 172.31.0.0/20, so a subnet is a /23 of it and not
// a /20 as on AWS.
const (
	vpcCIDR    = "172.31.0.0/16"
	subnetBits = 23
)

func vpcID(c *wire.Call) string { return vpcOf(c.Account.ID, c.Region) }

func vpcOf(account, region string) string { return derivedID("vpc", account, region) }

func subnetOf(account string, z zone) string { return derivedID("subnet", account, z.name) }

func (z zone) cidr() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{172, 31, byte(2 * z.index), 0}), subnetBits)
}

type describeVpcsIn struct {
	dry
	paging
	Filters []filter `wire:"Filter"`
	VpcIDs  []string `wire:"VpcId"`
}

type xmlCIDRState struct {
	State string `xml:"state"`
}

type xmlCIDRAssociation struct {
	ID    string       `xml:"associationId"`
	CIDR  string       `xml:"cidrBlock"`
	State xmlCIDRState `xml:"cidrBlockState"`
}

type xmlPublicBlocks struct {
	InternetGateway string `xml:"internetGatewayBlockMode"`
}

type xmlVPC struct {
	OwnerID       string                        `xml:"ownerId"`
	Tenancy       string                        `xml:"instanceTenancy"`
	IPv6          wire.List[xmlIPv6Association] `xml:"ipv6CidrBlockAssociationSet"`
	CIDRs         wire.List[xmlCIDRAssociation] `xml:"cidrBlockAssociationSet"`
	IsDefault     bool                          `xml:"isDefault"`
	Tags          wire.List[xmlTag]             `xml:"tagSet,omitempty"`
	PublicBlocks  xmlPublicBlocks               `xml:"blockPublicAccessStates"`
	VpcID         string                        `xml:"vpcId"`
	State         string                        `xml:"state"`
	CIDR          string                        `xml:"cidrBlock"`
	DHCPOptionsID string                        `xml:"dhcpOptionsId"`
}

// xmlIPv6Association never appears: the machines' network has no IPv6.
type xmlIPv6Association struct{}

type describeVpcsOut struct {
	NextToken string            `xml:"nextToken,omitempty"`
	Vpcs      wire.List[xmlVPC] `xml:"vpcSet"`
}

type vpcView struct {
	xmlVPC
	tags map[string]string
}

var vpcFilters = filters[vpcView]{
	by: map[string]func(vpcView) []string{
		"cidr":                                  func(v vpcView) []string { return one(v.CIDR) },
		"cidr-block-association.cidr-block":     func(v vpcView) []string { return one(v.CIDR) },
		"cidr-block-association.association-id": func(v vpcView) []string { return one(v.CIDRs[0].ID) },
		"cidr-block-association.state":          func(vpcView) []string { return one("associated") },
		"dhcp-options-id":                       func(v vpcView) []string { return one(v.DHCPOptionsID) },
		"is-default":                            func(v vpcView) []string { return flag(v.IsDefault) },
		"isDefault":                             func(v vpcView) []string { return flag(v.IsDefault) },
		"owner-id":                              func(v vpcView) []string { return one(v.OwnerID) },
		"state":                                 func(vpcView) []string { return one("available") },
		"vpc-id":                                func(v vpcView) []string { return one(v.VpcID) },
	},
	tags: func(v vpcView) map[string]string { return v.tags },
	never: []string{
		"ipv6-cidr-block-association.ipv6-cidr-block", "ipv6-cidr-block-association.ipv6-pool",
		"ipv6-cidr-block-association.association-id", "ipv6-cidr-block-association.state",
	},
}

func (o networkOps) describeVpcs(c *wire.Call, in *describeVpcsIn) (*describeVpcsOut, error) {
	id := vpcID(c)
	_, err := named(in.VpcIDs, vpcNotFound, func(asked string) (string, bool, error) { return id, asked == id, nil })
	if err != nil {
		return nil, err
	}
	tags := TagsOf(c.Tx, c.Region, c.Account.ID, id)
	views := []vpcView{{tags: tags, xmlVPC: xmlVPC{
		OwnerID: c.Account.ID, Tenancy: "default", IsDefault: !stateOf(c).NoDefaultVPC, Tags: tagList(tags),
		CIDRs:        wire.List[xmlCIDRAssociation]{{derivedID("vpc-cidr-assoc", id), vpcCIDR, xmlCIDRState{"associated"}}},
		PublicBlocks: xmlPublicBlocks{"off"}, VpcID: id, State: "available", CIDR: vpcCIDR, DHCPOptionsID: derivedID("dopt", id),
	}}}
	if views, err = vpcFilters.keep(views, in.Filters); err != nil {
		return nil, err
	}
	views, next, err := page(c, in.paging, 5, views, func(v vpcView) string { return v.VpcID })
	out := &describeVpcsOut{NextToken: next, Vpcs: wire.List[xmlVPC]{}}
	for _, v := range views {
		out.Vpcs = append(out.Vpcs, v.xmlVPC)
	}
	return out, err
}

func vpcNotFound(ids ...string) error {
	return notFound("InvalidVpcID.NotFound", "vpc ID", ids, "")
}

// noDefaultVPC is the answer to a call that relies on the default VPC where
// there is none.
func noDefaultVPC() error {
	return wire.Errorf("VPCIdNotSpecified", "No default VPC for this user")
}

// accountVPC is the VPC that a request means: the named one, or the default.
func accountVPC(c *wire.Call, asked string) (string, error) {
	switch {
	case asked == "" && stateOf(c).NoDefaultVPC:
		return "", noDefaultVPC()
	case asked != "" && asked != vpcID(c):
		return "", vpcNotFound(asked)
	}
	return vpcID(c), nil
}
