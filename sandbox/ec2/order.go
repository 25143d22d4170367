package ec2

import (
	"cmp"
	"encoding/base64"

	"amiship/sandbox/iam"
	"amiship/sandbox/wire"
)

// order is a request for instances, understood and checked.
type order struct {
	image   Image
	root    Snapshot
	kind    instanceType
	zone    zone
	groups  []string
	public  bool
	private string // asked address

	interfaceText string // the description of the network interface
	key           keyPair
	profile       string
	mappings      []Mapping
	metadata      MetadataOptions
	tags          map[string]map[string]string
}

// newOrder checks a request for everything that AWS would refuse it for.
func newOrder(c *wire.Call, in *runIn) (order, error) {
	var o order
	for _, check := range []func(*wire.Call, *runIn) error{o.checkRequest, o.findImage, o.findType, o.findKey, o.findNetwork, o.mapDevices} {
		if err := check(c, in); err != nil {
			return o, err
		}
	}
	var err error
	account := stateOf(c).Metadata
	if o.metadata, err = in.Metadata.over(defaultMetadata(o.image, account)); err != nil {
		return o, err
	}
	return o, account.allow(o.metadata)
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
	if err := in.checkValues(); err != nil {
		return err
	}
	raw, err := base64.StdEncoding.DecodeString(in.UserData)
	if err != nil {
		return wire.Errorf("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data.")
	}
	if len(raw) > 16<<10 {
		return wire.Errorf("InvalidParameterValue", "User data is limited to 16384 bytes")
	}
	if err := cmp.Or(in.Market.check(), o.findProfile(c, in)); err != nil {
		return err
	}
	o.tags, err = specTags(in.TagSpecs, "instance", "volume", "network-interface", "spot-instances-request")
	return err
}

// checkValues refuses what the members with a few words do not take, and what the sandbox's
// machines can't be.
func (in *runIn) checkValues() error {
	err := cmp.Or(
		oneOf("tenancy", in.Placement.Tenancy, "default", "dedicated", "host"), oneOf("cpuCredits", in.Credit.CpuCredits, "standard", "unlimited"),
		oneOf("capacityReservationPreference", in.Reservation.Preference, "open", "none", "capacity-reservations-only"),
		oneOf("autoRecovery", in.Maintenance.AutoRecovery, "default", "disabled"),
	)
	switch {
	case err != nil:
		return err
	case in.Placement.Tenancy == "dedicated" || in.Placement.Tenancy == "host":
		return wire.Errorf("Unsupported", "The sandbox has no dedicated tenancy: its instances have the tenancy default.")
	case in.Reservation.Preference == "capacity-reservations-only":
		return wire.Errorf("Unsupported", "The sandbox has no capacity reservations.")
	}
	return nil
}

// findProfile finds the instance profile. Launching with one takes iam:PassRole for its role.
func (o *order) findProfile(c *wire.Call, in *runIn) error {
	name, arn := in.Profile.Name, in.Profile.Arn
	if name == "" && arn == "" {
		return nil
	}
	p, found := iam.FindProfile(c.Tx, c.Account.ID, name, arn)
	switch {
	case name != "" && arn != "":
		return invalidCombination("The parameter 'iamInstanceProfile.name' may not be used in combination with 'iamInstanceProfile.arn'")
	case !found && arn != "":
		return invalidValue("iamInstanceProfile.arn", arn, "Invalid IAM Instance Profile ARN")
	case !found:
		return invalidValue("iamInstanceProfile.name", name, "Invalid IAM Instance Profile name")
	}
	pass := wire.Asked{
		Action: "iam:PassRole", Resource: c.Account.Partition.ARN("iam", "", c.Account.ID, "role/"+p.Role),
		Context: map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}},
	}
	if err := c.May(pass); err != nil {
		return err
	}
	o.profile = p.ARN()
	return nil
}

func (o *order) findImage(c *wire.Call, in *runIn) error {
	im, err := seenImage(c, in.ImageID)
	if err != nil {
		return notSubscribed(c, in.ImageID, err)
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
	o.kind = t
	if in.Credit.CpuCredits != "" && !t.burstable {
		return invalidCombination("The parameter cpuCredits is supported for burstable performance instance types only, and %s is none.", t.name)
	}
	return t.boots(o.image)
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
