package ec2

import (
	"slices"
	"strconv"

	"amiship/sandbox/wire"
)

type describeInstancesIn struct {
	dry
	paging
	InstanceIDs []string `wire:"InstanceId"`
	Filters     []filter `wire:"Filter"`

	IncludeManagedResources bool
}

type describeInstancesOut struct {
	NextToken    string                    `xml:"nextToken,omitempty"`
	Reservations wire.List[reservationOut] `xml:"reservationSet"`
}

func (e *EC2) describeInstances(c *wire.Call, in *describeInstancesIn) (*describeInstancesOut, error) {
	if in.MaxResults != nil && len(in.InstanceIDs) > 0 {
		return nil, invalidCombination("The parameter instancesSet cannot be used with the parameter maxResults")
	}
	found, err := e.askedInstances(c, in.InstanceIDs)
	if err != nil {
		return nil, err
	}
	views := make([]instanceView, len(found))
	for i, inst := range found {
		views[i] = instanceView{inst, TagsOf(c.Tx, c.Region, c.Account.ID, inst.ID), groupIdentifiers(c, inst)}
	}
	if views, err = instanceFilters.keep(views, in.Filters); err != nil {
		return nil, err
	}
	together := func(a, b instanceView) int { return compareIDs(a.Reservation+a.ID, b.Reservation+b.ID) }
	slices.SortFunc(views, together)
	views, next, err := page(c, in.paging, 5, views, func(v instanceView) string { return v.Reservation + v.ID })
	if err != nil {
		return nil, err
	}
	out := &describeInstancesOut{NextToken: next, Reservations: wire.List[reservationOut]{}}
	for len(views) > 0 {
		n := 1
		for n < len(views) && views[n].Reservation == views[0].Reservation {
			n++
		}
		var same []Instance
		for _, v := range views[:n] {
			same = append(same, v.Instance)
		}
		out.Reservations = append(out.Reservations, e.reservation(c, same))
		views = views[n:]
	}
	return out, nil
}

// askedInstances returns the caller's instances with these ids, or all,
// settled, by id.
func (e *EC2) askedInstances(c *wire.Call, ids []string) ([]Instance, error) {
	var out []Instance
	var missing []string
	for _, id := range ids {
		if err := checkID("i", id, "InvalidInstanceID.Malformed"); err != nil {
			return nil, err
		}
		in, found := Instances.Get(c.Tx, c.Region, id)
		if !found || in.Account != c.Account.ID || !e.shown(in, c.Now) {
			missing = append(missing, id)
			continue
		}
		out = append(out, e.seen(c, in))
	}
	if len(missing) > 0 {
		return nil, unknownIDs("InvalidInstanceID.NotFound", "instance", missing)
	}
	if len(ids) > 0 {
		return out, nil
	}
	for _, in := range Instances.All(c.Tx, c.Region) {
		if in.Account == c.Account.ID && e.shown(in, c.Now) {
			out = append(out, e.seen(c, in))
		}
	}
	return out, nil
}

type instanceView struct {
	Instance
	tags   map[string]string
	groups wire.List[xmlGroupID]
}

func (v instanceView) eachGroup(get func(xmlGroupID) string) []string {
	var out []string
	for _, g := range v.groups {
		out = append(out, get(g))
	}
	return out
}

func (v instanceView) eachDevice(get func(Device) string) []string {
	var out []string
	for _, d := range v.Devices {
		out = append(out, get(d))
	}
	return out
}

// address spells an address for a filter: none where there is none.
func (v instanceView) private() []string {
	if !v.Private.IsValid() {
		return nil
	}
	return one(v.Private.String())
}

func (v instanceView) public() []string {
	if !v.Public.IsValid() {
		return nil
	}
	return one(v.Public.String())
}

