package ec2

import (
	"slices"
	"time"

	"amiship/sandbox/wire"
)

type imageIDIn struct {
	dry
	ImageID string `wire:"ImageId"`
}

type imageAttributeIn struct {
	imageIDIn
	Attribute string
}

// resetImageAttribute takes all launch permissions away; AWS resets nothing else.
func (o imageOps) resetImageAttribute(c *wire.Call, in *imageAttributeIn) (*done, error) {
	im, err := settledImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	if in.Attribute != "launchPermission" {
		return nil, invalidValue("attribute", in.Attribute, "Only launchPermission can be reset.")
	}
	im.Public, im.Users, im.Organizations = false, nil, nil
	putImage(c, im)
	return ok()
}

type xmlText struct {
	Value string `xml:"value,omitempty"`
}

type imageAttributeOut struct {
	Description      *xmlText                   `xml:"description"`
	Kernel           *xmlText                   `xml:"kernel"`
	Ramdisk          *xmlText                   `xml:"ramdisk"`
	SRIOV            *xmlText                   `xml:"sriovNetSupport"`
	BootMode         *xmlText                   `xml:"bootMode"`
	TPM              *xmlText                   `xml:"tpmSupport"`
	UEFIData         *xmlText                   `xml:"uefiData"`
	LastLaunched     *xmlText                   `xml:"lastLaunchedTime"`
	IMDS             *xmlText                   `xml:"imdsSupport"`
	Protection       *xmlText                   `xml:"deregistrationProtection"`
	ImageID          string                     `xml:"imageId"`
	LaunchPermission *wire.List[permission]     `xml:"launchPermission"`
	ProductCodes     *wire.List[xmlProductCode] `xml:"productCodes"`
}

func (o imageOps) describeImageAttribute(c *wire.Call, in *imageAttributeIn) (*imageAttributeOut, error) {
	im, err := seenImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	private := []string{"launchPermission", "lastLaunchedTime", "deregistrationProtection", "uefiData", "productCodes"}
	if im.Owner != c.Account.ID && slices.Contains(private, in.Attribute) || in.Attribute == "blockDeviceMapping" {
		return nil, &wire.Error{Code: "AuthFailure", Message: "Unauthorized attempt to access restricted resource", Status: 403}
	}
	out := &imageAttributeOut{ImageID: im.ID}
	if !out.fill(im, in.Attribute, o.shownLaunch(im, c.Now), c.Now) {
		return nil, invalidValue("attribute", in.Attribute, "Unknown attribute.")
	}
	return out, nil
}

// fill answers for one attribute; it returns false if there is none of that name.
func (out *imageAttributeOut) fill(im Image, name string, launched, now time.Time) bool {
	switch name {
	case "description":
		out.Description = &xmlText{im.Description}
	case "kernel":
		out.Kernel = &xmlText{}
	case "ramdisk":
		out.Ramdisk = &xmlText{}
	case "sriovNetSupport":
		out.SRIOV = &xmlText{im.SRIOV}
	case "bootMode":
		out.BootMode = &xmlText{im.BootMode}
	case "tpmSupport":
		out.TPM = &xmlText{im.TPM}
	case "uefiData":
		out.UEFIData = &xmlText{im.UEFIData}
	case "imdsSupport":
		out.IMDS = &xmlText{im.IMDS}
	case "deregistrationProtection":
		out.Protection = &xmlText{im.protection(now)}
	case "lastLaunchedTime":
		out.LastLaunched = &xmlText{}
		if !launched.IsZero() {
			out.LastLaunched.Value = wire.FormatTime(launched)
		}
	case "launchPermission":
		list := listPermissions(im.Public, im.Users, im.Organizations)
		out.LaunchPermission = &list
	case "productCodes":
		list := productCodes(im.ProductCode)
		out.ProductCodes = &list
	default:
		return false
	}
	return true
}
