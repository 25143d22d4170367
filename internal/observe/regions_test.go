package observe

import (
	"slices"
	"strings"
	"testing"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/marketplace"
	"amiship/internal/release"
	"amiship/internal/world"
	"amiship/sandbox/sandboxtest"
)

// TestRegionsThatCannotBe: a region that is not enabled is told from one that does not
// exist; both from one that does not answer, or with credentials that none knows.
func TestRegionsThatCannotBe(t *testing.T) {
	box := sandboxtest.Start(t, "ec2: [{account: vendor, region: eu-west-1, disabled: true}]")
	key := box.Key(t, "vendor")
	clients, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	targets := []release.Target{{Region: home}, {Region: "eu-west-1"}, {Region: "mars-north-1", At: "regions.required[2] (amiship.yaml:9)"}}
	found := Preflight(t.Context(), clients, home, targets, Public{})
	of := func(region string) (errs string) {
		for _, f := range found {
			if f.Where == region {
				errs += f.Err
			}
		}
		return errs
	}
	if got := of("mars-north-1"); !strings.Contains(got, "mars-north-1 is no region in the partition of this account") || !strings.Contains(got, "see regions.required[2] (amiship.yaml:9)") || strings.Contains(got, "enable-region") {
		t.Errorf("of one that does not exist: %q", got)
	}
	if got := of("eu-west-1"); !strings.Contains(got, "not enabled in this account: aws account enable-region --region-name eu-west-1") {
		t.Errorf("of one that is not enabled: %q", got)
	}
	if got := of(home); got != "" {
		t.Errorf("of one that answers: %q", got)
	}
	i := slices.IndexFunc(found, func(f audit.Finding) bool { return f.How == audit.Noted })
	if i < 0 || found[i].What != "32 enabled regions that the catalog does not name" || !strings.HasPrefix(found[i].More, "af-south-1, ap-east-1, ") || strings.Contains(found[i].More, "eu-west-1") {
		t.Errorf("regions that the catalog lacks: %+v", found)
	}
	o, w := Observer{Clients: clients, Desired: release.Desired{Targets: targets}}, world.New()
	if err := o.Look(t.Context(), &w, []world.Query{{Kind: world.LookImages, Region: home}, {Kind: world.LookImages, Region: "eu-west-1"}, {Kind: world.LookImages, Region: "mars-north-1"}}); err != nil {
		t.Fatal(err)
	}
	if mars, off := w.Regions["mars-north-1"], w.Regions["eu-west-1"]; !mars.NoRegion || mars.Off || !off.Off || off.NoRegion || w.Regions[home].NoRegion {
		t.Errorf("regions: %+v", w.Regions)
	}
	if err := regionList(nil).closed("mars-north-1"); err != nil {
		t.Errorf("without a list: %v", err)
	}
}

// TestNotOffered: a product that buyers find in fewer regions than there are AMIs in is
// noted, not refused.
func TestNotOffered(t *testing.T) {
	box := sandboxtest.Start(t, `
marketplace:
  products:
    - {id: prod-abcdefghijklm, title: Pro, account: vendor, regions: [us-east-1]}
    - {id: prod-abcdefghijkln, title: All, account: vendor}
`)
	key := box.Key(t, "vendor")
	clients, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	listing := func(product string) release.Listing {
		return release.Listing{Name: product, Product: product, Arch: "amd64", Limit: 100, Version: marketplace.Version{}}
	}
	var notes []string
	for _, f := range PreflightListings(t.Context(), clients, []release.Listing{listing("prod-abcdefghijklm"), listing("prod-abcdefghijkln")}, []release.Target{{Region: "eu-west-1"}, {Region: home}}) {
		if f.Err != "" {
			t.Errorf("finding %+v", f)
		}
		if f.How == audit.Noted {
			notes = append(notes, f.What+": "+f.More)
		}
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "buyers can't launch Pro in 1 of the catalog's 2 regions: eu-west-1: ") {
		t.Errorf("notes %q", notes)
	}
}
