package ec2

import "amiship/sandbox/wire"

// kind is a kind of resource that can be tagged.
type kind struct {
	name    string // as a TagSpecification's ResourceType
	exists  func(c *wire.Call, id string) bool
	missing func(id string) error
}

// taggables are the kinds by the prefix of their ids.
var taggables = map[string]kind{
	"ami": {"image", func(c *wire.Call, id string) bool {
		_, found := FindImage(c.Tx, c.Region, c.Account.ID, id)
		return found
	}, func(id string) error { return imageNotFound(id) }},
	"snap": {"snapshot", func(c *wire.Call, id string) bool {
		_, found := findSnapshot(c.Tx, c.Region, c.Account.ID, id)
		return found
	}, snapshotNotFound},
	"i": {"instance", func(c *wire.Call, id string) bool {
		in, found := Instances.Get(c.Tx, c.Region, id)
		return found && in.Account == c.Account.ID
	}, func(id string) error { return unknownIDs("InvalidInstanceID.NotFound", "instance", []string{id}) }},
	"vol": {"volume", func(c *wire.Call, id string) bool {
		v, found := Volumes.Get(c.Tx, c.Region, id)
		return found && v.Account == c.Account.ID
	}, volumeNotFound},
	"key": {"key-pair", func(c *wire.Call, id string) bool {
		_, found := keyByID(c, id)
		return found
	}, func(id string) error {
		return wire.Errorf("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", id)
	}},
	"sg": {"security-group", func(c *wire.Call, id string) bool {
		_, found := findGroup(c.Tx, c.Region, c.Account.ID, id)
		return found
	}, func(id string) error {
		return wire.Errorf("InvalidSecurityGroupID.NotFound", "The security group ID '%s' does not exist", id)
	}},
	"sgr": {"security-group-rule", func(c *wire.Call, id string) bool {
		return ownsRule(c, id)
	}, func(id string) error {
		return wire.Errorf("InvalidSecurityGroupRuleId.NotFound", "The security group rule ID '%s' does not exist", id)
	}},
	"eni": {"network-interface", func(c *wire.Call, id string) bool {
		return ownsInterface(c, id)
	}, func(id string) error {
		return unknownIDs("InvalidNetworkInterfaceID.NotFound", "networkInterface", []string{id})
	}},
	"vpc": {"vpc", func(c *wire.Call, id string) bool { return id == vpcID(c) }, func(id string) error {
		return unknownIDs("InvalidVpcID.NotFound", "vpc", []string{id})
	}},
	"subnet": {"subnet", func(c *wire.Call, id string) bool {
		_, err := zoneOfSubnet(c, id)
		return err == nil
	}, func(id string) error { return unknownIDs("InvalidSubnetID.NotFound", "subnet", []string{id}) }},
}

func ownsInterface(c *wire.Call, id string) bool {
	for _, in := range Instances.All(c.Tx, c.Region) {
		if in.Account == c.Account.ID && in.Interface == id {
			return true
		}
	}
	return false
}
