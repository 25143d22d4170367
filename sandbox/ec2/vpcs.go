package ec2

import (
	"net/netip"
	"slices"
	"strconv"

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
	Tags          wire.List[xmlTag]             `xml:"tagSet"`
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

func (e *EC2) describeVpcs(c *wire.Call, in *describeVpcsIn) (*describeVpcsOut, error) {
	id := vpcID(c)
	for _, asked := range in.VpcIDs {
		if asked != id {
			return nil, unknownIDs("InvalidVpcID.NotFound", "vpc", []string{asked})
		}
	}
	tags := TagsOf(c.Tx, c.Region, c.Account.ID, id)
	views := []vpcView{{tags: tags, xmlVPC: xmlVPC{
		OwnerID: c.Account.ID, Tenancy: "default", IsDefault: !stateOf(c).NoDefaultVPC, Tags: tagList(tags),
		CIDRs:        wire.List[xmlCIDRAssociation]{{derivedID("vpc-cidr-assoc", id), vpcCIDR, xmlCIDRState{"associated"}}},
		PublicBlocks: xmlPublicBlocks{"off"}, VpcID: id, State: "available", CIDR: vpcCIDR, DHCPOptionsID: derivedID("dopt", id),
	}}}
	views, err := vpcFilters.keep(views, in.Filters)
	if err != nil {
		return nil, err
	}
	views, next, err := page(c, in.paging, 5, views, func(v vpcView) string { return v.VpcID })
	out := &describeVpcsOut{NextToken: next, Vpcs: wire.List[xmlVPC]{}}
	for _, v := range views {
		out.Vpcs = append(out.Vpcs, v.xmlVPC)
	}
	return out, err
}

type describeSubnetsIn struct {
	dry
	paging
	Filters   []filter `wire:"Filter"`
	SubnetIDs []string `wire:"SubnetId"`
}

type xmlSubnetDNS struct {
	HostnameType string `xml:"hostnameType"`
	A            bool   `xml:"enableResourceNameDnsARecord"`
	AAAA         bool   `xml:"enableResourceNameDnsAAAARecord"`
}

type xmlSubnet struct {
	ZoneID       string                        `xml:"availabilityZoneId"`
	CustomerIP   bool                          `xml:"mapCustomerOwnedIpOnLaunch"`
	OwnerID      string                        `xml:"ownerId"`
	AssignIPv6   bool                          `xml:"assignIpv6AddressOnCreation"`
	IPv6         wire.List[xmlIPv6Association] `xml:"ipv6CidrBlockAssociationSet"`
	Tags         wire.List[xmlTag]             `xml:"tagSet"`
	ARN          string                        `xml:"subnetArn"`
	DNS64        bool                          `xml:"enableDns64"`
	IPv6Native   bool                          `xml:"ipv6Native"`
	DNS          xmlSubnetDNS                  `xml:"privateDnsNameOptionsOnLaunch"`
	PublicBlocks xmlPublicBlocks               `xml:"blockPublicAccessStates"`
	SubnetID     string                        `xml:"subnetId"`
	State        string                        `xml:"state"`
	VpcID        string                        `xml:"vpcId"`
	CIDR         string                        `xml:"cidrBlock"`
	Free         int                           `xml:"availableIpAddressCount"`
	Zone         string                        `xml:"availabilityZone"`
	DefaultForAZ bool                          `xml:"defaultForAz"`
	MapPublicIP  bool                          `xml:"mapPublicIpOnLaunch"`
}

type describeSubnetsOut struct {
	NextToken string               `xml:"nextToken,omitempty"`
	Subnets   wire.List[xmlSubnet] `xml:"subnetSet"`
}

type subnetView struct {
	xmlSubnet
	tags map[string]string
}

var subnetFilters = filters[subnetView]{
	by: map[string]func(subnetView) []string{
		"availability-zone":               func(s subnetView) []string { return one(s.Zone) },
		"availabilityZone":                func(s subnetView) []string { return one(s.Zone) },
		"availability-zone-id":            func(s subnetView) []string { return one(s.ZoneID) },
		"available-ip-address-count":      func(s subnetView) []string { return one(strconv.Itoa(s.Free)) },
		"cidr-block":                      func(s subnetView) []string { return one(s.CIDR) },
		"default-for-az":                  func(s subnetView) []string { return flag(s.DefaultForAZ) },
		"defaultForAz":                    func(s subnetView) []string { return flag(s.DefaultForAZ) },
		"enable-dns64":                    func(subnetView) []string { return flag(false) },
		"ipv6-native":                     func(subnetView) []string { return flag(false) },
		"map-public-ip-on-launch":         func(subnetView) []string { return flag(true) },
		"owner-id":                        func(s subnetView) []string { return one(s.OwnerID) },
		"state":                           func(subnetView) []string { return one("available") },
		"subnet-arn":                      func(s subnetView) []string { return one(s.ARN) },
		"subnet-id":                       func(s subnetView) []string { return one(s.SubnetID) },
		"vpc-id":                          func(s subnetView) []string { return one(s.VpcID) },
		"map-customer-owned-ip-on-launch": func(subnetView) []string { return flag(false) },
		"private-dns-name-options-on-launch.hostname-type":                     func(subnetView) []string { return one("ip-name") },
		"private-dns-name-options-on-launch.enable-resource-name-dns-a-record": func(subnetView) []string { return flag(false) },
		"private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record": func(subnetView) []string {
			return flag(false)
		},
	},
	tags: func(s subnetView) map[string]string { return s.tags },
	never: []string{
		"customer-owned-ipv4-pool", "enable-lni-at-device-index", "outpost-arn", "ipv6-cidr-block-association.ipv6-cidr-block",
		"ipv6-cidr-block-association.association-id", "ipv6-cidr-block-association.state",
	},
}

func (e *EC2) describeSubnets(c *wire.Call, in *describeSubnetsIn) (*describeSubnetsOut, error) {
	r, _ := findRegion(c.Region)
	for _, asked := range in.SubnetIDs {
		if _, err := zoneOfSubnet(c, asked); err != nil {
			return nil, err
		}
	}
	used := usedAddresses(c.Tx)
	var views []subnetView
	for _, z := range r.allZones() {
		if s := subnetXML(c, z, used); len(in.SubnetIDs) == 0 || slices.Contains(in.SubnetIDs, s.SubnetID) {
			views = append(views, subnetView{s, TagsOf(c.Tx, c.Region, c.Account.ID, s.SubnetID)})
		}
	}
	slices.SortFunc(views, func(a, b subnetView) int { return compareIDs(a.SubnetID, b.SubnetID) })
	views, err := subnetFilters.keep(views, in.Filters)
	if err != nil {
		return nil, err
	}
	views, next, err := page(c, in.paging, 5, views, func(s subnetView) string { return s.SubnetID })
	out := &describeSubnetsOut{NextToken: next, Subnets: wire.List[xmlSubnet]{}}
	for _, v := range views {
		v.Tags = tagList(v.tags)
		out.Subnets = append(out.Subnets, v.xmlSubnet)
	}
	return out, err
}

func subnetXML(c *wire.Call, z zone, used map[netip.Addr]bool) xmlSubnet {
	id := subnetOf(c.Account.ID, z)
	return xmlSubnet{
		ZoneID: z.id, OwnerID: c.Account.ID, SubnetID: id, State: "available", VpcID: vpcID(c), CIDR: z.cidr().String(),
		ARN: "arn:aws:ec2:" + c.Region + ":" + c.Account.ID + ":subnet/" + id, DNS: xmlSubnetDNS{HostnameType: "ip-name"},
		PublicBlocks: xmlPublicBlocks{"off"}, Free: freeAddresses(z, used), Zone: z.name,
		DefaultForAZ: !stateOf(c).NoDefaultVPC, MapPublicIP: true,
	}
}

// zoneOfSubnet finds the caller's subnet.
func zoneOfSubnet(c *wire.Call, id string) (zone, error) {
	r, _ := findRegion(c.Region)
	for _, z := range r.allZones() {
		if subnetOf(c.Account.ID, z) == id {
			return z, nil
		}
	}
	return zone{}, unknownIDs("InvalidSubnetID.NotFound", "subnet", []string{id})
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
		return "", unknownIDs("InvalidVpcID.NotFound", "vpc", []string{asked})
	}
	return vpcID(c), nil
}
