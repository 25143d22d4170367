package ec2

import "amiship/sandbox/wire"

type instanceAttributeIn struct {
	dry
	InstanceID string `wire:"InstanceId"`
	Attribute  string
}

type xmlFlag struct {
	Value bool `xml:"value"`
}

type instanceAttributeOut struct {
	Devices          *wire.List[xmlInstanceDevice] `xml:"blockDeviceMapping"`
	KeepAlive        *xmlFlag                      `xml:"disableApiTermination"`
	ENASupport       *xmlFlag                      `xml:"enaSupport"`
	Enclave          *xmlEnabled                   `xml:"enclaveOptions"`
	EBSOptimized     *xmlFlag                      `xml:"ebsOptimized"`
	InstanceID       string                        `xml:"instanceId"`
	ShutdownBehavior *xmlText                      `xml:"instanceInitiatedShutdownBehavior"`
	InstanceType     *xmlText                      `xml:"instanceType"`
	Kernel           *xmlText                      `xml:"kernel"`
	ProductCodes     *wire.List[xmlProductCode]    `xml:"productCodes"`
	Ramdisk          *xmlText                      `xml:"ramdisk"`
	RootDeviceName   *xmlText                      `xml:"rootDeviceName"`
	SourceDestCheck  *xmlFlag                      `xml:"sourceDestCheck"`
	SRIOV            *xmlText                      `xml:"sriovNetSupport"`
	UserData         *xmlText                      `xml:"userData"`
	KeepRunning      *xmlFlag                      `xml:"disableApiStop"`
	Groups           *wire.List[xmlGroupID]        `xml:"groupSet"`
}

func (o instanceOps) describeInstanceAttribute(c *wire.Call, in *instanceAttributeIn) (*instanceAttributeOut, error) {
	i, err := o.ownInstance(c, in.InstanceID)
	if err != nil {
		return nil, err
	}
	out := &instanceAttributeOut{InstanceID: i.ID}
	switch in.Attribute {
	case "blockDeviceMapping":
		list := devicesXML(i)
		out.Devices = &list
	case "groupSet":
		list := groupIdentifiers(c, i)
		out.Groups = &list
	case "productCodes":
		list := productCodes(i.ProductCode)
		out.ProductCodes = &list
	default:
		if !out.fill(i, in.Attribute) {
			return nil, invalidValue("attribute", in.Attribute, "Unknown attribute.")
		}
	}
	return out, nil
}

// fill answers for an attribute that is one value.
func (out *instanceAttributeOut) fill(i Instance, name string) bool {
	switch name {
	case "disableApiTermination":
		out.KeepAlive = &xmlFlag{i.KeepAlive}
	case "disableApiStop":
		out.KeepRunning = &xmlFlag{i.KeepRunning}
	case "enaSupport":
		out.ENASupport = &xmlFlag{i.ENA}
	case "enclaveOptions":
		out.Enclave = &xmlEnabled{i.Enclave}
	case "ebsOptimized":
		out.EBSOptimized = &xmlFlag{i.EBSOptimized}
	case "sourceDestCheck":
		out.SourceDestCheck = &xmlFlag{!i.NoSourceCheck}
	case "instanceInitiatedShutdownBehavior":
		out.ShutdownBehavior = &xmlText{i.ShutdownBehavior}
	case "instanceType":
		out.InstanceType = &xmlText{i.Type}
	case "kernel":
		out.Kernel = &xmlText{}
	case "ramdisk":
		out.Ramdisk = &xmlText{}
	case "rootDeviceName":
		out.RootDeviceName = &xmlText{i.RootDevice}
	case "sriovNetSupport":
		out.SRIOV = &xmlText{i.SRIOV}
	case "userData":
		out.UserData = &xmlText{i.UserData}
	default:
		return false
	}
	return true
}
