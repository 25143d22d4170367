package ec2

import (
	"amiship/sandbox/quotas"
	"amiship/sandbox/wire"
)

func publicQuota(c *wire.Call) int {
	return int(quotas.Value(c.Tx, c.Account.ID, c.Region, "ec2", quotas.PublicAMIs))
}

// checkQuota holds the account to its quota of images in the region, private and
// disabled ones and those in the Recycle Bin included. AWS's text is not known [?].
func checkQuota(c *wire.Call) error {
	limit := int(quotas.Value(c.Tx, c.Account.ID, c.Region, "ec2", quotas.AMIs))
	if countImages(c, wordOwner+c.Account.ID, func(Image) bool { return true }) < limit {
		return nil
	}
	return wire.Errorf("ResourceLimitExceeded", "You have reached your quota of %d for the number of images allowed in this Region. Deregister unused images or request an increase in your AMIs quota.", limit)
}

func sharingQuota(c *wire.Call) int {
	return int(quotas.Value(c.Tx, c.Account.ID, c.Region, "ec2", quotas.AMISharing))
}

// copyQuota is how many snapshot copies may run at once into the region.
func (k core) copyQuota(c *wire.Call) int {
	if k.set.SnapshotCopies > 0 {
		return k.set.SnapshotCopies
	}
	return int(quotas.Value(c.Tx, c.Account.ID, c.Region, "ebs", quotas.SnapshotCopies))
}

// publicImages counts what the quota counts: the caller's public images in the
// region, deprecated ones and those in the Recycle Bin included.
func publicImages(c *wire.Call) int {
	return countImages(c, wordPublicOf+c.Account.ID, func(im Image) bool { return im.Public })
}

// countImages counts those of the caller's images in the region that say a word, which are
// some of them, with those in the Recycle Bin.
func countImages(c *wire.Call, word string, which func(Image) bool) int {
	n := imageIndex.Count(c.Tx, c.Region, word)
	for _, im := range imageIndex.All(c.Tx, c.Region, wordBin+c.Account.ID) {
		if im.gone(c.Now) && which(im) {
			n--
		}
	}
	return n
}
