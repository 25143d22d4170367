package ec2

import (
	"encoding/base64"
	"slices"

	"amiship/sandbox/wire"
)

type flagValue struct{ Value *bool }

type instanceMappingIn struct {
	DeviceName string
	EBS        struct {
		VolumeID            string `wire:"VolumeId"`
		DeleteOnTermination *bool
	} `wire:"Ebs"`
	NoDevice, VirtualName string
}

type modifyInstanceIn struct {
	dry
	InstanceID            string    `wire:"InstanceId"`
	SourceDestCheck       flagValue // Value as all of these
	DisableAPIStop        flagValue `wire:"DisableApiStop"`
	DisableAPITermination flagValue `wire:"DisableApiTermination"`
	EBSOptimized          flagValue `wire:"EbsOptimized"`
	ENASupport            flagValue `wire:"EnaSupport"`
	SRIOV                 textValue `wire:"SriovNetSupport"`
	InstanceType          textValue
	UserData              textValue
	ShutdownBehavior      textValue           `wire:"InstanceInitiatedShutdownBehavior"`
	Groups                []string            `wire:"GroupId"`
	Mappings              []instanceMappingIn `wire:"BlockDeviceMapping"`
	Attribute             string
	Value                 *string
}

// modifyInstanceAttribute changes one attribute; some only of a stopped instance.
func (o instanceOps) modifyInstanceAttribute(c *wire.Call, in *modifyInstanceIn) (*done, error) {
	i, err := o.ownInstance(c, in.InstanceID)
	if err != nil {
		return nil, err
	}
	if err := in.spell(); err != nil {
		return nil, err
	}
	stopped := in.ENASupport.Value != nil || in.SRIOV.Value != nil || in.InstanceType.Value != nil || in.UserData.Value != nil || in.EBSOptimized.Value != nil
	if stopped && i.State != stateStopped {
		return nil, wire.Errorf("IncorrectInstanceState", "The instance '%s' is not in the 'stopped' state.", i.ID)
	}
	if err := in.setTexts(&i); err != nil {
		return nil, err
	}
	in.setFlags(&i)
	if len(in.Groups) > 0 {
		var want order
		if err := want.findGroups(c, in.Groups, nil); err != nil {
			return nil, err
		}
		i.Groups = want.groups
		region, id := c.Region, i.ID
		c.After(func() { o.setPorts(region, id) })
	}
	if i.Devices, err = in.setDevices(i); err != nil {
		return nil, err
	}
	putInstance(c, i)
	return ok()
}

// spell turns Attribute and Value, the older way, into the newer.
func (in *modifyInstanceIn) spell() error {
	if in.Attribute == "" {
		return nil
	}
	truth := in.Value != nil && *in.Value == "true"
	switch in.Attribute {
	case "instanceType":
		in.InstanceType.Value = in.Value
	case "userData":
		in.UserData.Value = in.Value
	case "instanceInitiatedShutdownBehavior":
		in.ShutdownBehavior.Value = in.Value
	case "sriovNetSupport":
		in.SRIOV.Value = in.Value
	case "disableApiTermination":
		in.DisableAPITermination.Value = &truth
	case "disableApiStop":
		in.DisableAPIStop.Value = &truth
	case "ebsOptimized":
		in.EBSOptimized.Value = &truth
	case "enaSupport":
		in.ENASupport.Value = &truth
	case "sourceDestCheck":
		in.SourceDestCheck.Value = &truth
	case "blockDeviceMapping", "groupSet":
	default:
		return invalidValue("attribute", in.Attribute, "Unknown attribute.")
	}
	return nil
}

func (in *modifyInstanceIn) setTexts(i *Instance) error {
	if v := in.ShutdownBehavior.Value; v != nil {
		if *v != "stop" && *v != "terminate" {
			return invalidValue("instanceInitiatedShutdownBehavior", *v, "Expected stop or terminate.")
		}
		i.ShutdownBehavior = *v
	}
	if v := in.InstanceType.Value; v != nil {
		t, err := findType(*v)
		if err != nil {
			return err
		}
		if !slices.Contains(t.architectures(), i.Arch) {
			return wire.Errorf("InvalidParameterValue", "The architecture of %s does not match the instance's, %s.", t.name, i.Arch)
		}
		i.Type = t.name
	}
	if v := in.UserData.Value; v != nil {
		if _, err := base64.StdEncoding.DecodeString(*v); err != nil {
			return wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
		}
		i.UserData = *v
	}
	if v := in.SRIOV.Value; v != nil {
		if *v != "simple" {
			return invalidValue("sriovNetSupport", *v, "Expected simple.")
		}
		i.SRIOV = *v
	}
	return nil
}

func (in *modifyInstanceIn) setFlags(i *Instance) {
	set := func(into *bool, v flagValue) {
		if v.Value != nil {
			*into = *v.Value
		}
	}
	set(&i.KeepRunning, in.DisableAPIStop)
	set(&i.KeepAlive, in.DisableAPITermination)
	set(&i.EBSOptimized, in.EBSOptimized)
	set(&i.ENA, in.ENASupport)
	if v := in.SourceDestCheck.Value; v != nil {
		i.NoSourceCheck = !*v
	}
}

func (in *modifyInstanceIn) setDevices(i Instance) ([]Device, error) {
	out := slices.Clone(i.Devices)
	for _, m := range in.Mappings {
		at := slices.IndexFunc(out, func(d Device) bool { return d.Name == m.DeviceName })
		if at < 0 {
			return nil, wire.Errorf("InvalidInstanceAttributeValue", "No device is currently mapped at %s", m.DeviceName)
		}
		switch {
		case m.NoDevice != "" || m.VirtualName != "":
			return nil, wire.Errorf("Unsupported", "The sandbox changes no mapping of an instance but DeleteOnTermination.")
		case m.EBS.VolumeID != "" && m.EBS.VolumeID != out[at].Volume:
			return nil, wire.Errorf("InvalidInstanceAttributeValue", "The volume at %s is not %s", m.DeviceName, m.EBS.VolumeID)
		}
		if m.EBS.DeleteOnTermination != nil {
			out[at].Keep = !*m.EBS.DeleteOnTermination
		}
	}
	return out, nil
}
