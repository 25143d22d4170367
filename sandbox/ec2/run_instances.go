package ec2

import (
	"encoding/base64"
	"net/netip"
	"slices"

	"amiship/sandbox/wire"
)

// ebsIn and mappingIn are a BlockDeviceMapping.N of a request.
type ebsIn struct {
	DeleteOnTermination *bool
	IOPS                int    `wire:"Iops"`
	SnapshotID          string `wire:"SnapshotId"`
	VolumeSize          int
	VolumeType          string
	KMSKeyID            string `wire:"KmsKeyId"`
	Throughput          int
	Encrypted           *bool
}

type mappingIn struct {
	EBS         ebsIn   `wire:"Ebs"`
	NoDevice    *string // present, usually empty: leave the image's device out
	DeviceName  string
	VirtualName string
}

type interfaceIn struct {
	AssociatePublicIPAddress *bool `wire:"AssociatePublicIpAddress"`
	DeleteOnTermination      bool
	Description              string
	DeviceIndex              int
	Groups                   []string `wire:"SecurityGroupId"`
	PrivateIPAddress         string   `wire:"PrivateIpAddress"`
	SubnetID                 string   `wire:"SubnetId"`
	InterfaceType            string
}

type metadataIn struct {
	HTTPTokens   string `wire:"HttpTokens"`
	HopLimit     int    `wire:"HttpPutResponseHopLimit"`
	HTTPEndpoint string `wire:"HttpEndpoint"`
	IPv6         string `wire:"HttpProtocolIpv6"`
	Tags         string `wire:"InstanceMetadataTags"`
}

type enabledIn struct{ Enabled bool }

type runIn struct {
	dry
	Mappings         []mappingIn `wire:"BlockDeviceMapping"`
	ImageID          string      `wire:"ImageId"`
	InstanceType     string
	KeyName          string
	MaxCount         int
	MinCount         int
	Monitoring       enabledIn
	Placement        struct{ AvailabilityZone, Tenancy string }
	GroupIDs         []string `wire:"SecurityGroupId"`
	GroupNames       []string `wire:"SecurityGroup"`
	SubnetID         string   `wire:"SubnetId"`
	UserData         string
	TagSpecs         []tagSpec  `wire:"TagSpecification"`
	Metadata         metadataIn `wire:"MetadataOptions"`
	Enclave          enabledIn  `wire:"EnclaveOptions"`
	DisableAPIStop   bool       `wire:"DisableApiStop"`
	DisableAPITerm   bool       `wire:"DisableApiTermination"`
	ShutdownBehavior string     `wire:"InstanceInitiatedShutdownBehavior"`
	PrivateIPAddress string     `wire:"PrivateIpAddress"`
	ClientToken      string
	Interfaces       []interfaceIn               `wire:"NetworkInterface"`
	Profile          struct{ Arn, Name string }  `wire:"IamInstanceProfile"`
	EBSOptimized     bool                        `wire:"EbsOptimized"`
	Credit           struct{ CpuCredits string } `wire:"CreditSpecification"` //nolint:revive // AWS's spelling
	Reservation      struct {
		Preference string `wire:"CapacityReservationPreference"`
	} `wire:"CapacityReservationSpecification"`
	Hibernation struct{ Configured bool }     `wire:"HibernationOptions"`
	Maintenance struct{ AutoRecovery string } `wire:"MaintenanceOptions"`
}

// order is a request for instances, understood and checked.
type order struct {
	image    Image
	root     Snapshot
	kind     instanceType
	zone     zone
	groups   []string
	public   bool
	private  string // asked address
	key      keyPair
	profile  string
	mappings []Mapping
	metadata MetadataOptions
	tags     map[string]map[string]string
}

func (e *EC2) runInstances(c *wire.Call, in *runIn) (*reservationOut, error) {
	if made, err := replay(c, in.ClientToken, in); made != nil || err != nil {
		return e.replayRun(c, made, err)
	}
	o, err := e.order(c, in)
	if err != nil {
		return nil, err
	}
	e.forget(c)
	reservation := newID("r")
	used := usedAddresses(c.Tx)
	var made []Instance
	var ids []string
	for i := range in.MaxCount {
		inst, err := o.instance(c, in, used)
		if err != nil {
			return nil, err
		}
		inst.Reservation, inst.Index = reservation, i
		o.attachVolumes(c, &inst)
		putInstance(c, inst)
		putTags(c.Tx, c.Region, c.Account.ID, "instance", inst.ID, o.tags["instance"])
		putTags(c.Tx, c.Region, c.Account.ID, "network-interface", inst.Interface, o.tags["network-interface"])
		made, ids = append(made, inst), append(ids, inst.ID)
		region := c.Region
		c.After(func() { e.start(region, inst.ID) })
	}
	e.noteLaunch(c, o.image.ID)
	e.remember(c, in.ClientToken, in, ids...)
	out := e.reservation(c, made)
	return &out, nil
}

