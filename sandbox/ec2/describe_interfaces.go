package ec2

import (
	"slices"
	"strconv"
	"time"

	"amiship/sandbox/wire"
)

type describeInterfacesIn struct {
	dry
	paging
	InterfaceIDs []string `wire:"NetworkInterfaceId"`
	Filters      []filter `wire:"Filter"`

	IncludeManagedResources bool
}

type xmlAttachedInterface struct {
	xmlInterfaceAttachment
	InstanceID string `xml:"instanceId"`
	OwnerID    string `xml:"instanceOwnerId"`
}

// xmlOwnInterface is an interface by itself: what its instance shows of it, and more.
type xmlOwnInterface struct {
	xmlInterface
	Attachment xmlAttachedInterface `xml:"attachment"`
	Zone       string               `xml:"availabilityZone"`
	ZoneID     string               `xml:"availabilityZoneId"`
	Managed    bool                 `xml:"requesterManaged"`
	PublicName string               `xml:"publicDnsName,omitempty"`
	Tags       wire.List[xmlTag]    `xml:"tagSet"`
	tags       map[string]string
}

type describeInterfacesOut struct {
	NextToken  string                     `xml:"nextToken,omitempty"`
	Interfaces wire.List[xmlOwnInterface] `xml:"networkInterfaceSet"`
}

// associated is a member of the public address; nothing without one.
func (x xmlOwnInterface) associated(get func(*xmlAssociation) string) []string {
	if x.Association == nil {
		return nil
	}
	return one(get(x.Association))
}

func (x xmlOwnInterface) publicIP() []string {
	return x.associated(func(a *xmlAssociation) string { return a.IP })
}

func (x xmlOwnInterface) ipOwner() []string {
	return x.associated(func(a *xmlAssociation) string { return a.OwnerID })
}

var interfaceFilters = filters[xmlOwnInterface]{
	by: map[string]func(xmlOwnInterface) []string{
		"addresses.association.owner-id":  xmlOwnInterface.ipOwner,
		"addresses.association.public-ip": xmlOwnInterface.publicIP,
		"addresses.primary":               func(xmlOwnInterface) []string { return flag(true) },
		"addresses.private-ip-address":    func(x xmlOwnInterface) []string { return one(x.PrivateIP) },
		"association.ip-owner-id":         xmlOwnInterface.ipOwner,
		"association.public-ip":           xmlOwnInterface.publicIP,
		"association.public-dns-name":     func(x xmlOwnInterface) []string { return one(x.PublicName) },
		"attachment.attach-time": func(x xmlOwnInterface) []string {
			return one(wire.FormatTime(time.Time(x.Attachment.AttachTime)))
		},
		"attachment.attachment-id":         func(x xmlOwnInterface) []string { return one(x.Attachment.ID) },
		"attachment.delete-on-termination": func(x xmlOwnInterface) []string { return flag(x.Attachment.DeleteOnTermination) },
		"attachment.device-index":          func(x xmlOwnInterface) []string { return one(strconv.Itoa(x.Attachment.DeviceIndex)) },
		"attachment.instance-id":           func(x xmlOwnInterface) []string { return one(x.Attachment.InstanceID) },
		"attachment.instance-owner-id":     func(x xmlOwnInterface) []string { return one(x.Attachment.OwnerID) },
		"attachment.status":                func(x xmlOwnInterface) []string { return one(x.Attachment.Status) },
		"availability-zone":                func(x xmlOwnInterface) []string { return one(x.Zone) },
		"availability-zone-id":             func(x xmlOwnInterface) []string { return one(x.ZoneID) },
		"description":                      func(x xmlOwnInterface) []string { return one(x.Description) },
		"group-id": func(x xmlOwnInterface) []string {
			var out []string
			for _, g := range x.Groups {
				out = append(out, g.ID)
			}
			return out
		},
		"interface-type":       func(x xmlOwnInterface) []string { return one(x.Type) },
		"mac-address":          func(x xmlOwnInterface) []string { return one(x.MAC) },
		"network-interface-id": func(x xmlOwnInterface) []string { return one(x.ID) },
		"operator.managed":     func(xmlOwnInterface) []string { return flag(false) },
		"owner-id":             func(x xmlOwnInterface) []string { return one(x.OwnerID) },
		"private-dns-name":     func(x xmlOwnInterface) []string { return one(x.PrivateName) },
		"private-ip-address":   func(x xmlOwnInterface) []string { return one(x.PrivateIP) },
		"requester-managed":    func(x xmlOwnInterface) []string { return flag(x.Managed) },
		"source-dest-check":    func(x xmlOwnInterface) []string { return flag(x.SourceCheck) },
		"status":               func(x xmlOwnInterface) []string { return one(x.Status) },
		"subnet-id":            func(x xmlOwnInterface) []string { return one(x.SubnetID) },
		"vpc-id":               func(x xmlOwnInterface) []string { return one(x.VpcID) },
	},
	tags:  func(x xmlOwnInterface) map[string]string { return x.tags },
	never: []string{"association.allocation-id", "association.association-id", "ipv6-addresses.ipv6-address", "operator.principal", "requester-id"},
}

// describeInterfaces are those of the instances: the sandbox has no others, and each goes
// with its instance.
func (o networkOps) describeInterfaces(c *wire.Call, in *describeInterfacesIn) (*describeInterfacesOut, error) {
	all, ids := []xmlOwnInterface{}, []string{}
	for _, inst := range Instances.All(c.Tx, c.Region) {
		if inst.Account != c.Account.ID {
			continue
		}
		if inst = o.seen(c, inst); inst.State != stateTerminated {
			all, ids = append(all, ownInterfaceXML(c, inst)), append(ids, inst.Interface)
		}
	}
	_, err := named(in.InterfaceIDs, interfaceNotFound, func(id string) (string, bool, error) {
		return id, slices.Contains(ids, id), checkID("eni", id, "InvalidNetworkInterfaceId.Malformed")
	})
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(x xmlOwnInterface) bool {
		return len(in.InterfaceIDs) > 0 && !slices.Contains(in.InterfaceIDs, x.ID)
	})
	if all, err = interfaceFilters.keep(all, in.Filters); err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b xmlOwnInterface) int { return compareIDs(a.ID, b.ID) })
	all, next, err := page(c, in.paging, 5, all, func(x xmlOwnInterface) string { return x.ID })
	return &describeInterfacesOut{next, all}, err
}

func ownInterfaceXML(c *wire.Call, in Instance) xmlOwnInterface {
	tags := TagsOf(c.Tx, c.Region, c.Account.ID, in.Interface)
	x := xmlOwnInterface{xmlInterface: interfaceXML(c, in), Zone: in.Zone, ZoneID: in.ZoneID, PublicName: in.PublicName(), Tags: tagList(tags), tags: tags}
	x.Attachment = xmlAttachedInterface{x.xmlInterface.Attachment, in.ID, in.Account}
	return x
}
