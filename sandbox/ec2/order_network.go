package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

// findNetwork settles subnet, addresses and groups, which are in the request
// itself or in its one network interface.
func (o *order) findNetwork(c *wire.Call, in *runIn) error {
	subnet, groups := in.SubnetID, in.GroupIDs
	var public *bool
	o.private = in.PrivateIPAddress
	if len(in.Interfaces) > 0 {
		if err := in.checkInterfaces(); err != nil {
			return err
		}
		ni := in.Interfaces[0]
		o.interfaceText = ni.Description
		subnet, groups, o.private = ni.SubnetID, ni.Groups, ni.PrivateIPAddress
		public = ni.AssociatePublicIPAddress
	}
	if err := o.findZone(c, subnet, in.Placement.AvailabilityZone); err != nil {
		return err
	}
	o.public = mapsPublic(c, subnetOf(c.Account.ID, o.zone))
	if public != nil {
		o.public = *public
	}
	return o.findGroups(c, groups, in.GroupNames)
}

// checkInterfaces refuses interfaces that an instance of the sandbox can't have, and beside them
// what they say themselves.
func (in *runIn) checkInterfaces() error {
	refused := func(what string) error {
		return invalidCombination("Network interfaces and an instance-level %s may not be specified on the same request", what)
	}
	switch {
	case in.SubnetID != "":
		return refused("subnet ID")
	case in.PrivateIPAddress != "":
		return refused("private IP address")
	case len(in.GroupIDs)+len(in.GroupNames) > 0:
		return refused("security groups")
	case len(in.Interfaces) > 1:
		return wire.Errorf("Unsupported", "Instances of the sandbox have one network interface.")
	}
	return in.Interfaces[0].check()
}

// check refuses what the one interface of a machine can't be.
func (in interfaceIn) check() error {
	switch {
	case in.DeviceIndex != 0:
		return wire.Errorf("Unsupported", "Instances of the sandbox have one network interface, at device index 0.")
	case in.DeleteOnTermination != nil && !*in.DeleteOnTermination:
		return wire.Errorf("Unsupported", "Network interfaces of the sandbox go with their instances: DeleteOnTermination can't be false.")
	case in.InterfaceType != "" && in.InterfaceType != "interface":
		return wire.Errorf("Unsupported", "The sandbox has network interfaces of the type interface only.")
	}
	return nil
}

func (o *order) findZone(c *wire.Call, subnet, asked string) error {
	if subnet == "" && stateOf(c).NoDefaultVPC {
		return wire.Errorf("VPCIdNotSpecified", "No default VPC for this user. GroupName is only supported for EC2-Classic and default VPC.")
	}
	r, _ := findRegion(c.Region)
	zones := r.allZones()
	if subnet != "" {
		z, err := zoneOfSubnet(c, subnet)
		if err != nil {
			return err
		}
		zones = []zone{z}
	}
	i := slices.IndexFunc(zones, func(z zone) bool { return asked == "" || z.name == asked })
	if i < 0 {
		return wire.Errorf("InvalidParameterValue", "Invalid availability zone: [%s]", asked)
	}
	o.zone = zones[i]
	return nil
}

func (o *order) findGroups(c *wire.Call, ids, names []string) error {
	for _, id := range ids {
		g, err := namedGroup(c, id, "")
		if err != nil {
			return err
		}
		o.groups = append(o.groups, g.ID)
	}
	for _, name := range names {
		g, err := namedGroup(c, "", name)
		if err != nil {
			return err
		}
		o.groups = append(o.groups, g.ID)
	}
	if len(o.groups) == 0 {
		o.groups = []string{defaultGroupOf(c.Account.ID, c.Region).ID}
	}
	return nil
}
