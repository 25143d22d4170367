package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

// kind is a kind of resource that can be tagged.
type kind struct {
	name    string // as a TagSpecification's ResourceType
	exists  func(c *wire.Call, id string) bool
	missing func(ids ...string) error
}

// taggables are the kinds by the prefix of their ids.
var taggables = map[string]kind{
	"ami": {"image", func(c *wire.Call, id string) bool {
		_, found := FindImage(c.Tx, c.Region, c.Account.ID, id)
		return found
	}, imageNotFound},
	"snap": {"snapshot", func(c *wire.Call, id string) bool {
		_, found := findSnapshot(c.Tx, c.Region, c.Account.ID, id)
		return found
	}, snapshotNotFound},
	"i": {"instance", func(c *wire.Call, id string) bool {
		in, found := Instances.Get(c.Tx, c.Region, id)
		return found && in.Account == c.Account.ID
	}, instanceNotFound},
	"vol": {"volume", func(c *wire.Call, id string) bool {
		v, found := Volumes.Get(c.Tx, c.Region, id)
		return found && v.Account == c.Account.ID
	}, volumeNotFound},
	"key": {"key-pair", func(c *wire.Call, id string) bool {
		_, found := keyByID(c, id)
		return found
	}, keyNotFound},
	"sg": {"security-group", func(c *wire.Call, id string) bool {
		_, found := findGroup(c.Tx, c.Region, c.Account.ID, id)
		return found
	}, func(ids ...string) error {
		return notFound("InvalidSecurityGroupID.NotFound", "security group ID", ids, "")
	}},
	"sgr": {"security-group-rule", func(c *wire.Call, id string) bool {
		return ownsRule(c, id)
	}, ruleNotFound},
	"eni": {"network-interface", func(c *wire.Call, id string) bool {
		return ownsInterface(c, id)
	}, interfaceNotFound},
	"sir": {"spot-instances-request", ownsSpotRequest, func(ids ...string) error {
		return notFound("InvalidSpotInstanceRequestID.NotFound", "spot instance request ID", ids, "")
	}},
	"lt": {"launch-template", func(c *wire.Call, id string) bool {
		_, found := findTemplate(c, id, "")
		return found
	}, func(ids ...string) error {
		return notFound("InvalidLaunchTemplateId.NotFound", "launch template, with template ID", ids, "")
	}},
	"amiur": {"image-usage-report", func(c *wire.Call, id string) bool {
		_, found := findReport(c, id)
		return found
	}, reportNotFound},
	"vpc": {"vpc", func(c *wire.Call, id string) bool { return id == vpcID(c) }, vpcNotFound},
	"subnet": {"subnet", func(c *wire.Call, id string) bool {
		_, err := zoneOfSubnet(c, id)
		return err == nil
	}, subnetNotFound},
}

// allKinds are the kinds by name.
func allKinds() []string {
	var out []string
	for _, k := range taggables {
		out = append(out, k.name)
	}
	slices.Sort(out)
	return out
}

func ruleNotFound(ids ...string) error {
	return notFound("InvalidSecurityGroupRuleId.NotFound", "security group rule ID", ids, "")
}

func interfaceNotFound(ids ...string) error {
	return notFound("InvalidNetworkInterfaceID.NotFound", "networkInterface ID", ids, "")
}

func ownsInterface(c *wire.Call, id string) bool {
	for _, in := range instanceIndex.All(c.Tx, c.Region, wordHolds+id) {
		if in.Account == c.Account.ID && in.Interface == id {
			return true
		}
	}
	return false
}
