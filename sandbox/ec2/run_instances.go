package ec2

import (
	"cmp"
	"net/netip"

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
	DeleteOnTermination      *bool
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

// launchIn is what both a launch and the data of a launch template say.
type launchIn struct {
	Mappings         []mappingIn `wire:"BlockDeviceMapping"`
	ImageID          string      `wire:"ImageId"`
	InstanceType     string
	KeyName          string
	Monitoring       enabledIn
	Placement        struct{ AvailabilityZone, Tenancy string }
	GroupIDs         []string `wire:"SecurityGroupId"`
	GroupNames       []string `wire:"SecurityGroup"`
	UserData         string
	TagSpecs         []tagSpec                   `wire:"TagSpecification"`
	Metadata         metadataIn                  `wire:"MetadataOptions"`
	Enclave          enabledIn                   `wire:"EnclaveOptions"`
	DisableAPIStop   bool                        `wire:"DisableApiStop"`
	DisableAPITerm   bool                        `wire:"DisableApiTermination"`
	ShutdownBehavior string                      `wire:"InstanceInitiatedShutdownBehavior"`
	Interfaces       []interfaceIn               `wire:"NetworkInterface"`
	Profile          struct{ Arn, Name string }  `wire:"IamInstanceProfile"`
	EBSOptimized     bool                        `wire:"EbsOptimized"`
	Credit           struct{ CpuCredits string } `wire:"CreditSpecification"` //nolint:revive // AWS's spelling
	Reservation      struct {
		Preference string `wire:"CapacityReservationPreference"`
	} `wire:"CapacityReservationSpecification"`
	Hibernation struct{ Configured bool }     `wire:"HibernationOptions"`
	Maintenance struct{ AutoRecovery string } `wire:"MaintenanceOptions"`
	Market      marketIn                      `wire:"InstanceMarketOptions"`
}

type runIn struct {
	dry
	launchIn
	MaxCount         int
	MinCount         int
	SubnetID         string `wire:"SubnetId"`
	PrivateIPAddress string `wire:"PrivateIpAddress"`
	ClientToken      string
}

func (o instanceOps) runInstances(c *wire.Call, in *runIn) (*reservationOut, error) {
	if made, err := replay(c, in.ClientToken, in); made != nil || err != nil {
		return o.replayRun(c, made, err)
	}
	if o.driver == nil {
		return nil, wire.Errorf("Unsupported", "%v", errNoDriver)
	}
	asked := *in
	var err error
	if in.ImageID, err = o.resolved(c, in.ImageID); err != nil {
		return nil, err
	}
	want, err := newOrder(c, in)
	if err != nil {
		return nil, err
	}
	if err := o.set.launchable(want.zone, want.kind.name); err != nil {
		return nil, err
	}
	o.forget(c)
	reservation := newID("r")
	used := usedAddresses(c.Tx)
	var made []Instance
	var ids []string
	for i := range in.MaxCount {
		inst, err := want.instance(c, in, used)
		if err != nil {
			return nil, err
		}
		inst.Reservation, inst.Index = reservation, i
		inst.meet(c)
		want.attachVolumes(c, &inst)
		putInstance(c, inst)
		putTags(c.Tx, c.Region, c.Account.ID, "instance", inst.ID, want.tags["instance"])
		putTags(c.Tx, c.Region, c.Account.ID, "network-interface", inst.Interface, want.tags["network-interface"])
		if inst.SpotRequest != "" {
			putTags(c.Tx, c.Region, c.Account.ID, "spot-instances-request", inst.SpotRequest, want.tags["spot-instances-request"])
		}
		made, ids = append(made, inst), append(ids, inst.ID)
		region := c.Region
		c.After(func() { o.start(region, inst.ID) })
	}
	o.noteLaunch(c, want.image.ID)
	o.remember(c, in.ClientToken, &asked, ids...)
	out := o.reservation(c, made)
	return &out, nil
}

// replayRun answers a repeated request with the instances of the first.
func (o instanceOps) replayRun(c *wire.Call, ids []string, err error) (*reservationOut, error) {
	if err != nil {
		return nil, err
	}
	var made []Instance
	for _, id := range ids {
		inst, found := Instances.Get(c.Tx, c.Region, id)
		if inst = o.seen(c, inst); !found || inst.State == stateTerminated {
			return nil, wire.Errorf("IdempotentInstanceTerminated", "The client token you have provided is associated with a terminated instance. Please use a different client token.")
		}
		made = append(made, inst)
	}
	out := o.reservation(c, made)
	return &out, nil
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
		Interface: newID("eni"), Attachment: newID("eni-attach"), Private: private, WantsPublic: o.public, Groups: o.groups, InterfaceText: o.interfaceText,
		State: statePending, Launched: c.Now, Created: c.Now, Layers: o.root.Layers, RootDevice: o.image.RootDevice,
		Metadata: o.metadata, ShutdownBehavior: cmp.Or(in.ShutdownBehavior, "stop"), ENA: o.image.ENA, SRIOV: o.image.SRIOV,
		BootMode: o.image.BootMode, ProductCode: o.image.ProductCode, Profile: o.profile, EBSOptimized: in.EBSOptimized,
		Monitoring: in.Monitoring.Enabled, Enclave: in.Enclave.Enabled, Hibernation: in.Hibernation.Configured,
		KeepAlive: in.DisableAPITerm, KeepRunning: in.DisableAPIStop, AutoRecovery: cmp.Or(in.Maintenance.AutoRecovery, "default"),
		Reservations: cmp.Or(in.Reservation.Preference, "open"),
	}
	if o.public {
		inst.Public = publicAddress(c.Tx)
	}
	if in.Market.MarketType == marketSpot {
		inst.SpotRequest = newSpotRequest()
	}
	return inst, nil
}

// noteLaunch remembers when the image was last launched, by whomever.
func (o instanceOps) noteLaunch(c *wire.Call, id string) {
	im, _ := Images.Get(c.Tx, c.Region, id)
	im.LaunchedBefore = o.shownLaunch(im, c.Now)
	im.Launched = c.Now
	putImage(c, im)
}