// replayRun answers a repeated request with the instances of the first.
func (e *EC2) replayRun(c *wire.Call, ids []string, err error) (*reservationOut, error) {
	if err != nil {
		return nil, err
	}
	var made []Instance
	for _, id := range ids {
		inst, found := Instances.Get(c.Tx, c.Region, id)
		if inst = e.seen(c, inst); !found || inst.State == stateTerminated {
			return nil, wire.Errorf("IdempotentInstanceTerminated", "The client token you have provided is associated with a terminated instance. Please use a different client token.")
		}
		made = append(made, inst)
	}
	out := e.reservation(c, made)
	return &out, nil
}

// order checks a request for everything that AWS would refuse it for.
func (e *EC2) order(c *wire.Call, in *runIn) (order, error) {
	o := order{public: true}
	if e.driver == nil {
		return o, wire.Errorf("Unsupported", "%v", errNoDriver)
	}
	for _, check := range []func(*wire.Call, *runIn) error{o.checkRequest, o.findImage, o.findType, o.findKey, o.findNetwork, o.mapDevices} {
		if err := check(c, in); err != nil {
			return o, err
		}
	}
	var err error
	o.metadata, err = in.Metadata.over(defaultMetadata(o.image))
	return o, err
}

func (o *order) checkRequest(c *wire.Call, in *runIn) error {
	switch {
	case in.ImageID == "":
		return missingParameter("ImageId")
	case in.MinCount < 1 || in.MaxCount < in.MinCount:
		return wire.Errorf("InvalidParameterValue", "Value (%d) for parameter minCount is invalid. Minimum count must be at least 1 and at most the maximum count.", in.MinCount)
	case in.MaxCount > 20:
		return wire.Errorf("InstanceLimitExceeded", "You have requested more instances (%d) than your current instance limit of 20 allows.", in.MaxCount)
	case in.ShutdownBehavior != "" && in.ShutdownBehavior != "stop" && in.ShutdownBehavior != "terminate":
		return invalidValue("instanceInitiatedShutdownBehavior", in.ShutdownBehavior, "Expected stop or terminate.")
	}
	raw, err := base64.StdEncoding.DecodeString(in.UserData)
	if err != nil {
		return wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(raw) > 16<<10 {
		return wire.Errorf("InvalidParameterValue", "User data is limited to 16384 bytes")
	}
	o.profile = in.Profile.Arn
	if in.Profile.Name != "" {
		o.profile = "arn:aws:iam::" + c.Account.ID + ":instance-profile/" + in.Profile.Name
	}
	o.tags, err = specTags(in.TagSpecs, "instance", "volume", "network-interface", "spot-instances-request")
	return err
}

func (o *order) findImage(c *wire.Call, in *runIn) error {
	im, err := seenImage(c, in.ImageID)
	if err != nil {
		return err
	}
	if im.State(c.Now) != imageAvailable {
		return imageUnavailable(im.ID)
	}
	root, found := Snapshots.Get(c.Tx, c.Region, im.root())
	if !found || len(root.Layers) == 0 {
		return wire.Errorf("InvalidBlockDeviceMapping", "The root snapshot of %s is missing or empty.", im.ID)
	}
	o.image, o.root = im, root
	return nil
}

func (o *order) findType(_ *wire.Call, in *runIn) error {
	name := in.InstanceType
	if name == "" {
		name = "m1.small" // AWS's default, which no current image runs on
	}
	t, err := findType(name)
	if err != nil {
		return err
	}
	if t.arch != o.image.Arch {
		return wire.Errorf("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.", t.arch, o.image.Arch)
	}
	o.kind = t
	return nil
}

func (o *order) findKey(c *wire.Call, in *runIn) error {
	if in.KeyName == "" {
		return nil
	}
	k, found := keyPairs.Get(c.Tx, c.Region, c.Account.ID+"/"+in.KeyName)
	if !found {
		return keyNotFound(in.KeyName)
	}
	o.key = k
	return nil
}

// findNetwork settles subnet, addresses and groups, which stand in the request
// itself or in its one network interface.
func (o *order) findNetwork(c *wire.Call, in *runIn) error {
	subnet, groups := in.SubnetID, in.GroupIDs
	o.private = in.PrivateIPAddress
	if len(in.Interfaces) > 0 {
		if len(groups)+len(in.GroupNames) > 0 || subnet != "" || o.private != "" {
			return invalidCombination("Network interfaces and an instance-level subnet ID, private IP address or security groups may not be specified on the same request")
		}
		if len(in.Interfaces) > 1 {
			return wire.Errorf("Unsupported", "Instances of the sandbox have one network interface.")
		}
		ni := in.Interfaces[0]
		subnet, groups, o.private = ni.SubnetID, ni.Groups, ni.PrivateIPAddress
		o.public = ni.AssociatePublicIPAddress == nil || *ni.AssociatePublicIPAddress
	}
	if err := o.findZone(c, subnet, in.Placement.AvailabilityZone); err != nil {
		return err
	}
	return o.findGroups(c, groups, in.GroupNames)
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

// instance makes the record of one instance.
func (o *order) instance(c *wire.Call, in *runIn, used map[netip.Addr]bool) (Instance, error) {
	private, err := privateAddress(o.zone, o.private, used)
	if err != nil {
		return Instance{}, err
	}
	inst := Instance{
		ID: newID("i"), Account: c.Account.ID, Region: c.Region, Image: o.image.ID, Type: o.kind.name, Arch: o.image.Arch,
		ClientToken: in.ClientToken, KeyName: o.key.Name, AuthorizedKey: o.key.Public, UserData: in.UserData,
		Zone: o.zone.name, ZoneID: o.zone.id, Subnet: subnetOf(c.Account.ID, o.zone), VPC: vpcID(c),
		Interface: newID("eni"), Attachment: newID("eni-attach"), Private: private, WantsPublic: o.public, Groups: o.groups,
		State: statePending, Launched: c.Now, Created: c.Now, Layers: o.root.Layers, RootDevice: o.image.RootDevice,
		Metadata: o.metadata, ShutdownBehavior: in.ShutdownBehavior, ENA: o.image.ENA, SRIOV: o.image.SRIOV,
		BootMode: o.image.BootMode, ProductCode: o.image.ProductCode, Profile: o.profile, EBSOptimized: in.EBSOptimized,
		Monitoring: in.Monitoring.Enabled, Enclave: in.Enclave.Enabled, Hibernation: in.Hibernation.Configured,
		KeepAlive: in.DisableAPITerm, KeepRunning: in.DisableAPIStop, AutoRecovery: in.Maintenance.AutoRecovery,
		Reservations: in.Reservation.Preference,
	}
	orElse(&inst.ShutdownBehavior, "stop")
	orElse(&inst.AutoRecovery, "default")
	orElse(&inst.Reservations, "open")
	if o.public {
		inst.Public = publicAddress(c.Tx)
	}
	return inst, nil
}

// noteLaunch remembers when the image was last launched, by whomever.
func (e *EC2) noteLaunch(c *wire.Call, id string) {
	im, _ := Images.Get(c.Tx, c.Region, id)
	im.LaunchedBefore = e.shownLaunch(im, c.Now)
	im.Launched = c.Now
	putImage(c, im)
}

func defaultMetadata(im Image) MetadataOptions {
	m := MetadataOptions{Tokens: "optional", HopLimit: 1, Endpoint: "enabled", IPv6: "disabled", Tags: "disabled"}
	if im.IMDS == "v2.0" {
		m.Tokens, m.HopLimit = "required", 2
	}
	return m
}

// over puts what was asked over what is.
func (in metadataIn) over(m MetadataOptions) (MetadataOptions, error) {
	if in.HopLimit < 0 || in.HopLimit > 64 {
		return m, wire.Errorf("InvalidParameterValue", "Value (%d) for parameter HttpPutResponseHopLimit is invalid. Expected 1 to 64.", in.HopLimit)
	}
	for _, s := range []struct {
		name, value string
		into        *string
		allowed     []string
	}{
		{"HttpTokens", in.HTTPTokens, &m.Tokens, []string{"optional", "required"}},
		{"HttpEndpoint", in.HTTPEndpoint, &m.Endpoint, []string{"enabled", "disabled"}},
		{"HttpProtocolIpv6", in.IPv6, &m.IPv6, []string{"enabled", "disabled"}},
		{"InstanceMetadataTags", in.Tags, &m.Tags, []string{"enabled", "disabled"}},
	} {
		if s.value == "" {
			continue
		}
		if !slices.Contains(s.allowed, s.value) {
			return m, invalidValue(s.name, s.value, "Unknown value.")
		}
		*s.into = s.value
	}
	if in.HopLimit > 0 {
		m.HopLimit = in.HopLimit
	}
	return m, nil
}
