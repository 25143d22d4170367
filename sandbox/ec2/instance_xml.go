package ec2

import "amiship/sandbox/wire"

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
	Lifecycle        string                       `xml:"instanceLifecycle,omitempty"`
	SpotRequest      string                       `xml:"spotInstanceRequestId,omitempty"`
	Interfaces       wire.List[xmlInterface]      `xml:"networkInterfaceSet"`
	RootDeviceName   string                       `xml:"rootDeviceName"`
	RootDeviceType   string                       `xml:"rootDeviceType"`
	Groups           wire.List[xmlGroupID]        `xml:"groupSet"`
	SourceDestCheck  bool                         `xml:"sourceDestCheck"`
	SRIOVNetSupport  string                       `xml:"sriovNetSupport,omitempty"`
	StateReason      *xmlReason                   `xml:"stateReason"`
	Tags             wire.List[xmlTag]            `xml:"tagSet,omitempty"`
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
