package ec2

import (
	"slices"
	"strconv"
	"strings"

	"amiship/sandbox/wire"
)

type describeTypesIn struct {
	dry
	paging
	InstanceTypes []string `wire:"InstanceType"`
	Filters       []filter `wire:"Filter"`
}

type xmlProcessor struct {
	Architectures wire.List[string] `xml:"supportedArchitectures"`
	Clock         float64           `xml:"sustainedClockSpeedInGhz"`
	Manufacturer  string            `xml:"manufacturer"`
}

type xmlVCPU struct {
	Default    int            `xml:"defaultVCpus"`
	Cores      int            `xml:"defaultCores"`
	Threads    int            `xml:"defaultThreadsPerCore"`
	ValidCores wire.List[int] `xml:"validCores"`
	Valid      wire.List[int] `xml:"validThreadsPerCore"`
}

type xmlMemory struct {
	MiB int `xml:"sizeInMiB"`
}

type xmlEBSInfo struct {
	Optimized  string `xml:"ebsOptimizedSupport"`
	Encryption string `xml:"encryptionSupport"`
	NVMe       string `xml:"nvmeSupport"`
}

type xmlNetworkInfo struct {
	Performance string `xml:"networkPerformance"`
	Interfaces  int    `xml:"maximumNetworkInterfaces"`
	Cards       int    `xml:"maximumNetworkCards"`
	DefaultCard int    `xml:"defaultNetworkCardIndex"`
	IPv4        int    `xml:"ipv4AddressesPerInterface"`
	IPv6        int    `xml:"ipv6AddressesPerInterface"`
	HasIPv6     bool   `xml:"ipv6Supported"`
	ENA         string `xml:"enaSupport"`
	EFA         bool   `xml:"efaSupported"`
	Encrypted   bool   `xml:"encryptionInTransitSupported"`
	ENASRD      bool   `xml:"enaSrdSupported"`
}

type xmlStorageDisk struct {
	SizeGB int    `xml:"sizeInGB"`
	Count  int    `xml:"count"`
	Type   string `xml:"type"`
}

type xmlStorageInfo struct {
	TotalGB    int                       `xml:"totalSizeInGB"`
	Disks      wire.List[xmlStorageDisk] `xml:"disks"`
	NVMe       string                    `xml:"nvmeSupport"`
	Encryption string                    `xml:"encryptionSupport"`
}

type xmlTPMInfo struct {
	Versions wire.List[string] `xml:"supportedVersions"`
}

type xmlType struct {
	Name               string            `xml:"instanceType"`
	Current            bool              `xml:"currentGeneration"`
	FreeTier           bool              `xml:"freeTierEligible"`
	UsageClasses       wire.List[string] `xml:"supportedUsageClasses"`
	RootDevices        wire.List[string] `xml:"supportedRootDeviceTypes"`
	Virtualization     wire.List[string] `xml:"supportedVirtualizationTypes"`
	BareMetal          bool              `xml:"bareMetal"`
	Hypervisor         string            `xml:"hypervisor,omitempty"`
	Processor          xmlProcessor      `xml:"processorInfo"`
	VCPU               xmlVCPU           `xml:"vCpuInfo"`
	Memory             xmlMemory         `xml:"memoryInfo"`
	InstanceStorage    bool              `xml:"instanceStorageSupported"`
	Storage            *xmlStorageInfo   `xml:"instanceStorageInfo"`
	EBS                xmlEBSInfo        `xml:"ebsInfo"`
	Network            xmlNetworkInfo    `xml:"networkInfo"`
	Hibernation        bool              `xml:"hibernationSupported"`
	Burstable          bool              `xml:"burstablePerformanceSupported"`
	DedicatedHosts     bool              `xml:"dedicatedHostsSupported"`
	AutoRecovery       bool              `xml:"autoRecoverySupported"`
	BootModes          wire.List[string] `xml:"supportedBootModes"`
	NitroEnclaves      string            `xml:"nitroEnclavesSupport"`
	NitroTPM           string            `xml:"nitroTpmSupport"`
	NitroTPMInfo       *xmlTPMInfo       `xml:"nitroTpmInfo"`
	SupportedInRegion  bool              `xml:"supportedInRegion"`
	RebootMigration    string            `xml:"rebootMigrationSupport"`
	PrecisionTimeClock string            `xml:"phcSupport"`
}

type describeTypesOut struct {
	Types     wire.List[xmlType] `xml:"instanceTypeSet"`
	NextToken string             `xml:"nextToken,omitempty"`
}

