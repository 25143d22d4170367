package ec2

import (
	"amiship/sandbox/iam"
	"amiship/sandbox/wire"
)

// reservation puts instances of one RunInstances together.
func (o instanceOps) reservation(c *wire.Call, ins []Instance) reservationOut {
	out := reservationOut{ReservationID: ins[0].Reservation, OwnerID: c.Account.ID, Groups: wire.List[xmlGroupID]{}}
	for _, in := range ins {
		out.Instances = append(out.Instances, instanceXML(c, in))
	}
	return out
}

func instanceXML(c *wire.Call, in Instance) xmlInstance {
	x := xmlInstance{
		Architecture: in.Arch, Devices: devicesXML(in), ClientToken: in.ClientToken, EBSOptimized: in.EBSOptimized,
		ENASupport: in.ENA, Hypervisor: "xen", Interfaces: wire.List[xmlInterface]{}, RootDeviceName: in.RootDevice,
		RootDeviceType: "ebs", Groups: groupIdentifiers(c, in), SourceDestCheck: !in.NoSourceCheck, SRIOVNetSupport: in.SRIOV,
		Tags: tagList(TagsOf(c.Tx, c.Region, c.Account.ID, in.ID)), Virtualization: "hvm", CPUOptions: cpuOptions(in.Type),
		ReservationSpec: xmlReservationSpec{in.Reservations}, Hibernation: xmlConfigured{in.Hibernation},
		Metadata: metadataXML(in.Metadata), Enclave: xmlEnabled{in.Enclave}, BootMode: in.BootMode,
		PlatformDetails: platformDetails, UsageOperation: usageOperation, UsageUpdateTime: wire.Time(in.Created),
		DNSOptions:  xmlSubnetDNS{HostnameType: "ip-name"},
		Maintenance: xmlMaintenance{in.AutoRecovery, "default"}, CurrentBootMode: bootedBy(in.Arch), Bandwidth: xmlBandwidth{"default"},
		InstanceID: in.ID, ImageID: in.Image, State: stateXML(in.State), Reason: transition(in), KeyName: in.KeyName,
		LaunchIndex: in.Index, ProductCodes: productCodes(in.ProductCode), InstanceType: in.Type, LaunchTime: wire.Time(in.Launched),
		Placement: xmlPlacement{ZoneID: in.ZoneID, Tenancy: "default", Zone: in.Zone}, Monitoring: xmlMonitoring{monitoring(in)},
	}
	if in.Profile != "" {
		x.Profile = &xmlProfile{in.Profile, profileID(in.Profile)}
	}
	x.Lifecycle, x.SpotRequest = in.lifecycle(), in.SpotRequest
	if in.ReasonCode != "" {
		x.StateReason = &xmlReason{in.ReasonCode, in.Reason}
	}
	x.place(c, in)
	return x
}

// place adds the network; a terminated instance has none.
func (x *xmlInstance) place(c *wire.Call, in Instance) {
	if in.State == stateTerminated {
		return
	}
	x.SubnetID, x.VpcID = in.Subnet, in.VPC
	x.PrivateIPAddress, x.PrivateDNSName = in.Private.String(), in.PrivateName()
	if in.Public.IsValid() {
		x.PublicIPAddress, x.PublicDNSName = in.Public.String(), in.PublicName()
	}
	x.Interfaces = wire.List[xmlInterface]{interfaceXML(c, in)}
}

// transition is the old form of the state's reason.
func transition(in Instance) string {
	if in.ReasonCode == "Client.UserInitiatedShutdown" {
		return "User initiated"
	}
	return in.Reason
}

func metadataXML(m MetadataOptions) xmlMetadata {
	return xmlMetadata{"applied", m.Tokens, m.HopLimit, m.Endpoint, m.IPv6, m.Tags}
}

func cpuOptions(name string) xmlCPUOptions {
	t, err := findType(name)
	if err != nil {
		return xmlCPUOptions{1, 1}
	}
	return xmlCPUOptions{t.cores(), t.threads}
}

func devicesXML(in Instance) wire.List[xmlInstanceDevice] {
	out := wire.List[xmlInstanceDevice]{}
	if in.State == stateTerminated {
		return out
	}
	for _, d := range in.Devices {
		out = append(out, xmlInstanceDevice{d.Name, xmlInstanceEBS{wire.Time(d.Attached), !d.Keep, "attached", d.Volume, xmlOperator{}}})
	}
	return out
}

func groupIdentifiers(c *wire.Call, in Instance) wire.List[xmlGroupID] {
	out := wire.List[xmlGroupID]{}
	if in.State == stateTerminated {
		return out
	}
	for _, id := range in.Groups {
		g, _ := findGroup(c.Tx, c.Region, in.Account, id)
		out = append(out, xmlGroupID{id, g.Name})
	}
	return out
}

func bootedBy(arch string) string {
	if arch == "arm64" {
		return "uefi"
	}
	return "legacy-bios"
}

func monitoring(in Instance) string {
	if in.Monitoring {
		return "enabled"
	}
	return "disabled"
}

func profileID(arn string) string {
	if arn == "" {
		return ""
	}
	return iam.ProfileID(arn)
}
