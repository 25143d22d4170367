package marketplace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"

	"amiship/sandbox/cloud"
	"amiship/sandbox/marketplace"
	"amiship/sandbox/wire/wiretest"
)

// TestWorldsChangeSets: what was begun before goes on from where it is, or
// has ended as the world says.
func TestWorldsChangeSets(t *testing.T) {
	t.Parallel()
	w := testWorld()
	w.ChangeSets = []marketplace.WorldChangeSet{
		{Product: thing, Name: "half way", Started: hours(0.5), Version: "2.0", Image: "good"},
		{Product: fresh, Name: "stuck", Status: "APPLYING", Started: hours(30), Stuck: true},
		{Product: narrow, Name: "was refused", Status: "FAILED", Started: hours(50), Took: hours(1), Errors: []marketplace.WorldError{{Code: "SCAN_ERROR", Message: "Keys."}}},
		{Product: narrow, Name: "went well", Status: "SUCCEEDED", Type: "UpdateInformation", Started: hours(40), Details: map[string]any{"Sku": "1"}},
		{Product: narrow, Name: "was dropped", Status: "CANCELLED", Started: hours(45)},
	}
	r := newRigWith(t, marketplace.Settings{}, w)
	names, _, err := r.names(vendor, marketplacecatalog.ListChangeSetsInput{})
	if got := strings.Join(names, ", "); err != nil || got != "half way, stuck, went well, was dropped, was refused" {
		t.Fatalf("lists %s (%v)", got, err)
	}
	ids := map[string]string{}
	out, err := r.catalog(vendor, "us-east-1").ListChangeSets(t.Context(), &marketplacecatalog.ListChangeSetsInput{Catalog: aws.String("AWSMarketplace")})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.ChangeSetSummaryList {
		ids[*s.ChangeSetName] = *s.ChangeSetId
	}
	refused := r.see(ids["was refused"])
	if strings.Join(codes(refused), " ") != "SCAN_ERROR" || refused.FailureCode != "CLIENT_ERROR" || *refused.StartTime != "2026-11-20T10:00:00Z" || *refused.EndTime != "2026-11-20T11:00:00Z" {
		t.Errorf("what was refused is %+v", refused)
	}
	_, err = r.try(input(r.some(t, "AddDeliveryOptions", thing, "3.0")))
	wiretest.WantCode(t, err, "ResourceInUseException")
	r.pass(30 * time.Minute)
	if got := r.see(ids["half way"]).Status; got != "APPLYING" {
		t.Errorf("half an hour later it is %s", got)
	}
	r.ends(t, ids["half way"], "")
	if _, doc := r.entity(thing); doc.visibility("2.0") != "Public" {
		t.Error("the version did not appear")
	}
	r.pass(1000 * time.Hour)
	if got := r.see(ids["stuck"]).Status; got != "APPLYING" {
		t.Errorf("what is stuck is %s", got)
	}
}

// TestWorldsVersions: a version may have an image of the account, and then
// buyers have it too.
func TestWorldsVersions(t *testing.T) {
	t.Parallel()
	w := testWorld()
	w.Products[1].Versions = []marketplace.WorldVersion{{Title: "1+ee", Image: "arm"}}
	w.Products[1].Subscribers = []string{"customer"}
	r := newRigWith(t, marketplace.Settings{}, w)
	if _, doc := r.entity(thing); doc.Versions[1].CreationDate != "2026-09-23T12:00:00Z" || doc.Versions[2].CreationDate != "2026-09-30T12:00:00Z" {
		t.Errorf("the versions are of %s and %s", doc.Versions[1].CreationDate, doc.Versions[2].CreationDate)
	}
	_, doc := r.entity(fresh)
	if s := doc.Versions[0].Sources[0]; s.Image != r.image("us-east-1", "arm") || s.Architecture != "arm64" {
		t.Errorf("the version is of %+v", s)
	}
	if found := r.sold(customer, "us-east-1", doc.Description.ProductCode); len(found) != 1 || found[0].Architecture != "arm64" || *found[0].Name != "Fresh Thing 1-ee-"+fresh {
		t.Errorf("the buyer finds %+v", found)
	}
}

