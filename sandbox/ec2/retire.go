package ec2

import (
	"time"

	"amiship/sandbox/wire"
)

const (
	longestDeprecation = 10 * 365 * 24 * time.Hour
	publicLife         = 2 * 365 * 24 * time.Hour // a public image is deprecated at that age at the latest
)

type enableDeprecationIn struct {
	imageIDIn
	DeprecateAt time.Time
}

// enableDeprecation sets the date; seconds are rounded to the minute.
func (o imageOps) enableDeprecation(c *wire.Call, in *enableDeprecationIn) (*done, error) {
	im, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if in.DeprecateAt.IsZero() {
		return nil, missingParameter("DeprecateAt")
	}
	at := in.DeprecateAt.Round(time.Minute)
	switch {
	case at.Before(c.Now.Truncate(time.Minute)):
		return nil, wire.Errorf("InvalidParameterValue", "The deprecation date must be in the future.")
	case at.After(c.Now.Add(longestDeprecation)):
		return nil, wire.Errorf("InvalidParameterValue", "The deprecation date must be at most 10 years from now.")
	case im.Public && at.After(im.Created.Add(publicLife)):
		return nil, wire.Errorf("InvalidParameterValue", "The deprecation date of a public AMI must be at most 2 years from its creation date.")
	}
	im.Deprecated = at
	putImage(c, im)
	return ok()
}

// disableDeprecation has no lasting effect on a public image: see deprecation.
func (o imageOps) disableDeprecation(c *wire.Call, in *imageIDIn) (*done, error) {
	im, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	im.Deprecated = time.Time{}
	putImage(c, im)
	return ok()
}

// deprecation is when the image becomes or became deprecated. AWS deprecates
// public images two years after their creation.
func (im Image) deprecation() time.Time {
	end := im.Created.Add(publicLife)
	if im.Public && (im.Deprecated.IsZero() || im.Deprecated.After(end)) {
		return end
	}
	return im.Deprecated
}

func (im Image) deprecatedAt(now time.Time) bool {
	at := im.deprecation()
	return !at.IsZero() && !now.Before(at)
}

// disableImage also takes every launch permission away.
func (o imageOps) disableImage(c *wire.Call, in *imageIDIn) (*done, error) {
	im, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if state := im.State(c.Now); state != imageAvailable && state != imageDisabled {
		return nil, imageUnavailable(im.ID)
	}
	im.Disabled, im.Public, im.Users, im.Organizations = true, false, nil, nil
	putImage(c, im)
	return ok()
}

// enableImage does not give permissions back.
func (o imageOps) enableImage(c *wire.Call, in *imageIDIn) (*done, error) {
	im, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	im.Disabled = false
	putImage(c, im)
	return ok()
}

// Values of deregistrationProtection.
const (
	protectionOff      = "disabled"
	protectionCooldown = "enabled-with-cooldown"
	protectionPlain    = "enabled-without-cooldown"
)

func (im Image) protection(now time.Time) string {
	if im.Protected != "" {
		return im.Protected
	}
	if now.Before(im.ProtectedUntil) {
		return "disabled-in-cooldown"
	}
	return protectionOff
}

type enableProtectionIn struct {
	imageIDIn
	WithCooldown bool
}

type protectionOut struct {
	Return string `xml:"return"`
}

func (o imageOps) enableProtection(c *wire.Call, in *enableProtectionIn) (*protectionOut, error) {
	im, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	im.Protected = protectionPlain
	if in.WithCooldown {
		im.Protected = protectionCooldown
	}
	putImage(c, im)
	return &protectionOut{im.Protected}, nil
}

func (o imageOps) disableProtection(c *wire.Call, in *imageIDIn) (*protectionOut, error) {
	im, err := ownImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if im.Protected == protectionCooldown {
		im.ProtectedUntil = c.Now.Add(o.set.Cooldown)
	}
	im.Protected = ""
	putImage(c, im)
	return &protectionOut{im.protection(c.Now)}, nil
}
