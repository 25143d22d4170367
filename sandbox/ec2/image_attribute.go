package ec2

import (
	"strings"

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
func (o imageOps) modifyImageAttribute(c *wire.Call, in *modifyImageIn) (*done, error) {
	im, err := settledImage(c, in.ImageID)
	if err != nil {
		return nil, err
	}
	g, err := collect(in.LaunchPermission, in.legacy, in.Organizations, in.Units, o.set.ImageChanges)
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
		if im, err = o.permit(c, im, g); err != nil {
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
