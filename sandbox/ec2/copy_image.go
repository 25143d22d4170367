package ec2

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

type copyImageIn struct {
	dry
	ClientToken   string
	Description   string
	Encrypted     bool
	KMSKeyID      string `wire:"KmsKeyId"`
	Name          string
	SourceImageID string `wire:"SourceImageId"`
	SourceRegion  string
	CopyImageTags bool
	TagSpecs      []tagSpec `wire:"TagSpecification"`
	Minutes       int       `wire:"SnapshotCopyCompletionDurationMinutes"`
}

type imageOut struct {
	ImageID string `xml:"imageId"`
}

// copyImage makes a pending image from one of another region, or of this one.
// Launch permissions, deprecation and protection do not come along; names may
// repeat.
func (o imageOps) copyImage(c *wire.Call, in *copyImageIn) (*imageOut, error) {
	if made, err := replay(c, in.ClientToken, in); made != nil || err != nil {
		return firstImage(made), err
	}
	src, err := copySource(c, in)
	if err := cmp.Or(err, checkKey(c, in.Encrypted, in.KMSKeyID), checkMinutes("SnapshotCopyCompletionDurationMinutes", in.Minutes)); err != nil {
		return nil, err
	}
	tags, err := specTags(in.TagSpecs, "image", "snapshot")
	if err := cmp.Or(err, checkImageName(c, in.Name, false), checkQuota(c)); err != nil {
		return nil, err
	}
	due, failed, err := o.copyDue(c, copyTime(o.set.CopyImage, in.Minutes))
	if err != nil {
		return nil, err
	}
	im := copiedImage(c, in, src)
	im.Due, im.Failed, im.Seen = due, failed, c.Due(o.set.Lag)
	im.meet(c)
	im.Mappings, err = copyMappings(c, in, src, &im, tags["snapshot"])
	if err != nil {
		return nil, err
	}
	putImage(c, im)
	putTags(c.Tx, c.Region, c.Account.ID, "image", im.ID, copiedTags(c, in, src, tags["image"]))
	o.remember(c, in.ClientToken, in, im.ID)
	return &imageOut{im.ID}, nil
}

func firstImage(made []string) *imageOut {
	if len(made) == 0 {
		return nil
	}
	return &imageOut{made[0]}
}

// copySource is the image to copy, which the caller must be able to read in
// its region, disk and all.
func copySource(c *wire.Call, in *copyImageIn) (Image, error) {
	if in.SourceRegion == "" {
		return Image{}, missingParameter("SourceRegion")
	}
	if in.SourceImageID == "" {
		return Image{}, missingParameter("SourceImageId")
	}
	if !reachable(c, in.SourceRegion) {
		return Image{}, invalidValue("SourceRegion", in.SourceRegion, "Not a valid region.")
	}
	if err := checkID("ami", in.SourceImageID, "InvalidAMIID.Malformed"); err != nil {
		return Image{}, err
	}
	src, found := FindImage(c.Tx, in.SourceRegion, c.Account.ID, in.SourceImageID)
	if !found {
		return Image{}, imageNotFound(in.SourceImageID)
	}
	if src.State(c.Now) != imageAvailable {
		return Image{}, imageUnavailable(src.ID)
	}
	return src, nil
}

func copiedImage(c *wire.Call, in *copyImageIn, src Image) Image {
	return Image{
		ID: newID("ami"), Owner: c.Account.ID, Name: in.Name, Description: in.Description, Arch: src.Arch,
		Created: c.Now, Ready: true, RootDevice: src.RootDevice, ENA: src.ENA, SRIOV: src.SRIOV,
		BootMode: src.BootMode, TPM: src.TPM, UEFIData: src.UEFIData, IMDS: src.IMDS, ProductCode: src.ProductCode,
		SourceImage: src.ID, SourceRegion: in.SourceRegion,
	}
}