var typeFilters = filters[xmlType]{
	never: []string{
		"ebs-info.attachment-limit-type", "ebs-info.maximum-ebs-attachments", "ebs-info.ebs-optimized-info.baseline-bandwidth-in-mbps",
		"ebs-info.ebs-optimized-info.baseline-iops", "ebs-info.ebs-optimized-info.baseline-throughput-in-mbps",
		"ebs-info.ebs-optimized-info.maximum-bandwidth-in-mbps", "ebs-info.ebs-optimized-info.maximum-iops",
		"ebs-info.ebs-optimized-info.maximum-throughput-in-mbps", "network-info.bandwidth-weightings",
		"network-info.efa-info.maximum-efa-interfaces", "network-info.flexible-ena-queues-support",
		"processor-info.supported-features",
	},
	by: map[string]func(xmlType) []string{
		"instance-storage-info.disk.count": func(t xmlType) []string {
			return t.stored(func(s *xmlStorageInfo) string { return strconv.Itoa(s.Disks[0].Count) })
		},
		"instance-storage-info.disk.size-in-gb": func(t xmlType) []string {
			return t.stored(func(s *xmlStorageInfo) string { return strconv.Itoa(s.Disks[0].SizeGB) })
		},
		"instance-storage-info.disk.type":          func(t xmlType) []string { return t.stored(func(s *xmlStorageInfo) string { return s.Disks[0].Type }) },
		"instance-storage-info.encryption-support": func(t xmlType) []string { return t.stored(func(s *xmlStorageInfo) string { return s.Encryption }) },
		"instance-storage-info.nvme-support":       func(t xmlType) []string { return t.stored(func(s *xmlStorageInfo) string { return s.NVMe }) },
		"instance-storage-info.total-size-in-gb": func(t xmlType) []string {
			return t.stored(func(s *xmlStorageInfo) string { return strconv.Itoa(s.TotalGB) })
		},
		"nitro-tpm-info.supported-versions":            func(t xmlType) []string { return t.tpm() },
		"dedicated-hosts-supported":                    func(t xmlType) []string { return flag(t.DedicatedHosts) },
		"hibernation-supported":                        func(t xmlType) []string { return flag(t.Hibernation) },
		"ebs-info.encryption-support":                  func(t xmlType) []string { return one(t.EBS.Encryption) },
		"network-info.efa-supported":                   func(t xmlType) []string { return flag(t.Network.EFA) },
		"network-info.encryption-in-transit-supported": func(t xmlType) []string { return flag(t.Network.Encrypted) },
		"network-info.ipv4-addresses-per-interface":    func(t xmlType) []string { return one(strconv.Itoa(t.Network.IPv4)) },
		"network-info.ipv6-addresses-per-interface":    func(t xmlType) []string { return one(strconv.Itoa(t.Network.IPv6)) },
		"network-info.ipv6-supported":                  func(t xmlType) []string { return flag(t.Network.HasIPv6) },
		"network-info.maximum-network-cards":           func(t xmlType) []string { return one(strconv.Itoa(t.Network.Cards)) },
		"nitro-enclaves-support":                       func(t xmlType) []string { return one(t.NitroEnclaves) },
		"nitro-tpm-support":                            func(t xmlType) []string { return one(t.NitroTPM) },
		"processor-info.sustained-clock-speed-in-ghz":  func(t xmlType) []string { return one(strconv.FormatFloat(t.Processor.Clock, 'f', -1, 64)) },
		"reboot-migration-support":                     func(t xmlType) []string { return one(t.RebootMigration) },
		"vcpu-info.valid-cores":                        func(t xmlType) []string { return numbers(t.VCPU.ValidCores) },
		"vcpu-info.valid-threads-per-core":             func(t xmlType) []string { return numbers(t.VCPU.Valid) },
		"auto-recovery-supported":                      func(t xmlType) []string { return flag(t.AutoRecovery) },
		"bare-metal":                                   func(t xmlType) []string { return flag(t.BareMetal) },
		"burstable-performance-supported":              func(t xmlType) []string { return flag(t.Burstable) },
		"current-generation":                           func(t xmlType) []string { return flag(t.Current) },
		"free-tier-eligible":                           func(t xmlType) []string { return flag(t.FreeTier) },
		"hypervisor":                                   func(t xmlType) []string { return one(t.Hypervisor) },
		"instance-storage-supported":                   func(t xmlType) []string { return flag(t.InstanceStorage) },
		"instance-type":                                func(t xmlType) []string { return one(t.Name) },
		"memory-info.size-in-mib":                      func(t xmlType) []string { return one(strconv.Itoa(t.Memory.MiB)) },
		"processor-info.supported-architecture":        func(t xmlType) []string { return t.Processor.Architectures },
		"supported-boot-mode":                          func(t xmlType) []string { return t.BootModes },
		"supported-root-device-type":                   func(t xmlType) []string { return t.RootDevices },
		"supported-usage-class":                        func(t xmlType) []string { return t.UsageClasses },
		"supported-virtualization-type":                func(t xmlType) []string { return t.Virtualization },
		"vcpu-info.default-vcpus":                      func(t xmlType) []string { return one(strconv.Itoa(t.VCPU.Default)) },
		"vcpu-info.default-cores":                      func(t xmlType) []string { return one(strconv.Itoa(t.VCPU.Cores)) },
		"network-info.ena-support":                     func(t xmlType) []string { return one(t.Network.ENA) },
		"ebs-info.ebs-optimized-support":               func(t xmlType) []string { return one(t.EBS.Optimized) },
		"ebs-info.nvme-support":                        func(t xmlType) []string { return one(t.EBS.NVMe) },
		"vcpu-info.default-threads-per-core":           func(t xmlType) []string { return one(strconv.Itoa(t.VCPU.Threads)) },
		"network-info.network-performance":             func(t xmlType) []string { return one(t.Network.Performance) },
		"network-info.maximum-network-interfaces":      func(t xmlType) []string { return one(strconv.Itoa(t.Network.Interfaces)) },
	},
}