var instanceFilters = filters[instanceView]{
	by: map[string]func(instanceView) []string{
		"architecture":         func(v instanceView) []string { return one(v.Arch) },
		"availability-zone":    func(v instanceView) []string { return one(v.Zone) },
		"availability-zone-id": func(v instanceView) []string { return one(v.ZoneID) },
		"block-device-mapping.delete-on-termination": func(v instanceView) []string {
			return v.eachDevice(func(d Device) string { return strconv.FormatBool(!d.Keep) })
		},
		"block-device-mapping.attach-time": func(v instanceView) []string {
			return v.eachDevice(func(d Device) string { return wire.FormatTime(d.Attached) })
		},
		"block-device-mapping.device-name": func(v instanceView) []string { return v.eachDevice(func(d Device) string { return d.Name }) },
		"block-device-mapping.status":      func(v instanceView) []string { return v.eachDevice(func(Device) string { return "attached" }) },
		"block-device-mapping.volume-id":   func(v instanceView) []string { return v.eachDevice(func(d Device) string { return d.Volume }) },
		"boot-mode":                        func(v instanceView) []string { return one(v.BootMode) },
		"client-token":                     func(v instanceView) []string { return one(v.ClientToken) },
		"dns-name":                         func(v instanceView) []string { return one(v.PublicName()) },
		"ebs-optimized":                    func(v instanceView) []string { return flag(v.EBSOptimized) },
		"ena-support":                      func(v instanceView) []string { return flag(v.ENA) },
		"enclave-options.enabled":          func(v instanceView) []string { return flag(v.Enclave) },
		"hibernation-options.configured":   func(v instanceView) []string { return flag(v.Hibernation) },
		"hypervisor":                       func(instanceView) []string { return one("xen") },
		"iam-instance-profile.arn":         func(v instanceView) []string { return one(v.Profile) },
		"image-id":                         func(v instanceView) []string { return one(v.Image) },
		"instance-id":                      func(v instanceView) []string { return one(v.ID) },
		"instance-state-code":              func(v instanceView) []string { return one(strconv.Itoa(stateCode(v.State))) },
		"instance-state-name":              func(v instanceView) []string { return one(v.State) },
		"instance-type":                    func(v instanceView) []string { return one(v.Type) },
		"instance.group-id":                func(v instanceView) []string { return v.eachGroup(func(g xmlGroupID) string { return g.ID }) },
		"instance.group-name":              func(v instanceView) []string { return v.eachGroup(func(g xmlGroupID) string { return g.Name }) },
		"network-interface.group-id":       func(v instanceView) []string { return v.eachGroup(func(g xmlGroupID) string { return g.ID }) },
		"network-interface.group-name":     func(v instanceView) []string { return v.eachGroup(func(g xmlGroupID) string { return g.Name }) },
		"ip-address":                       func(v instanceView) []string { return v.public() },
		"key-name":                         func(v instanceView) []string { return one(v.KeyName) },
		"launch-index":                     func(v instanceView) []string { return one(strconv.Itoa(v.Index)) },
		"launch-time":                      func(v instanceView) []string { return one(wire.FormatTime(v.Launched)) },
		"metadata-options.http-endpoint":   func(v instanceView) []string { return one(v.Metadata.Endpoint) },
		"metadata-options.http-put-response-hop-limit": func(v instanceView) []string {
			return one(strconv.Itoa(v.Metadata.HopLimit))
		},
		"metadata-options.http-tokens":                   func(v instanceView) []string { return one(v.Metadata.Tokens) },
		"network-interface.network-interface-id":         func(v instanceView) []string { return one(v.Interface) },
		"network-interface.mac-address":                  func(v instanceView) []string { return v.mac() },
		"network-interface.private-ip-address":           func(v instanceView) []string { return v.private() },
		"network-interface.addresses.private-ip-address": func(v instanceView) []string { return v.private() },
		"network-interface.association.public-ip":        func(v instanceView) []string { return v.public() },
		"network-interface.subnet-id":                    func(v instanceView) []string { return one(v.Subnet) },
		"network-interface.vpc-id":                       func(v instanceView) []string { return one(v.VPC) },
		"owner-id":                                       func(v instanceView) []string { return one(v.Account) },
		"platform-details":                               func(instanceView) []string { return one(platformDetails) },
		"private-dns-name":                               func(v instanceView) []string { return one(v.PrivateName()) },
		"private-ip-address":                             func(v instanceView) []string { return v.private() },
		"product-code":                                   func(v instanceView) []string { return one(v.ProductCode) },
		"product-code.type":                              func(v instanceView) []string { return productType(v.ProductCode) },
		"reason":                                         func(v instanceView) []string { return one(v.Reason) },
		"reservation-id":                                 func(v instanceView) []string { return one(v.Reservation) },
		"root-device-name":                               func(v instanceView) []string { return one(v.RootDevice) },
		"root-device-type":                               func(instanceView) []string { return one("ebs") },
		"source-dest-check":                              func(v instanceView) []string { return flag(!v.NoSourceCheck) },
		"state-reason-code":                              func(v instanceView) []string { return one(v.ReasonCode) },
		"state-reason-message":                           func(v instanceView) []string { return one(v.Reason) },
		"subnet-id":                                      func(v instanceView) []string { return one(v.Subnet) },
		"tenancy":                                        func(instanceView) []string { return one("default") },
		"usage-operation":                                func(instanceView) []string { return one(usageOperation) },
		"virtualization-type":                            func(instanceView) []string { return one("hvm") },
		"vpc-id":                                         func(v instanceView) []string { return one(v.VPC) },
	},
	tags: func(v instanceView) map[string]string { return v.tags },
	never: []string{
		"affinity", "capacity-reservation-id", "host-id", "instance-lifecycle", "ipv6-address", "kernel-id", "outpost-arn",
		"placement-group-name", "placement-partition-number", "platform", "ramdisk-id", "requester-id", "spot-instance-request-id",
		"tpm-support",
	},
}

func (v instanceView) mac() []string {
	if !v.Private.IsValid() {
		return nil
	}
	return one(v.MAC())
}
