package ec2

import (
	"strings"

	"amiship/sandbox/wire"
)

type reservationOut struct {
	ReservationID string                 `xml:"reservationId"`
	OwnerID       string                 `xml:"ownerId"`
	Groups        wire.List[xmlGroupID]  `xml:"groupSet"`
	Instances     wire.List[xmlInstance] `xml:"instancesSet"`
}

type xmlGroupID struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

type xmlInstanceDevice struct {
	Name string         `xml:"deviceName"`
	EBS  xmlInstanceEBS `xml:"ebs"`
}

type xmlInstanceEBS struct {
	AttachTime          wire.Time   `xml:"attachTime"`
	DeleteOnTermination bool        `xml:"deleteOnTermination"`
	Status              string      `xml:"status"`
	VolumeID            string      `xml:"volumeId"`
	Operator            xmlOperator `xml:"operator"`
}

type xmlProfile struct {
	ARN string `xml:"arn"`
	ID  string `xml:"id"`
}

type xmlPlacement struct {
	ZoneID    string `xml:"availabilityZoneId"`
	GroupName string `xml:"groupName"`
	Tenancy   string `xml:"tenancy"`
	Zone      string `xml:"availabilityZone"`
}

type xmlMonitoring struct {
	State string `xml:"state"`
}

type xmlCPUOptions struct {
	Cores   int `xml:"coreCount"`
	Threads int `xml:"threadsPerCore"`
}

type xmlEnabled struct {
	Enabled bool `xml:"enabled"`
}

type xmlConfigured struct {
	Configured bool `xml:"configured"`
}

type xmlReservationSpec struct {
	Preference string `xml:"capacityReservationPreference"`
}

type xmlMaintenance struct {
	AutoRecovery    string `xml:"autoRecovery"`
	RebootMigration string `xml:"rebootMigration"`
}

type xmlBandwidth struct {
	Weighting string `xml:"bandwidthWeighting"`
}

type xmlMetadata struct {
	State    string `xml:"state"`
	Tokens   string `xml:"httpTokens"`
	HopLimit int    `xml:"httpPutResponseHopLimit"`
	Endpoint string `xml:"httpEndpoint"`
	IPv6     string `xml:"httpProtocolIpv6"`
	Tags     string `xml:"instanceMetadataTags"`
}

type xmlInstance struct {
	Architecture     string                       `xml:"architecture"`
	Devices          wire.List[xmlInstanceDevice] `xml:"blockDeviceMapping"`
	ClientToken      string                       `xml:"clientToken"`
	EBSOptimized     bool                         `xml:"ebsOptimized"`
	ENASupport       bool                         `xml:"enaSupport"`
	Hypervisor       string                       `xml:"hypervisor"`
	Profile          *xmlProfile                  `xml:"iamInstanceProfile"`
	Interfaces       wire.List[xmlInterface]      `xml:"networkInterfaceSet"`
	RootDeviceName   string                       `xml:"rootDeviceName"`
	RootDeviceType   string                       `xml:"rootDeviceType"`
	Groups           wire.List[xmlGroupID]        `xml:"groupSet"`
	SourceDestCheck  bool                         `xml:"sourceDestCheck"`
	SRIOVNetSupport  string                       `xml:"sriovNetSupport,omitempty"`
	StateReason      *xmlReason                   `xml:"stateReason"`
	Tags             wire.List[xmlTag]            `xml:"tagSet"`
	Virtualization   string                       `xml:"virtualizationType"`
	CPUOptions       xmlCPUOptions                `xml:"cpuOptions"`
	ReservationSpec  xmlReservationSpec           `xml:"capacityReservationSpecification"`
	Hibernation      xmlConfigured                `xml:"hibernationOptions"`
	Metadata         xmlMetadata                  `xml:"metadataOptions"`
	Enclave          xmlEnabled                   `xml:"enclaveOptions"`
	BootMode         string                       `xml:"bootMode,omitempty"`
	PlatformDetails  string                       `xml:"platformDetails"`
	UsageOperation   string                       `xml:"usageOperation"`
	UsageUpdateTime  wire.Time                    `xml:"usageOperationUpdateTime"`
	DNSOptions       xmlSubnetDNS                 `xml:"privateDnsNameOptions"`
	Maintenance      xmlMaintenance               `xml:"maintenanceOptions"`
	CurrentBootMode  string                       `xml:"currentInstanceBootMode"`
	Bandwidth        xmlBandwidth                 `xml:"networkPerformanceOptions"`
	Operator         xmlOperator                  `xml:"operator"`
	InstanceID       string                       `xml:"instanceId"`
	ImageID          string                       `xml:"imageId"`
	State            xmlState                     `xml:"instanceState"`
	PrivateDNSName   string                       `xml:"privateDnsName"`
	PublicDNSName    string                       `xml:"dnsName"`
	Reason           string                       `xml:"reason"`
	KeyName          string                       `xml:"keyName,omitempty"`
	LaunchIndex      int                          `xml:"amiLaunchIndex"`
	ProductCodes     wire.List[xmlProductCode]    `xml:"productCodes"`
	InstanceType     string                       `xml:"instanceType"`
	LaunchTime       wire.Time                    `xml:"launchTime"`
	Placement        xmlPlacement                 `xml:"placement"`
	Monitoring       xmlMonitoring                `xml:"monitoring"`
	SubnetID         string                       `xml:"subnetId,omitempty"`
	VpcID            string                       `xml:"vpcId,omitempty"`
	PrivateIPAddress string                       `xml:"privateIpAddress,omitempty"`
	PublicIPAddress  string                       `xml:"ipAddress,omitempty"`
}

// reservation puts instances of one RunInstances together.
func (e *EC2) reservation(c *wire.Call, ins []Instance) reservationOut {
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
		Maintenance: xmlMaintenance{in.AutoRecovery, "default"}, CurrentBootMode: "legacy-bios", Bandwidth: xmlBandwidth{"default"},
		InstanceID: in.ID, ImageID: in.Image, State: stateXML(in.State), Reason: transition(in), KeyName: in.KeyName,
		LaunchIndex: in.Index, ProductCodes: productCodes(in.ProductCode), InstanceType: in.Type, LaunchTime: wire.Time(in.Launched),
		Placement: xmlPlacement{ZoneID: in.ZoneID, Tenancy: "default", Zone: in.Zone}, Monitoring: xmlMonitoring{"disabled"},
	}
	if in.Monitoring {
		x.Monitoring.State = "enabled"
	}
	if in.Arch == "arm64" {
		x.CurrentBootMode = "uefi"
	}
	if in.Profile != "" {
		x.Profile = &xmlProfile{in.Profile, strings.Replace(derivedID("AIPA", in.Profile), "-", "", 1)}
	}
	if in.ReasonCode != "" {
		x.StateReason = &xmlReason{in.ReasonCode, in.Reason}
	}
	x.place(c, in)
	return x
}

// place adds the network; a terminated instance has none any more.
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
	return xmlCPUOptions{t.vcpus / t.threads(), t.threads()}
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