// stored is a member of the instance store; nothing without one.
func (t xmlType) stored(get func(*xmlStorageInfo) string) []string {
	if t.Storage == nil {
		return nil
	}
	return one(get(t.Storage))
}

func (t xmlType) tpm() []string {
	if t.NitroTPMInfo == nil {
		return nil
	}
	return t.NitroTPMInfo.Versions
}

func (o accountOps) describeTypes(c *wire.Call, in *describeTypesIn) (*describeTypesOut, error) {
	if in.MaxResults != nil && *in.MaxResults > 100 {
		return nil, wire.Errorf("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value less than or equal to 100.", *in.MaxResults)
	}
	missing := func(names ...string) error {
		return wire.Errorf("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", strings.Join(names, ", "))
	}
	_, err := named(in.InstanceTypes, missing, func(name string) (instanceType, bool, error) {
		t, err := findType(name)
		return t, err == nil, nil
	})
	if err != nil {
		return nil, err
	}
	var all []xmlType
	for _, t := range typeTable {
		if len(in.InstanceTypes) == 0 || slices.Contains(in.InstanceTypes, t.name) {
			all = append(all, typeXML(t))
		}
	}
	if all, err = typeFilters.keep(all, in.Filters); err != nil {
		return nil, err
	}
	all, next, err := page(c, in.paging, 5, all, func(t xmlType) string { return t.Name })
	return &describeTypesOut{all, next}, err
}

func typeXML(t instanceType) xmlType {
	nitro := t.hypervisor == "nitro"
	uefi := nitro && slices.Contains(t.bootModes(), bootLegacy) && slices.Contains(t.bootModes(), bootUEFI)
	x := xmlType{
		Name: t.name, Current: t.current, FreeTier: t.name == "t2.micro" || t.name == "t3.micro" || t.name == "t4g.small",
		UsageClasses: wire.List[string]{"on-demand", "spot"}, RootDevices: wire.List[string]{"ebs"}, Virtualization: t.virtualizations(),
		BareMetal: t.hypervisor == "", Hypervisor: t.hypervisor, Burstable: t.burstable, AutoRecovery: t.disks == 0,
		Processor:       xmlProcessor{t.architectures(), t.clock, t.maker},
		VCPU:            xmlVCPU{t.vcpus, t.cores(), t.threads, wire.List[int]{t.cores()}, wire.List[int]{}},
		Memory:          xmlMemory{t.mib},
		InstanceStorage: t.disks > 0, Storage: t.storageXML(),
		EBS:       xmlEBSInfo{"default", "supported", "required"},
		Network:   xmlNetworkInfo{t.network, t.enis, 1, 0, t.addresses, t.addresses, t.hypervisor != "xen", t.ena(), false, nitro, false},
		BootModes: t.bootModes(), DedicatedHosts: !t.burstable && t.current,
		NitroEnclaves: "unsupported", NitroTPM: "unsupported", SupportedInRegion: true, RebootMigration: "supported", PrecisionTimeClock: "unsupported",
	}
	for n := range t.threads {
		x.VCPU.Valid = append(x.VCPU.Valid, n+1)
	}
	if t.hypervisor == "xen" {
		x.EBS.NVMe, x.EBS.Optimized = "unsupported", "supported"
	}
	if uefi {
		x.NitroTPM, x.NitroTPMInfo = "supported", &xmlTPMInfo{wire.List[string]{"2.0"}}
	}
	return x
}

// storageXML is the instance store; nil if there is none.
func (t instanceType) storageXML() *xmlStorageInfo {
	if t.disks == 0 {
		return nil
	}
	x := &xmlStorageInfo{TotalGB: t.disks * t.diskGB, Disks: wire.List[xmlStorageDisk]{{t.diskGB, t.disks, t.diskType}}, NVMe: "unsupported", Encryption: "unsupported"}
	if t.diskNVMe {
		x.NVMe, x.Encryption = "required", "required"
	}
	return x
}

func numbers(ns []int) []string {
	out := make([]string, len(ns))
	for i, n := range ns {
		out[i] = strconv.Itoa(n)
	}
	return out
}
