package ec2

import "amiship/sandbox/wire"

type xmlImage struct {
	PlatformDetails          string                    `xml:"platformDetails"`
	UsageOperation           string                    `xml:"usageOperation"`
	Mappings                 wire.List[xmlMapping]     `xml:"blockDeviceMapping"`
	Description              string                    `xml:"description,omitempty"`
	ENASupport               bool                      `xml:"enaSupport"`
	Hypervisor               string                    `xml:"hypervisor"`
	OwnerAlias               string                    `xml:"imageOwnerAlias,omitempty"`
	Name                     string                    `xml:"name"`
	RootDeviceName           string                    `xml:"rootDeviceName"`
	RootDeviceType           string                    `xml:"rootDeviceType"`
	SRIOVNetSupport          string                    `xml:"sriovNetSupport,omitempty"`
	StateReason              *xmlReason                `xml:"stateReason"`
	Tags                     wire.List[xmlTag]         `xml:"tagSet,omitempty"`
	VirtualizationType       string                    `xml:"virtualizationType"`
	BootMode                 string                    `xml:"bootMode,omitempty"`
	TPMSupport               string                    `xml:"tpmSupport,omitempty"`
	DeprecationTime          wire.Time                 `xml:"deprecationTime"`
	IMDSSupport              string                    `xml:"imdsSupport,omitempty"`
	SourceInstanceID         string                    `xml:"sourceInstanceId,omitempty"`
	DeregistrationProtection string                    `xml:"deregistrationProtection"`
	LastLaunchedTime         wire.Time                 `xml:"lastLaunchedTime"`
	ImageAllowed             *bool                     `xml:"imageAllowed"`
	SourceImageID            string                    `xml:"sourceImageId,omitempty"`
	SourceImageRegion        string                    `xml:"sourceImageRegion,omitempty"`
	FreeTierEligible         bool                      `xml:"freeTierEligible"`
	ImageID                  string                    `xml:"imageId"`
	ImageLocation            string                    `xml:"imageLocation"`
	State                    string                    `xml:"imageState"`
	OwnerID                  string                    `xml:"imageOwnerId"`
	CreationDate             wire.Time                 `xml:"creationDate"`
	Public                   bool                      `xml:"isPublic"`
	ProductCodes             wire.List[xmlProductCode] `xml:"productCodes,omitempty"`
	Architecture             string                    `xml:"architecture"`
	ImageType                string                    `xml:"imageType"`
}

type xmlMapping struct {
	EBS         *xmlEBS `xml:"ebs"`
	DeviceName  string  `xml:"deviceName"`
	VirtualName string  `xml:"virtualName,omitempty"`
}

type xmlEBS struct {
	DeleteOnTermination bool   `xml:"deleteOnTermination"`
	IOPS                int    `xml:"iops,omitempty"`
	SnapshotID          string `xml:"snapshotId,omitempty"`
	VolumeSize          int    `xml:"volumeSize"`
	VolumeType          string `xml:"volumeType"`
	KMSKeyID            string `xml:"kmsKeyId,omitempty"`
	Throughput          int    `xml:"throughput,omitempty"`
	Encrypted           bool   `xml:"encrypted"`
}

type xmlReason struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

type xmlProductCode struct {
	ID   string `xml:"productCode"`
	Type string `xml:"type"`
}

func (v imageView) xml() xmlImage {
	x := xmlImage{
		PlatformDetails: platformDetails, UsageOperation: usageOperation,
		Mappings: mappingsXML(v.Mappings, v.state == imagePending), Description: v.Description, ENASupport: v.ENA,
		Hypervisor: "xen", OwnerAlias: v.alias(), Name: v.Name, RootDeviceName: v.RootDevice, RootDeviceType: "ebs",
		SRIOVNetSupport: v.SRIOV, Tags: tagList(v.tags()), VirtualizationType: v.Virtualization(), BootMode: v.BootMode, TPMSupport: v.TPM,
		DeprecationTime: wire.Time(v.deprecation()), IMDSSupport: v.IMDS, SourceInstanceID: v.SourceInstance,
		DeregistrationProtection: v.protection(v.call.Now),
		SourceImageID:            v.SourceImage, SourceImageRegion: v.SourceRegion, FreeTierEligible: v.FreeTier,
		ImageID: v.ID, ImageLocation: v.Owner + "/" + v.Name, State: v.state, OwnerID: v.Owner,
		CreationDate: wire.Time(v.Created), Public: v.Public, ProductCodes: productCodes(v.ProductCode),
		Architecture: v.Arch, ImageType: "machine",
	}
	if stateOf(v.call).Allowed.State != "" {
		allowed := v.allowed()
		x.ImageAllowed = &allowed
	}
	if v.own {
		x.LastLaunchedTime = wire.Time(v.launched)
	}
	if v.state == imageFailed {
		x.StateReason = &xmlReason{Code: v.reasonCode(), Message: v.Failed}
	}
	return x
}

// What every Linux image says of its license.
const (
	platformDetails = "Linux/UNIX"
	usageOperation  = "RunInstances"
)

// mappingsXML leaves the snapshots out of a pending image, as AWS does.
func mappingsXML(ms []Mapping, pending bool) wire.List[xmlMapping] {
	out := wire.List[xmlMapping]{}
	for _, m := range ms {
		x := xmlMapping{DeviceName: m.Device, VirtualName: m.Virtual}
		if m.Virtual == "" {
			x.EBS = &xmlEBS{
				DeleteOnTermination: !m.Keep, IOPS: m.IOPS, SnapshotID: m.Snapshot, VolumeSize: m.Size,
				VolumeType: m.Type, KMSKeyID: m.KMSKey, Throughput: m.Throughput, Encrypted: m.Encrypted,
			}
			if pending {
				x.EBS.SnapshotID = ""
			}
		}
		out = append(out, x)
	}
	return out
}

func productCodes(code string) wire.List[xmlProductCode] {
	if code == "" {
		return wire.List[xmlProductCode]{}
	}
	return wire.List[xmlProductCode]{{code, "marketplace"}}
}
