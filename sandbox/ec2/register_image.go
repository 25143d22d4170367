package ec2

import (
	"cmp"

	"amiship/sandbox/wire"
)

type registerIn struct {
	dry
	BootMode           string
	TPMSupport         string    `wire:"TpmSupport"`
	UEFIData           string    `wire:"UefiData"`
	IMDSSupport        string    `wire:"ImdsSupport"`
	TagSpecs           []tagSpec `wire:"TagSpecification"`
	Name               string
	Description        string
	Architecture       string
	RootDeviceName     string
	Mappings           []mappingIn `wire:"BlockDeviceMapping"`
	VirtualizationType string
	SRIOV              string `wire:"SriovNetSupport"`
	ENASupport         bool   `wire:"EnaSupport"`
}

func (o imageOps) registerImage(c *wire.Call, in *registerIn) (*imageOut, error) {
	tags, err := specTags(in.TagSpecs, "image")
	if err := cmp.Or(err, in.checkValues(), checkImageName(c, in.Name, true), checkQuota(c)); err != nil {
		return nil, err
	}
	mappings, err := overlay(c, nil, in.Mappings)
	if err != nil {
		return nil, err
	}
	im := Image{
		ID: newID("ami"), Owner: c.Account.ID, Name: in.Name, Description: in.Description, Arch: cmp.Or(in.Architecture, "i386"), Created: c.Now,
		Due: c.Due(o.set.RegisterImage), Seen: c.Due(o.set.Lag), Ready: true, RootDevice: in.RootDeviceName, Mappings: mappings, ENA: in.ENASupport,
		SRIOV: in.SRIOV, BootMode: in.BootMode, TPM: in.TPMSupport, UEFIData: in.UEFIData, IMDS: in.IMDSSupport,
	}
	if err := checkRegistered(c, im); err != nil {
		return nil, err
	}
	if in.VirtualizationType != "hvm" {
		return nil, wire.Errorf("InvalidParameterValue", "Only virtualization type hvm is supported.")
	}
	putImage(c, im)
	putTags(c.Tx, c.Region, c.Account.ID, "image", im.ID, tags["image"])
	return &imageOut{im.ID}, nil
}

// checkValues refuses what the members with a few words do not take.
func (in *registerIn) checkValues() error {
	err := cmp.Or(
		oneOf("bootMode", in.BootMode, bootLegacy, bootUEFI, bootPreferred), oneOf("tpmSupport", in.TPMSupport, "v2.0"),
		oneOf("imdsSupport", in.IMDSSupport, "v2.0"), oneOf("sriovNetSupport", in.SRIOV, "simple"),
	)
	switch {
	case err != nil:
		return err
	case in.TPMSupport != "" && in.BootMode != bootUEFI:
		return invalidCombination("TpmSupport v2.0 requires the boot mode uefi.")
	case in.UEFIData != "" && in.BootMode == bootLegacy:
		return invalidCombination("UefiData requires the boot mode uefi or uefi-preferred.")
	case in.Architecture == "arm64" && in.BootMode != "" && in.BootMode != bootUEFI:
		return invalidCombination("Images for arm64 have the boot mode uefi.")
	}
	return nil
}

func checkRegistered(c *wire.Call, im Image) error {
	switch im.Arch {
	case "i386", "x86_64", "arm64":
	default:
		return invalidValue("architecture", im.Arch, "Expected i386, x86_64 or arm64.")
	}
	if im.RootDevice == "" {
		return missingParameter("rootDeviceName")
	}
	s, found := Snapshots.Get(c.Tx, c.Region, im.root())
	if !found {
		return wire.Errorf("InvalidBlockDeviceMapping", "The root device %s has no snapshot.", im.RootDevice)
	}
	if state := s.state(c.Now); state != "completed" {
		return wire.Errorf("IncorrectState", "Snapshot is in invalid state - %s", state)
	}
	return nil
}
