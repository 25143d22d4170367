package sandbox

import (
	"encoding/base64"
	"net/netip"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/imds"
	"amiship/sandbox/ssm"
)

// instanceAt tells the metadata service of the instance with this address.
func (s *box) instanceAt(addr netip.Addr) (found imds.Instance, ok bool) {
	_ = s.store.View(func(tx *cloud.Tx) error {
		in, known := ec2.InstanceByAddr(tx, addr)
		if known {
			found, ok = metadataOf(tx, in), true
		}
		return nil
	})
	return found, ok
}

func metadataOf(tx *cloud.Tx, in ec2.Instance) imds.Instance {
	userData, _ := base64.StdEncoding.DecodeString(in.UserData) // EC2 has checked it
	m := imds.Instance{
		ID: in.ID, Account: in.Account, Region: in.Region, Zone: in.Zone, ZoneID: in.ZoneID,
		Image: in.Image, Type: in.Type, Arch: in.Arch, Index: in.Index, Reservation: in.Reservation,
		Private: in.Private, Public: in.Public, Hostname: in.PrivateName(), LocalName: in.PrivateName(), PublicName: in.PublicName(),
		MAC: in.MAC(), Interface: in.Interface, Subnet: in.Subnet, SubnetCIDR: in.SubnetCIDR(), VPC: in.VPC, VPCCIDR: in.VPCCIDR(),
		Groups: ec2.GroupNames(tx, in), GroupIDs: in.Groups, KeyName: in.KeyName, AuthorizedKey: in.AuthorizedKey,
		RootDevice: in.RootDevice, ProductCode: in.ProductCode, Profile: in.Profile, UserData: userData, Launched: in.Launched,
		Partition: cloud.PartitionOf(in.Region).String(), Domain: cloud.PartitionOf(in.Region).Domain(),
		TokensRequired: in.Metadata.Tokens == "required", Disabled: in.Metadata.Endpoint == "disabled",
	}
	if in.Metadata.Tags == "enabled" {
		m.Tags = in.Tags(tx)
	}
	return m
}

// publicParameters are those by which distributions name their images.
func publicParameters(tx *cloud.Tx, region string) []ssm.Public {
	var out []ssm.Public
	for _, p := range ec2.PublicParameters(tx, region) {
		out = append(out, ssm.Public(p))
	}
	return out
}

// imageExists tells SSM whether an account may use an image.
func imageExists(tx *cloud.Tx, account, region, image string) bool {
	im, ok := ec2.FindImage(tx, region, account, image)
	return ok && im.State(tx.Now) == "available"
}
