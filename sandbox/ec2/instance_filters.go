package ec2

import (
	"maps"
	"slices"
	"strconv"

	"amiship/sandbox/wire"
)

type instanceView struct {
	Instance
	tags, interfaceTags map[string]string

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
		"instance-lifecycle":               func(v instanceView) []string { return one(v.lifecycle()) },
		"spot-instance-request-id":         func(v instanceView) []string { return one(v.SpotRequest) },
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
		"capacity-reservation-specification.capacity-reservation-preference": func(v instanceView) []string { return one(v.Reservations) },
		"current-instance-boot-mode":                                         func(v instanceView) []string { return one(bootedBy(v.Arch)) },
		"iam-instance-profile.id":                                            func(v instanceView) []string { return one(profileID(v.Profile)) },
		"maintenance-options.auto-recovery":                                  func(v instanceView) []string { return one(v.AutoRecovery) },
		"metadata-options.http-protocol-ipv4":                                func(v instanceView) []string { return one(v.Metadata.Endpoint) },
		"metadata-options.http-protocol-ipv6":                                func(v instanceView) []string { return one(v.Metadata.IPv6) },
		"metadata-options.instance-metadata-tags":                            func(v instanceView) []string { return one(v.Metadata.Tags) },
		"metadata-options.state":                                             func(instanceView) []string { return one("applied") },
		"monitoring-state":                                                   func(v instanceView) []string { return one(monitoring(v.Instance)) },
		"network-performance-options.bandwidth-weighting":                    func(instanceView) []string { return one("default") },
		"operator.managed":                                                   func(instanceView) []string { return flag(false) },
		"private-dns-name-options.hostname-type":                             func(instanceView) []string { return one("ip-name") },
		"private-dns-name-options.enable-resource-name-dns-a-record":         func(instanceView) []string { return flag(false) },
		"private-dns-name-options.enable-resource-name-dns-aaaa-record":      func(instanceView) []string { return flag(false) },
		"usage-operation-update-time":                                        func(v instanceView) []string { return one(wire.FormatTime(v.Created)) },

		"network-interface.addresses.association.ip-owner-id":     func(v instanceView) []string { return v.ifPublic("amazon") },
		"network-interface.addresses.association.public-dns-name": func(v instanceView) []string { return one(v.PublicName()) },
		"network-interface.addresses.association.public-ip":       func(v instanceView) []string { return v.public() },
		"network-interface.addresses.primary":                     func(instanceView) []string { return flag(true) },
		"network-interface.addresses.private-dns-name":            func(v instanceView) []string { return one(v.PrivateName()) },
		"network-interface.association.ip-owner-id":               func(v instanceView) []string { return v.ifPublic("amazon") },
		"network-interface.association.public-dns-name":           func(v instanceView) []string { return one(v.PublicName()) },
		"network-interface.attachment.attach-time":                func(v instanceView) []string { return one(wire.FormatTime(v.Created)) },
		"network-interface.attachment.attachment-id":              func(v instanceView) []string { return one(v.Attachment) },
		"network-interface.attachment.delete-on-termination":      func(instanceView) []string { return flag(true) },
		"network-interface.attachment.device-index":               func(instanceView) []string { return one("0") },
		"network-interface.attachment.instance-id":                func(v instanceView) []string { return one(v.ID) },
		"network-interface.attachment.instance-owner-id":          func(v instanceView) []string { return one(v.Account) },
		"network-interface.attachment.network-card-index":         func(instanceView) []string { return one("0") },
		"network-interface.attachment.status":                     func(instanceView) []string { return one("attached") },
		"network-interface.availability-zone":                     func(v instanceView) []string { return one(v.Zone) },
		"network-interface.deny-all-igw-traffic":                  func(instanceView) []string { return flag(false) },
		"network-interface.ipv6-native":                           func(instanceView) []string { return flag(false) },
		"network-interface.operator.managed":                      func(instanceView) []string { return flag(false) },
		"network-interface.owner-id":                              func(v instanceView) []string { return one(v.Account) },
		"network-interface.private-dns-name":                      func(v instanceView) []string { return one(v.PrivateName()) },
		"network-interface.public-dns-name":                       func(v instanceView) []string { return one(v.PublicName()) },
		"network-interface.requester-managed":                     func(instanceView) []string { return flag(false) },
		"network-interface.source-dest-check":                     func(v instanceView) []string { return flag(!v.NoSourceCheck) },
		"network-interface.status":                                func(instanceView) []string { return one("in-use") },
		"network-interface.tag-key":                               func(v instanceView) []string { return slices.Collect(maps.Keys(v.interfaceTags)) },
		"network-interface.tag-value":                             func(v instanceView) []string { return slices.Collect(maps.Values(v.interfaceTags)) },
		"vpc-id":                                                  func(v instanceView) []string { return one(v.VPC) },
	},
	tags: func(v instanceView) map[string]string { return v.tags },
	never: []string{
		"capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id",
		"capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn",
		"network-interface.addresses.association.allocation-id", "network-interface.addresses.association.association-id",
		"network-interface.addresses.association.carrier-ip", "network-interface.addresses.association.customer-owned-ip",
		"network-interface.association.allocation-id", "network-interface.association.association-id",
		"network-interface.association.carrier-ip", "network-interface.association.customer-owned-ip",
		"network-interface.description", "network-interface.ipv4-prefixes.ipv4-prefix", "network-interface.ipv6-address",
		"network-interface.ipv6-addresses.ipv6-address", "network-interface.ipv6-addresses.is-primary-ipv6",
		"network-interface.ipv6-prefixes.ipv6-prefix", "network-interface.operator.principal", "network-interface.outpost-arn",
		"network-interface.requester-id", "operator.principal",
		"affinity", "capacity-reservation-id", "host-id", "ipv6-address", "kernel-id", "outpost-arn",
		"placement-group-name", "placement-partition-number", "platform", "ramdisk-id", "requester-id",
		"tpm-support",
	},
}

func (v instanceView) mac() []string {
	if !v.Private.IsValid() {
		return nil
	}
	return one(v.MAC())
}

func (v instanceView) ifPublic(s string) []string {
	if !v.Public.IsValid() {
		return nil
	}
	return one(s)
}
