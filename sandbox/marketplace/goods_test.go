package marketplace_test

import (
	"strings"
	"time"

	"amiship/sandbox/ec2"
	"amiship/sandbox/marketplace"
)

// images are the vendor's, in the Catalog's region.
func images() []ec2.WorldImage {
	return []ec2.WorldImage{
		{Name: "good", Layer: "base/clean"},
		{Name: "twin", Layer: "base/clean"},
		{Name: "sloppy", Layer: "base/sloppy"},
		{Name: "arm", Arch: "arm64", Layer: "base/clean"},
		{Name: "encrypted", Encrypted: true, Layer: "base/clean"},
		{Name: "coded", ProductCode: "abcdefghijklmnopqrstuvwxy", Layer: "base/clean"},
		{Name: "pending", Pending: true, Layer: "base/clean"},
		{Name: "disabled", Disabled: true, Layer: "base/clean"},
		{Name: "old kind", Paravirtual: true, Layer: "base/clean"},
		{Name: "slow net", NoENA: true, Layer: "base/clean"},
		{Name: strings.Repeat("long", 25), Layer: "base/clean"},
		{Name: "given", SharedWith: []string{ec2.Marketplace}, Layer: "base/clean"},
	}
}

func testWorld() marketplace.World {
	return marketplace.World{Products: []marketplace.WorldProduct{
		{
			ID: thing, Title: "Thing", Account: vendor, Regions: []string{"us-east-1", "eu-west-1"}, Subscribers: []string{"customer"}, Architecture: "amd64",
			Versions: []marketplace.WorldVersion{
				{Title: "0.9", Created: days(90), Visibility: "Restricted"},
				{Title: "1.{n}", Count: 2, Created: days(60), Every: days(7)},
			},
		},
		{ID: fresh, Title: "Fresh Thing", Account: vendor, Regions: []string{"us-east-1"}},
		{ID: closed, Title: "Closed Thing", Account: vendor, Visibility: "Restricted", Versions: []marketplace.WorldVersion{{Title: "1"}}},
		{ID: narrow, Title: "Narrow Thing", Account: vendor, Visibility: "Limited", Subscribers: []string{customer}, Versions: []marketplace.WorldVersion{{Title: "1"}}},
		{ID: theirs, Title: "Their Thing", Account: "customer"},
	}}
}

func hours(n float64) ec2.Age { return ec2.Age(n * float64(time.Hour)) }

func days(n int) ec2.Age { return ec2.Age(time.Duration(n) * 24 * time.Hour) }
