package ec2

import (
	"slices"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

type deregisterIn struct {
	imageIDIn
	DeleteAssociatedSnapshots bool
}

type deletedSnapshot struct {
	SnapshotID string `xml:"snapshotId"`
	ReturnCode string `xml:"returnCode"`
}

type deregisterOut struct {
	done
	Deleted wire.List[deletedSnapshot] `xml:"deleteSnapshotResultSet"`
}

// deregisterImage removes an image, or moves it to the Recycle Bin, where it
// still counts as public if it was.
func (o imageOps) deregisterImage(c *wire.Call, in *deregisterIn) (*deregisterOut, error) {
	im, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, deregisteredAlready(c, in.ImageID, err)
	}
	if p := im.protection(c.Now); p != protectionOff {
		return nil, wire.Errorf("OperationNotPermitted", "The image %s cannot be deregistered: its deregistration protection is %s.", im.ID, p)
	}
	pending := im.State(c.Now) == imagePending
	if pending && o.set.DeregisterPending == PendingRefused {
		return nil, imageUnavailable(im.ID)
	}
	purgeBin(c)
	out := &deregisterOut{done: done{Return: true}, Deleted: wire.List[deletedSnapshot]{}}
	if bin := BinRetention(c); bin > 0 {
		im.Deregistered, im.BinUntil = c.Now, c.Now.Add(bin)
		putImage(c, im)
		return out, nil
	}
	deregistered.Put(c.Tx, c.Region, im.ID, im.Owner)
	dropImage(c, im)
	if in.DeleteAssociatedSnapshots && !(pending && o.set.DeregisterPending == PendingKept) {
		for _, id := range im.Snapshots() {
			out.Deleted = append(out.Deleted, deletedSnapshot{id, o.deleteBehind(c, im, id)})
		}
	}
	return out, nil
}

// deregistered are the owners of AMIs that were deregistered, by id, in partition region. AWS
// does not say how long it remembers them
// (docs/reference/aws.md#what-ec2-leaves-out-and-how-it-refuses).
var deregistered = cloud.NewTable[string]("ec2.deregistered")

// deregisteredAlready is the answer to a second deregistration: to every other call the AMI
// does not exist.
func deregisteredAlready(c *wire.Call, id string, err error) error {
	owner, gone := deregistered.Get(c.Tx, c.Region, id)
	if im, found := Images.Get(c.Tx, c.Region, id); found && im.inBin() {
		owner, gone = im.Owner, true
	}
	if !gone || owner != c.Account.ID {
		return err
	}
	return wire.Errorf("InvalidAMIID.Unavailable", "The image id '[%s]' is no longer available", id)
}

// BinRetention is how long the Recycle Bin keeps images of the calling account.
func BinRetention(c *wire.Call) time.Duration { return time.Duration(stateOf(c).RecycleBin) }

func dropImage(c *wire.Call, im Image) {
	Images.Delete(c.Tx, c.Region, im.ID)
	dropTags(c.Tx, c.Region, im.Owner, im.ID)
}

// purgeBin removes the records of images whose time in the Recycle Bin is up.
// They were invisible already.
func purgeBin(c *wire.Call) {
	for word := range imageIndex.Words(c.Tx, c.Region, wordBin, "") {
		for _, im := range imageIndex.All(c.Tx, c.Region, word) {
			if im.gone(c.Now) {
				dropImage(c, im)
			}
		}
	}
}

// deleteBehind deletes a snapshot of a deregistered image, and says how that went.
// Who may not delete snapshots may deregister the image all the same.
func (o imageOps) deleteBehind(c *wire.Call, im Image, id string) string {
	s, found := Snapshots.Get(c.Tx, c.Region, id)
	switch {
	case !found:
		return "client-error"
	case s.Owner != im.Owner, c.Lacks("ec2:DeleteSnapshot", arnOf(c, "snapshot", id)):
		return "missing-permissions"
	}
	if _, used := imageUsing(c.Tx, c.Region, id, im.ID); used {
		return "skipped"
	}
	if c.Part("DeleteSnapshot") != nil {
		return "internal-error"
	}
	o.dropSnapshot(c, s)
	return "success"
}

// gone reports whether the image has left the Recycle Bin for good.
func (im Image) gone(now time.Time) bool { return im.inBin() && !now.Before(im.BinUntil) }

type listBinIn struct {
	dry
	paging
	ImageIDs []string `wire:"ImageId"`
}

type xmlBinned struct {
	ImageID     string    `xml:"imageId"`
	Name        string    `xml:"name"`
	Description string    `xml:"description,omitempty"`
	Enter       wire.Time `xml:"recycleBinEnterTime"`
	Exit        wire.Time `xml:"recycleBinExitTime"`
}

type listBinOut struct {
	Images    wire.List[xmlBinned] `xml:"imageSet"`
	NextToken string               `xml:"nextToken,omitempty"`
}

func (o imageOps) listBin(c *wire.Call, in *listBinIn) (*listBinOut, error) {
	_, err := named(in.ImageIDs, imageNotFound, func(id string) (Image, bool, error) {
		im, found := Images.Get(c.Tx, c.Region, id)
		return im, found && im.Owner == c.Account.ID && im.inBin() && !im.gone(c.Now), nil
	})
	if err != nil {
		return nil, err
	}
	var all []xmlBinned
	for id, im := range imageIndex.All(c.Tx, c.Region, wordBin+c.Account.ID) {
		if im.gone(c.Now) || len(in.ImageIDs) > 0 && !slices.Contains(in.ImageIDs, id) {
			continue
		}
		all = append(all, xmlBinned{id, im.Name, im.Description, wire.Time(im.Deregistered), wire.Time(im.BinUntil)})
	}
	all, next, err := page(c, in.paging, 1, all, func(b xmlBinned) string { return b.ImageID })
	return &listBinOut{Images: all, NextToken: next}, err
}

// restoreImage takes an image out of the Recycle Bin, as it was.
func (o imageOps) restoreImage(c *wire.Call, in *imageIDIn) (*done, error) {
	im, found := Images.Get(c.Tx, c.Region, in.ImageID)
	if !found || im.Owner != c.Account.ID || !im.inBin() || im.gone(c.Now) {
		return nil, imageNotFound(in.ImageID)
	}
	im.Deregistered, im.BinUntil = time.Time{}, time.Time{}
	putImage(c, im)
	return ok()
}
