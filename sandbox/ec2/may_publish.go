package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

// permit changes who may launch im.
func (o imageOps) permit(c *wire.Call, im Image, g grants) (Image, error) {
	if im.State(c.Now) != imageAvailable && len(g.add) > 0 {
		return im, imageUnavailable(im.ID)
	}
	after := im
	after.Public, after.Users, after.Organizations = g.apply(im.Public, im.Users, im.Organizations)
	if after.Public && !im.Public {
		if err := mayPublish(c, im); err != nil {
			return im, err
		}
	}
	grown := len(after.Users) + len(after.Organizations) - len(im.Users) - len(im.Organizations)
	if grown > 0 {
		if err := mayShare(c, after); err != nil {
			return im, err
		}
	}
	return after, nil
}

// mayPublish holds everything against im that keeps an image from being public.
func mayPublish(c *wire.Call, im Image) error {
	if im.ProductCode != "" {
		return wire.Errorf("OperationNotPermitted", "The image %s has a product code of AWS Marketplace and cannot be made public.", im.ID)
	}
	if stateOf(c).BlockPublic {
		return wire.Errorf("OperationNotPermitted", "You can’t publicly share this image because block public access for AMIs is enabled for this account. To publicly share the image, you must call the DisableImageBlockPublicAccess API.")
	}
	if im.encrypted() {
		return wire.Errorf("UnsupportedOperation", "Encrypted snapshots can’t be shared publicly. Specify another snapshot.")
	}
	limit := publicQuota(c)
	if publicImages(c) >= limit {
		return wire.Errorf("ResourceLimitExceeded", "You have reached your quota of %d for the number of public images allowed in this Region. Deregister unused public images or make them private, or request an increase in your public AMIs quota.", limit)
	}
	return nil
}

func (im Image) encrypted() bool {
	return slices.ContainsFunc(im.Mappings, func(m Mapping) bool { return m.Encrypted })
}

// mayShare checks im as it would be afterwards.
func mayShare(c *wire.Call, im Image) error {
	for _, m := range im.Mappings {
		if m.Encrypted && m.KMSKey == defaultKey(c) {
			return wire.Errorf("InvalidParameter", "Snapshots encrypted with the AWS Managed CMK can’t be shared. Specify another snapshot.")
		}
	}
	if limit := sharingQuota(c); len(im.Users)+len(im.Organizations) > limit {
		return wire.Errorf("ResourceLimitExceeded", "You have reached your quota of %d for the number of entities that an image can be shared with.", limit)
	}
	return nil
}
