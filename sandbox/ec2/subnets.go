package ec2

import (
	"net/netip"
	"slices"
	"strconv"

	"amiship/sandbox/wire"
)

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
	Tags         wire.List[xmlTag]             `xml:"tagSet,omitempty"`
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
		"map-public-ip-on-launch":         func(s subnetView) []string { return flag(s.MapPublicIP) },
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

func (o networkOps) describeSubnets(c *wire.Call, in *describeSubnetsIn) (*describeSubnetsOut, error) {
	r, _ := findRegion(c.Region)
	_, err := named(in.SubnetIDs, subnetNotFound, func(id string) (zone, bool, error) {
		z, err := zoneOfSubnet(c, id)
		return z, err == nil, nil
	})
	if err != nil {
		return nil, err
	}
	used := usedAddresses(c.Tx)
	var views []subnetView
	for _, z := range r.allZones() {
		if s := subnetXML(c, z, used); len(in.SubnetIDs) == 0 || slices.Contains(in.SubnetIDs, s.SubnetID) {
			views = append(views, subnetView{s, TagsOf(c.Tx, c.Region, c.Account.ID, s.SubnetID)})
		}
	}
	slices.SortFunc(views, func(a, b subnetView) int { return compareIDs(a.SubnetID, b.SubnetID) })
	if views, err = subnetFilters.keep(views, in.Filters); err != nil {
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
		ARN: arn("ec2", c.Region, c.Account.ID, "subnet/"+id), DNS: xmlSubnetDNS{HostnameType: "ip-name"},
		PublicBlocks: xmlPublicBlocks{"off"}, Free: freeAddresses(z, used), Zone: z.name,
		DefaultForAZ: !stateOf(c).NoDefaultVPC, MapPublicIP: mapsPublic(c, id),
	}
}

// mapsPublic reports whether instances that are launched in a subnet get a public address
// without asking for one.
func mapsPublic(c *wire.Call, subnet string) bool {
	return !slices.Contains(stateOf(c).PrivateSubnets, subnet)
}

// subnetsOf are the ids of an account's subnets in a region.
func subnetsOf(account, region string) (ids []string) {
	r, _ := findRegion(region)
	for _, z := range r.allZones() {
		ids = append(ids, subnetOf(account, z))
	}
	return ids
}

type modifySubnetIn struct { // without DryRun, on AWS too
	SubnetID    string                `wire:"SubnetId"`
	MapPublicIP struct{ Value *bool } `wire:"MapPublicIpOnLaunch"`
}

func (o networkOps) modifySubnet(c *wire.Call, in *modifySubnetIn) (*done, error) {
	if _, err := zoneOfSubnet(c, in.SubnetID); err != nil {
		return nil, err
	}
	if in.MapPublicIP.Value == nil {
		return nil, missingParameter("MapPublicIpOnLaunch")
	}
	setState(c, func(s *regionState) {
		private := slices.DeleteFunc(slices.Clone(s.PrivateSubnets), func(id string) bool { return id == in.SubnetID })
		if !*in.MapPublicIP.Value {
			private = append(private, in.SubnetID)
		}
		s.PrivateSubnets = private
	})
	return ok()
}

// zoneOfSubnet finds the caller's subnet.
func zoneOfSubnet(c *wire.Call, id string) (zone, error) {
	r, _ := findRegion(c.Region)
	for _, z := range r.allZones() {
		if subnetOf(c.Account.ID, z) == id {
			return z, nil
		}
	}
	return zone{}, subnetNotFound(id)
}

func subnetNotFound(ids ...string) error {
	return notFound("InvalidSubnetID.NotFound", "subnet ID", ids, "")
}
