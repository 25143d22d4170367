package ec2

import (
	"slices"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Image is an AMI in one region. Its tags are in the tag table.
type Image struct {
	ID, Owner, Name, Description string
	Arch                         string // x86_64 or arm64
	Created                      time.Time
	Due                          time.Time // pending until then
	Ready                        bool      // its disk is there
	Seen                         time.Time `json:",omitzero"`  // no client sees it until then
	Gone                         time.Time `json:",omitzero"`  // no client sees it from then on
	Failed                       string    `json:",omitempty"` // why it ends failed instead of available
	Disabled                     bool      `json:",omitempty"`
	RootDevice                   string
	Mappings                     []Mapping

	Public        bool     `json:",omitempty"`
	Users         []string `json:",omitempty"` // accounts with launch permission, sorted
	Organizations []string `json:",omitempty"` // ARNs of organizations and units with launch permission, sorted

	ENA         bool   `json:",omitempty"`
	Paravirtual bool   `json:",omitempty"`
	SRIOV       string `json:",omitempty"`
	BootMode    string `json:",omitempty"`
	TPM         string `json:",omitempty"`
	UEFIData    string `json:",omitempty"`
	IMDS        string `json:",omitempty"` // "v2.0" or nothing
	FreeTier    bool   `json:",omitempty"`
	// UsedBy counts instances of other accounts that are only said to be there.
	UsedBy      map[string]int `json:",omitempty"`
	ProductCode string         `json:",omitempty"` // of a Marketplace product

	SourceInstance string `json:",omitempty"`
	SourceImage    string `json:",omitempty"`
	SourceRegion   string `json:",omitempty"`

	Deprecated     time.Time `json:",omitzero"`  // from then on
	Protected      string    `json:",omitempty"` // enabled-with-cooldown, enabled-without-cooldown, or nothing
	ProtectedUntil time.Time `json:",omitzero"`  // cool-down after protection was switched off
	Launched       time.Time `json:",omitzero"`  // last launch
	LaunchedBefore time.Time `json:",omitzero"`  // the launch shown until the last is old enough
	Deregistered   time.Time `json:",omitzero"`  // set: it is in the Recycle Bin
	BinUntil       time.Time `json:",omitzero"`
}

// Mapping is a block device of an image or of the request for an instance.
type Mapping struct {
	Device     string
	Snapshot   string `json:",omitempty"`
	Virtual    string `json:",omitempty"` // ephemeral0, …
	Size       int    `json:",omitempty"` // GiB
	Type       string `json:",omitempty"` // gp2, gp3, …
	IOPS       int    `json:",omitempty"`
	Throughput int    `json:",omitempty"` // MiB/s
	Encrypted  bool   `json:",omitempty"`
	KMSKey     string `json:",omitempty"`
	Keep       bool   `json:",omitempty"` // not deleted on termination
}

// Images by id, in partition region.
var Images = cloud.NewTable[Image]("ec2.images")

// imageIndex knows images by their owner, their name and the like. What may be looked for
// by a filter has the word of imageWords; one in the Recycle Bin is known as such, too.
var imageIndex = cloud.NewIndex(Images, func(_ string, im Image) []string {
	words := []string{wordOwner + im.Owner, wordName + im.Name}
	if im.Public {
		words = append(words, wordPublic, wordPublicOf+im.Owner)
	}
	if im.inBin() {
		words = append(words, wordBin+im.Owner)
	}
	for _, s := range im.Snapshots() {
		words = append(words, wordSnapshot+s)
	}
	if im.SourceImage != "" {
		words = append(words, wordSource+im.SourceImage)
	}
	return append(words, usedBy(im.Users, im.Organizations)...)
})

// The beginnings of words that images and snapshots say.
const (
	wordOwner    = "owner "
	wordName     = "name "
	wordPublic   = "public"
	wordPublicOf = "public of "
	wordUser     = "user "
	wordOrg      = "organization "
	wordBin      = "bin "
	wordSnapshot = "snapshot "
	wordSource   = "source "
)

// imageWords are the filters of images that the index answers.
var imageWords = map[string]string{
	"block-device-mapping.snapshot-id": wordSnapshot, "name": wordName, "owner-id": wordOwner, "source-image-id": wordSource,
}

// usedBy are the words for those who have a permission.
func usedBy(users, organizations []string) []string {
	var words []string
	for _, u := range users {
		words = append(words, wordUser+u)
	}
	for _, o := range organizations {
		words = append(words, wordOrg+o)
	}
	return words
}

// seenBy are the words of all that an account may see.
func seenBy(c *wire.Call) []string {
	return append([]string{wordOwner + c.Account.ID, wordPublic}, usedBy([]string{c.Account.ID}, c.Account.Organizations)...)
}

// States of an image, as AWS calls them.
const (
	imagePending   = "pending"
	imageAvailable = "available"
	imageFailed    = "failed"
	imageDisabled  = "disabled"
)

// State is the image's state at now.
func (im Image) State(now time.Time) string {
	switch {
	case now.Before(im.Due):
		return imagePending
	case im.Failed != "":
		return imageFailed
	case !im.Ready:
		return imagePending
	case im.Disabled:
		return imageDisabled
	}
	return imageAvailable
}

// Virtualization is the image's virtualization type.
func (im Image) Virtualization() string {
	if im.Paravirtual {
		return "paravirtual"
	}
	return "hvm"
}

// inBin reports whether the image was deregistered; it may still wait in the
// Recycle Bin.
func (im Image) inBin() bool { return !im.Deregistered.IsZero() }

// visible reports whether account can see the image. Private means private:
// to all others it does not exist. For a moment it does not even to its owner.
func (im Image) visible(tx *cloud.Tx, region, account string) bool {
	there := !im.inBin() && !tx.Now.Before(im.Seen) && !passed(im.Gone, tx.Now)
	if !there || im.Owner == account {
		return there
	}
	viewer, _ := regionStates.Get(tx, region, account)
	return !viewer.Allowed.hides(tx, account, im) && (im.Public || slices.Contains(im.Users, account) || im.ofOrganization(tx, account))
}

// ofOrganization reports whether an account may launch the image as a member of an
// organization or of a unit.
func (im Image) ofOrganization(tx *cloud.Tx, account string) bool {
	if len(im.Organizations) == 0 {
		return false
	}
	a, _ := cloud.Accounts.Get(tx, "", account)
	return slices.ContainsFunc(a.Organizations, func(arn string) bool { return slices.Contains(im.Organizations, arn) })
}

// root returns the snapshot of the image's root device.
func (im Image) root() string {
	for _, m := range im.Mappings {
		if m.Device == im.RootDevice {
			return m.Snapshot
		}
	}
	return ""
}

// Snapshots returns the ids of all snapshots behind the image.
func (im Image) Snapshots() []string {
	var out []string
	for _, m := range im.Mappings {
		if m.Snapshot != "" {
			out = append(out, m.Snapshot)
		}
	}
	return out
}

// FindImage returns the image if account may see it.
func FindImage(tx *cloud.Tx, region, account, id string) (Image, bool) {
	im, found := Images.Get(tx, region, id)
	if !found || !im.visible(tx, region, account) {
		return Image{}, false
	}
	return im, true
}

// seenImage returns the image that a request names, or AWS's error.
func seenImage(c *wire.Call, id string) (Image, error) {
	if id == "" {
		return Image{}, missingParameter("ImageId")
	}
	if err := checkID("ami", id, "InvalidAMIID.Malformed"); err != nil {
		return Image{}, err
	}
	im, found := FindImage(c.Tx, c.Region, c.Account.ID, id)
	if !found {
		return Image{}, imageNotFound(id)
	}
	return im, nil
}

// ownImage is seenImage for what only the owner may do.
func ownImage(c *wire.Call, id string) (Image, error) {
	im, err := seenImage(c, id)
	if err == nil && im.Owner != c.Account.ID {
		err = notOwner("image", id)
	}
	return im, err
}

// settledImage is ownImage for what cannot be done to a pending image.
func settledImage(c *wire.Call, id string) (Image, error) {
	im, err := ownImage(c, id)
	if err == nil && im.State(c.Now) == imagePending {
		err = imageUnavailable(id)
	}
	return im, err
}

func putImage(c *wire.Call, im Image) { Images.Put(c.Tx, c.Region, im.ID, im) }

const (
	minImageName = 3
	maxImageName = 128
)

// checkImageName holds a name against AWS's rules, and, for calls that refuse
// duplicates, against the caller's own images in the region.
func checkImageName(c *wire.Call, name string, unique bool) error {
	if name == "" {
		return missingParameter("Name")
	}
	if len(name) < minImageName || len(name) > maxImageName || !legalImageName(name) {
		return wire.Errorf("InvalidAMIName.Malformed", "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, '(', ')', '.', '-', '/' and '_'")
	}
	if !unique {
		return nil
	}
	for id, im := range imageIndex.All(c.Tx, c.Region, wordName+name) {
		if im.Owner == c.Account.ID && !im.inBin() && !passed(im.Gone, c.Now) && im.State(c.Now) != imageFailed {
			return wire.Errorf("InvalidAMIName.Duplicate", "AMI name %s is already in use by AMI %s", name, id)
		}
	}
	return nil
}

func legalImageName(name string) bool {
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case slices.Contains([]rune("()[] ./-'@_"), r):
		default:
			return false
		}
	}
	return true
}
