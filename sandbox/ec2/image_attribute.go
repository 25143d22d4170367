package ec2

import (
	"slices"
	"strings"
	"time"

	"amiship/sandbox/wire"
)

type textValue struct{ Value *string }

type modifyImageIn struct {
	dry
	legacy
	Attribute        string
	Value            *string
	ImageID          string `wire:"ImageId"`
	Description      textValue
	IMDSSupport      textValue `wire:"ImdsSupport"`
	LaunchPermission modification
	ProductCodes     []string `wire:"ProductCode"`
	Organizations    []string `wire:"OrganizationArn"`
	Units            []string `wire:"OrganizationalUnitArn"`
}

// modifyImageAttribute changes one attribute.
func (e *EC2) modifyImageAttribute(c *wire.Call, in *modifyImageIn) (*done, error) {
	im, err := settledImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	g, err := collect(in.LaunchPermission, in.legacy, in.Organizations, in.Units)
	if err != nil {
		return nil, err
	}
	in.spell()
	if err := in.single(g); err != nil {
		return nil, err
	}
	switch {
	case in.Description.Value != nil:
		im.Description = *in.Description.Value
	case in.IMDSSupport.Value != nil:
		if *in.IMDSSupport.Value != "v2.0" {
			return nil, invalidValue("imdsSupport", *in.IMDSSupport.Value, "Expected v2.0.")
		}
		im.IMDS = "v2.0"
	case len(in.ProductCodes) > 0:
		if im.Public {
			return nil, wire.Errorf("OperationNotPermitted", "A product code cannot be added to the public image %s", im.ID)
		}
		im.ProductCode = in.ProductCodes[0]
	default:
		if im, err = e.permit(c, im, g); err != nil {
			return nil, err
		}
	}
	putImage(c, im)
	return ok()
}

// spell turns Attribute and Value, the older way, into the newer.
func (in *modifyImageIn) spell() {
	switch in.Attribute {
	case "description":
		in.Description.Value = in.Value
	case "imdsSupport":
		in.IMDSSupport.Value = in.Value
	}
}

// single refuses requests that change no attribute, or several.
func (in *modifyImageIn) single(g grants) error {
	var asked []string
	if in.Description.Value != nil {
		asked = append(asked, "description")
	}
	if in.IMDSSupport.Value != nil {
		asked = append(asked, "imdsSupport")
	}
	if len(in.ProductCodes) > 0 {
		asked = append(asked, "productCodes")
	}
	if !g.empty() {
		asked = append(asked, "launchPermission")
	}
	switch {
	case len(asked) == 0:
		return invalidCombination("No attributes specified.")
	case len(asked) > 1:
		return invalidCombination("Fields for multiple attribute types specified: %s", strings.Join(asked, ", "))
	}
	return nil
}

// permit changes who may launch im.
func (e *EC2) permit(c *wire.Call, im Image, g grants) (Image, error) {
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

type imageIDIn struct {
	dry
	ImageID string `wire:"ImageId"`
}

type imageAttributeIn struct {
	imageIDIn
	Attribute string
}

// resetImageAttribute takes all launch permissions away; AWS resets nothing else.
func (e *EC2) resetImageAttribute(c *wire.Call, in *imageAttributeIn) (*done, error) {
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

func (e *EC2) describeImageAttribute(c *wire.Call, in *imageAttributeIn) (*imageAttributeOut, error) {
	im, err := seenImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	private := []string{"launchPermission", "lastLaunchedTime", "deregistrationProtection", "uefiData", "productCodes"}
	if im.Owner != c.Account.ID && slices.Contains(private, in.Attribute) || in.Attribute == "blockDeviceMapping" {
		return nil, &wire.Error{Code: "AuthFailure", Message: "Unauthorized attempt to access restricted resource", Status: 403}
	}
	out := &imageAttributeOut{ImageID: im.ID}
	if !out.fill(im, in.Attribute, e.shownLaunch(im, c.Now), c.Now) {
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