// copyMappings copies the snapshots behind src, as pending as the image im.
func copyMappings(c *wire.Call, in *copyImageIn, src Image, im *Image, tags map[string]string) ([]Mapping, error) {
	out := slices.Clone(src.Mappings)
	for i, m := range out {
		if m.Snapshot == "" {
			continue
		}
		from, found := Snapshots.Get(c.Tx, in.SourceRegion, m.Snapshot)
		if !found {
			return nil, wire.Errorf("InvalidRequest", "The storage for the ami is not available in the source Region.")
		}
		if !from.visible(c.Tx, in.SourceRegion, c.Account.ID) {
			return nil, wire.Errorf("InvalidRequest", "You do not have permission to access the storage of this ami")
		}
		s := copiedSnapshot(c, from, in.Encrypted, in.KMSKeyID)
		if s.lacksKey(c) {
			im.Failed = keyLost
		}
		s.Description = fmt.Sprintf("Copied for DestinationAmi %s from SourceAmi %s for SourceSnapshot %s. Task created on %d.", im.ID, src.ID, from.ID, c.Now.UnixMilli())
		s.Due, s.Failed, s.Seen, s.Gone, s.Minutes, s.ProductCode = im.Due, im.Failed, im.Seen, im.Gone, in.Minutes, src.ProductCode
		putSnapshot(c, s)
		putTags(c.Tx, c.Region, c.Account.ID, "snapshot", s.ID, tags)
		out[i].Snapshot, out[i].Encrypted, out[i].KMSKey = s.ID, s.Encrypted, s.KMSKey
	}
	return out, nil
}

// copiedTags are the source's tags if they were requested, and those of the
// request. What others put on a shared image stays theirs.
func copiedTags(c *wire.Call, in *copyImageIn, src Image, asked map[string]string) map[string]string {
	out := map[string]string{}
	if in.CopyImageTags {
		maps.Copy(out, TagsOf(c.Tx, in.SourceRegion, c.Account.ID, src.ID))
	}
	maps.Copy(out, asked)
	return out
}

// A time-based copy takes a multiple of 15 minutes, 48 hours at most
// (docs/reference/aws.md#ec2-operations).
const (
	minuteStep = 15
	maxMinutes = 48 * 60
)

func checkMinutes(parameter string, n int) error {
	if n < 0 || n > maxMinutes || n%minuteStep != 0 {
		return invalidValue(parameter, strconv.Itoa(n), "Expected 15 to 2880, in steps of 15.")
	}
	return nil
}

// copyTime is how long a copy takes; a time-based copy says so itself.
func copyTime(usual time.Duration, minutes int) time.Duration {
	if minutes > 0 {
		return time.Duration(minutes) * time.Minute
	}
	return usual
}

// copyDue says when a copy that takes d will be done. A destination region
// runs a limited number of snapshot copies at once.
func (o imageOps) copyDue(c *wire.Call, d time.Duration) (due time.Time, failed string, err error) {
	busy, limit := runningCopies(c.Tx, c.Region, c.Account.ID), o.copyQuota(c)
	if len(busy) < limit {
		return c.Due(d), "", nil
	}
	switch o.set.CopyImageLimit {
	case CopyFails:
		return c.Due(d), tooManyCopies(limit).Message, nil
	case CopyRefused:
		return due, "", tooManyCopies(limit)
	}
	free := busy[len(busy)-limit]
	return free.Add(c.Due(d).Sub(c.Now)), "", nil
}

// runningCopies returns when the account's snapshot copies into region will be
// done, the soonest first.
func runningCopies(tx *cloud.Tx, region, account string) []time.Time {
	var out []time.Time
	for word := range snapshotIndex.Words(tx, region, wordCopy+account+" ", copyWord(account, tx.Now)) {
		for _, s := range snapshotIndex.All(tx, region, word) {
			if tx.Now.Before(s.Due) {
				out = append(out, s.Due)
			}
		}
	}
	return out
}

func tooManyCopies(limit int) *wire.Error {
	return wire.Errorf("ResourceLimitExceeded", "Too many snapshot copies in progress. The limit is %d for this destination region.", limit)
}
