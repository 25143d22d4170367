package ec2

import (
	"net/netip"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Instance is a machine as EC2 knows it. Its state is what was last asked of
// it or seen; what the machine does now is the driver's to say: see settled.
type Instance struct {
	ID, Reservation, Account, Region string
	Image, Type, Arch                string // Arch as EC2 spells it: x86_64, arm64
	ClientToken                      string `json:",omitempty"`
	Index                            int    `json:",omitempty"`
	KeyName                          string `json:",omitempty"`
	AuthorizedKey                    string `json:",omitempty"` // public key in OpenSSH's form
	UserData                         string `json:",omitempty"` // base64, as it was sent
	Zone, ZoneID, Subnet, VPC        string
	Interface, Attachment            string // of its one network interface
	InterfaceText                    string `json:",omitempty"` // its description
	Private, Public                  netip.Addr
	WantsPublic                      bool     // it gets a public address when it starts
	Groups                           []string // ids of its security groups

	State      string
	Started    bool      `json:",omitempty"` // the driver was told to start it
	Rebooting  bool      `json:",omitempty"`
	Reason     string    `json:",omitempty"` // why it last changed its state
	ReasonCode string    `json:",omitempty"`
	Launched   time.Time // newest start
	Created    time.Time
	Terminated time.Time `json:",omitzero"`
	Doom       time.Time `json:",omitzero"`  // when a fault terminates it
	Deaf       bool      `json:",omitempty"` // none of its ports is open, whatever its groups say

	Layers     []string // disk, lowest first
	RootDevice string
	Devices    []Device

	Metadata         MetadataOptions
	ShutdownBehavior string // stop or terminate
	ENA              bool
	SRIOV            string `json:",omitempty"`
	BootMode         string `json:",omitempty"`
	ProductCode      string `json:",omitempty"`
	Profile          string `json:",omitempty"` // ARN of the IAM instance profile
	SpotRequest      string `json:",omitempty"` // id; none of an On-Demand Instance
	EBSOptimized     bool   `json:",omitempty"`
	Monitoring       bool   `json:",omitempty"`
	Enclave          bool   `json:",omitempty"`
	Hibernation      bool   `json:",omitempty"`
	NoSourceCheck    bool   `json:",omitempty"`
	KeepAlive        bool   `json:",omitempty"` // disableApiTermination
	KeepRunning      bool   `json:",omitempty"` // disableApiStop
	AutoRecovery     string `json:",omitempty"`
	Reservations     string `json:",omitempty"` // capacity reservation preference
}

// Device is a volume attached to an instance.
type Device struct {
	Name, Volume string
	Attached     time.Time
	Keep         bool `json:",omitempty"` // not deleted on termination
}

// MetadataOptions are what an instance's metadata service does.
type MetadataOptions struct {
	Tokens   string // optional or required
	HopLimit int    // of the PUT answer's packets
	Endpoint string // enabled or disabled
	IPv6     string // enabled or disabled
	Tags     string // enabled or disabled
}

// Instances by id, in partition region.
var Instances = cloud.NewTable[Instance]("ec2.instances")

// instanceIndex knows instances by their account, their image, their groups, and what they hold:
// network interface, Spot Instance request and volumes.
var instanceIndex = cloud.NewIndex(Instances, func(_ string, in Instance) []string {
	words := []string{wordOwner + in.Account, wordImage + in.Image, wordHolds + in.Interface, wordHolds + in.SpotRequest}
	for _, g := range in.Groups {
		words = append(words, wordGroup+g)
	}
	for _, d := range in.Devices {
		words = append(words, wordHolds+d.Volume)
	}
	return words
})

const (
	wordImage = "image "
	wordGroup = "group "
	wordHolds = "holds "
)

// States of an instance, as AWS calls them.
const (
	statePending    = "pending"
	stateRunning    = "running"
	stateShutting   = "shutting-down"
	stateTerminated = "terminated"
	stateStopping   = "stopping"
	stateStopped    = "stopped"
)

func stateCode(state string) int {
	switch state {
	case stateRunning:
		return 16
	case stateShutting:
		return 32
	case stateTerminated:
		return 48
	case stateStopping:
		return 64
	case stateStopped:
		return 80
	}
	return 0
}

// Hostname is the name that the machine knows itself by.
func (in Instance) Hostname() string { return "ip-" + dashed(in.Private) }

// PrivateName is the full private DNS name.
func (in Instance) PrivateName() string { return privateName(in.Private, in.Region) }

// PublicName is the public DNS name, or nothing without a public address.
func (in Instance) PublicName() string { return publicName(in.Public, in.Region) }

// MAC is the hardware address of its network interface.
func (in Instance) MAC() string { return MAC(in.Private) }

// SubnetCIDR is the address range of its subnet, VPCCIDR that of its VPC.
func (in Instance) SubnetCIDR() string {
	r, _ := findRegion(in.Region)
	for _, z := range r.allZones() {
		if z.name == in.Zone {
			return z.cidr().String()
		}
	}
	return ""
}

// VPCCIDR is the address range of its VPC.
func (in Instance) VPCCIDR() string { return vpcCIDR }

// InstanceByAddr finds the instance with a private address, for its metadata
// service. A terminated instance has none.
func InstanceByAddr(tx *cloud.Tx, private netip.Addr) (Instance, bool) {
	for _, region := range Instances.Parts(tx) {
		for _, in := range Instances.All(tx, region) {
			if in.Private == private {
				return in, true
			}
		}
	}
	return Instance{}, false
}

// Tags returns the instance's tags.
func (in Instance) Tags(tx *cloud.Tx) map[string]string {
	return TagsOf(tx, in.Region, in.Account, in.ID)
}

// GroupNames returns the names of the instance's security groups, in order.
func GroupNames(tx *cloud.Tx, in Instance) []string {
	var out []string
	for _, id := range in.Groups {
		if g, found := findGroup(tx, in.Region, in.Account, id); found {
			out = append(out, g.Name)
		}
	}
	return out
}

func putInstance(c *wire.Call, in Instance) { Instances.Put(c.Tx, c.Region, in.ID, in) }