func TestWorldIsRefused(t *testing.T) {
	t.Parallel()
	product := func(do func(p *marketplace.WorldProduct)) marketplace.World {
		p := marketplace.WorldProduct{ID: "prod-fffffffffffff", Title: "It", Account: "vendor"}
		do(&p)
		return marketplace.World{Products: []marketplace.WorldProduct{p}}
	}
	set := func(s marketplace.WorldChangeSet) marketplace.World {
		return marketplace.World{ChangeSets: []marketplace.WorldChangeSet{s}}
	}
	outcome := func(o marketplace.Outcome) marketplace.World {
		return marketplace.World{Outcomes: []marketplace.Outcome{o}}
	}
	version := func(v marketplace.WorldVersion) marketplace.World {
		return product(func(p *marketplace.WorldProduct) { p.Versions = []marketplace.WorldVersion{v} })
	}
	tests := map[string]struct {
		world marketplace.World
		want  string
	}{
		"product id":         {product(func(p *marketplace.WorldProduct) { p.ID = "prod-1" }), "prod-1"},
		"same product twice": {product(func(p *marketplace.WorldProduct) { p.ID = thing }), "two products"},
		"no title":           {product(func(p *marketplace.WorldProduct) { p.Title = "" }), "no title"},
		"account":            {product(func(p *marketplace.WorldProduct) { p.Account = "nobody" }), "nobody"},
		"subscriber":         {product(func(p *marketplace.WorldProduct) { p.Subscribers = []string{"nobody"} }), "nobody"},
		"region":             {product(func(p *marketplace.WorldProduct) { p.Regions = []string{"mars-1"} }), "mars-1"},
		"visibility":         {product(func(p *marketplace.WorldProduct) { p.Visibility = "public" }), `visibility "public"`},
		"architecture":       {product(func(p *marketplace.WorldProduct) { p.Architecture = "i386" }), "i386"},
		"version's title":    {version(marketplace.WorldVersion{}), "no title"},
		"version's image":    {version(marketplace.WorldVersion{Title: "1", Image: "none"}), `no image "none"`},
		"version visibility": {version(marketplace.WorldVersion{Title: "1", Visibility: "Open"}), `visibility "Open"`},
		"set's product":      {set(marketplace.WorldChangeSet{Product: "none"}), `no product "none"`},
		"set's status":       {set(marketplace.WorldChangeSet{Product: thing, Status: "RUNNING"}), "RUNNING"},
		"set's type":         {set(marketplace.WorldChangeSet{Product: thing, Type: "MakeCoffee"}), "MakeCoffee"},
		"set's image":        {set(marketplace.WorldChangeSet{Product: thing, Image: "none"}), `no image "none"`},
		"outcome's product":  {outcome(marketplace.Outcome{Product: "none"}), `no product "none"`},
		"outcome's status":   {outcome(marketplace.Outcome{Status: "SUCCEEDED"}), "SUCCEEDED"},
		"stuck at the end":   {outcome(marketplace.Outcome{Stuck: true, Status: "FAILED"}), "FAILED"},
		"failure code":       {outcome(marketplace.Outcome{Status: "FAILED", FailureCode: "BAD"}), "BAD"},
	}
	r := newRig(t, marketplace.Settings{})
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := r.store.Update(func(tx *cloud.Tx) error { return marketplace.Load(tx, tt.world, marketplace.Settings{}) })
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("answers %v, want %s", err, tt.want)
			}
		})
	}
	for name, set := range map[string]marketplace.Settings{
		"locks": {Locks: "loose"}, "cancel_refusal": {CancelRefusal: "x"}, "ingestion": {Ingestion: "x"}, "scan": {Scan: "x"},
		"scan_report": {ScanReport: "x"}, "version_limit.failure": {VersionLimit: marketplace.VersionLimit{Failure: "x"}},
	} {
		if err := set.Check(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a bad %s answers %v", name, err)
		}
	}
	if err := marketplace.DefaultSettings().Check(); err != nil {
		t.Error(err)
	}
}
