package ec2

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Marketplace is the account that owns what AWS Marketplace sells.
const Marketplace = "679593333241"

// Listing is a version of a product that Marketplace sells.
type Listing struct {
	Name, Description string
	ProductCode       string
	Version           string   // the images' ids follow from it
	From              string   // the region of the seller's image
	Regions           []string // where it is sold
	Buyers            []string // accounts that may launch it
}

// PublishListing makes Marketplace's own images of a seller's, and returns
// their ids by region. They share its layers; nothing of it is needed later.
func PublishListing(tx *cloud.Tx, src Image, l Listing) map[string]string {
	buyers := slices.Compact(slices.Sorted(slices.Values(l.Buyers)))
	made := map[string]string{}
	for _, region := range l.Regions {
		im := Image{
			ID: derivedID("ami", l.Version, region), Owner: Marketplace, Name: legalName(l.Name), Description: l.Description, Arch: src.Arch,
			Created: tx.Now, Due: tx.Now, Ready: true, RootDevice: src.RootDevice, Users: buyers, ENA: src.ENA, SRIOV: src.SRIOV,
			BootMode: src.BootMode, TPM: src.TPM, UEFIData: src.UEFIData, IMDS: src.IMDS, ProductCode: l.ProductCode,
		}
		for _, m := range src.Mappings {
			if s, found := Snapshots.Get(tx, l.From, m.Snapshot); found {
				s.ID = derivedID("snap", l.Version, region, m.Device)
				s.Owner, s.Users, s.Public, s.Copy, s.ProductCode = Marketplace, nil, false, true, l.ProductCode
				s.Started, s.Due, s.Description = tx.Now, tx.Now, "Created by AWS Marketplace for "+im.ID
				Snapshots.Put(tx, region, s.ID, s)
				m.Snapshot = s.ID
			}
			im.Mappings = append(im.Mappings, m)
		}
		Images.Put(tx, region, im.ID, im)
		made[region] = im.ID
	}
	return made
}

// legalName makes a name that EC2 accepts of any text.
func legalName(text string) string {
	name := strings.Map(func(r rune) rune {
		if !legalImageName(string(r)) {
			return '-'
		}
		return r
	}, text)
	return name[max(0, len(name)-maxImageName):]
}

// DeprecateListing marks images by region as superseded. Those who may launch
// them still may.
func DeprecateListing(tx *cloud.Tx, images map[string]string, at time.Time) {
	for region, id := range images {
		if im, found := Images.Get(tx, region, id); found {
			im.Deprecated = at.Truncate(time.Minute)
			Images.Put(tx, region, id, im)
		}
	}
}

// notSubscribed is the answer to who launches what Marketplace sells without
// having bought it; for any other image it is err.
func notSubscribed(c *wire.Call, id string, err error) error {
	im, found := Images.Get(c.Tx, c.Region, id)
	if !found || im.Owner != Marketplace || im.ProductCode == "" || im.inBin() {
		return err
	}
	return &wire.Error{
		Code: "OptInRequired", Status: http.StatusUnauthorized,
		Message: "In order to use this AWS Marketplace product you need to accept terms and subscribe. To do so please visit https://aws.amazon.com/marketplace/pp?sku=" + im.ProductCode,
	}
}

// LayersOf returns the layers of an available image's root disk. whole is
// false for one that has none, or not yet.
func LayersOf(tx *cloud.Tx, region string, im Image) (layers []string, whole bool) {
	s, found := Snapshots.Get(tx, region, im.root())
	if !found || im.State(tx.Now) != imageAvailable || s.Failed != "" {
		return nil, false
	}
	return s.Layers, len(s.Layers) > 0
}

// ArchOfType returns the architecture of an instance type.
func ArchOfType(name string) (arch string, known bool) {
	t, err := findType(name)
	return t.arch, err == nil
}

// TypesOf returns the names of the instance types with the architecture.
func TypesOf(arch string) []string {
	out := []string{}
	for _, t := range typeTable {
		if t.arch == arch {
			out = append(out, t.name)
		}
	}
	return out
}

// NeedsENA reports whether an instance type boots only what supports ENA.
func NeedsENA(name string) bool {
	t, err := findType(name)
	return err == nil && t.ena() == enaRequired
}

// FindImageByName returns an account's image with the name.
func FindImageByName(tx *cloud.Tx, region, account, name string) (Image, bool) {
	for _, im := range imageIndex.All(tx, region, wordName+name) {
		if im.Owner == account && !im.inBin() {
			return im, true
		}
	}
	return Image{}, false
}

// KnownRegion reports whether there is a region with the name.
func KnownRegion(name string) bool {
	_, known := findRegion(name)
	return known
}
