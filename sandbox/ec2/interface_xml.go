package ec2

import "amiship/sandbox/wire"

type xmlAssociation struct {
	OwnerID string `xml:"ipOwnerId"`
	Name    string `xml:"publicDnsName"`
	IP      string `xml:"publicIp"`
}

type xmlInterfaceAttachment struct {
	AttachTime          wire.Time `xml:"attachTime"`
	ID                  string    `xml:"attachmentId"`
	DeleteOnTermination bool      `xml:"deleteOnTermination"`
	DeviceIndex         int       `xml:"deviceIndex"`
	Status              string    `xml:"status"`
	CardIndex           int       `xml:"networkCardIndex"`
}

type xmlPrivateAddress struct {
	Association *xmlAssociation `xml:"association"`
	Primary     bool            `xml:"primary"`
	Name        string          `xml:"privateDnsName"`
	IP          string          `xml:"privateIpAddress"`
}

type xmlInterface struct {
	Association *xmlAssociation               `xml:"association"`
	Attachment  xmlInterfaceAttachment        `xml:"attachment"`
	Description string                        `xml:"description"`
	Groups      wire.List[xmlGroupID]         `xml:"groupSet"`
	IPv6        wire.List[xmlIPv6Association] `xml:"ipv6AddressesSet"`
	MAC         string                        `xml:"macAddress"`
	ID          string                        `xml:"networkInterfaceId"`
	OwnerID     string                        `xml:"ownerId"`
	PrivateName string                        `xml:"privateDnsName"`
	PrivateIP   string                        `xml:"privateIpAddress"`
	Addresses   wire.List[xmlPrivateAddress]  `xml:"privateIpAddressesSet"`
	SourceCheck bool                          `xml:"sourceDestCheck"`
	Status      string                        `xml:"status"`
	SubnetID    string                        `xml:"subnetId"`
	VpcID       string                        `xml:"vpcId"`
	Type        string                        `xml:"interfaceType"`
	Operator    xmlOperator                   `xml:"operator"`
}

// interfaceXML is the one network interface of an instance.
func interfaceXML(c *wire.Call, in Instance) xmlInterface {
	x := xmlInterface{
		Attachment: xmlInterfaceAttachment{AttachTime: wire.Time(in.Created), ID: in.Attachment, DeleteOnTermination: true, Status: "attached"},
		Groups:     groupIdentifiers(c, in), IPv6: wire.List[xmlIPv6Association]{}, MAC: in.MAC(), ID: in.Interface,
		OwnerID: in.Account, PrivateName: in.PrivateName(), PrivateIP: in.Private.String(), SourceCheck: !in.NoSourceCheck,
		Description: in.InterfaceText, Status: "in-use", SubnetID: in.Subnet, VpcID: in.VPC, Type: "interface",
	}
	if in.Public.IsValid() {
		x.Association = &xmlAssociation{"amazon", in.PublicName(), in.Public.String()}
	}
	x.Addresses = wire.List[xmlPrivateAddress]{{x.Association, true, x.PrivateName, x.PrivateIP}}
	return x
}
