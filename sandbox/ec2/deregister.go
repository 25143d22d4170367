package ec2

import (
	"time"

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
		return nil, err
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
	dropImage(c, im)
	if in.DeleteAssociatedSnapshots && !(pending && o.set.DeregisterPending == PendingKept) {
		for _, id := range im.Snapshots() {
			out.Deleted = append(out.Deleted, deletedSnapshot{id, o.deleteBehind(c, im, id)})
		}
	}
	return out, nil
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
	for _, im := range Images.All(c.Tx, c.Region) {
		if im.gone(c.Now) {
			dropImage(c, im)
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
	case s.Owner != im.Owner, c.Lacks("ec2:DeleteSnapshot"):
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
	asked := map[string]bool{}
	for _, id := range in.ImageIDs {
		if im, found := Images.Get(c.Tx, c.Region, id); !found || im.Owner != c.Account.ID || !im.inBin() || im.gone(c.Now) {
			return nil, imageNotFound(id)
		}
		asked[id] = true
	}
	var all []xmlBinned
	for id, im := range Images.All(c.Tx, c.Region) {
		if im.Owner != c.Account.ID || !im.inBin() || im.gone(c.Now) || (len(asked) > 0 && !asked[id]) {
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
