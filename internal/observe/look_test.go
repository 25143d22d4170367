package observe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"amiship/internal/audit"
	"amiship/internal/awsapi"
	"amiship/internal/record"
	"amiship/internal/release"
	"amiship/internal/world"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/wire"
)

const (
	home    = "us-east-1"
	product = "prod-abcdefghijklm"
	stock   = `
ec2:
  - account: vendor
    region: us-east-1
    recycle_bin: 7d
    images:
      - {name: sold, arch: arm64, created: 31d, last_launched: 5d, deprecated: -10d, public: true, shared_with: [customer], tags: {"amiship:project": "1:p", "amiship:tag": "1:v1", Type: x}}
      - {name: without schema, tags: {"amiship:project": p, "amiship:tag": v1}}
      - {name: of newer schemas, tags: {"amiship:project": "2:p", "amiship:tag": "9:v1"}}
      - {name: of another tag, shared_with: [customer], tags: {"amiship:project": "1:p", "amiship:tag": "1:v10"}}
      - {name: of another project, tags: {"amiship:project": "1:a:p", "amiship:tag": "1:v1"}}
      - {name: amiship-p-p-arm64-v1-0123456789ab}
      - {name: amiship-p-p-arm64-v10-0123456789ab}
      - {name: P 1, tags: {"amiship:project": "1:other"}}
      - {name: off, created: 40d, disabled: true}
      - {name: broken, created: 1d, failed: true}
      - {name: made, created: 1d, pending: true}
      - {name: secret, created: 1d, encrypted: true}
parameters: [{account: vendor, regions: [us-east-1], name: /p/latest, value: ami-0123456789abcdef0}]
marketplace:
  products:
    - {id: prod-abcdefghijklm, title: Pro, account: vendor, versions: [{title: "1.0", image: sold}]}
  change_sets:
    - {product: prod-abcdefghijklm, name: refused, version: "2.0", image: sold, started: 9h, took: 1h, status: FAILED, errors: [{code: SCAN_ERROR, message: keys, control: authorized-keys}]}
    - {product: prod-abcdefghijklm, name: theirs, version: "2.0", image: sold, started: 3h, stuck: true}
  assessments:
    - {product: prod-abcdefghijklm, version: "1.0", failed: [{control: vulnerabilities, message: CVE-2026-1}, {control: malware, message: found}]}
`
)

// observing is an observer of a release in front of a sandbox.
func observing(t *testing.T) (*Observer, *sandboxtest.Box) {
	t.Helper()
	box := sandboxtest.Start(t, stock)
	key := box.Key(t, "vendor")
	clients, err := awsapi.LoadAs(patient(t), home, awsapi.Caller{Endpoint: box.URL, KeyID: key.KeyID, Secret: key.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	d := release.Desired{
		Project: "p", Tag: "v1", Targets: []release.Target{{Region: home}},
		Variants: []release.Variant{{
			Image: "p", Arch: "arm64", Name: "P 1", PublicSnapshot: true, Parameters: []release.Parameter{{Name: "/p/latest"}, {Name: "/p/none"}},
			Build: release.Build{Region: home, Base: release.Base{Owner: "123456789012", Name: "sol?", Arch: "arm64"}},
		}},
		Listings: []release.Listing{{Name: "pro", Product: product, Account: "123456789012"}},
	}
	return &Observer{
		Clients: clients, Desired: d,
		Fetch:  func(context.Context, release.Variant) (world.Package, error) { return world.Package{SHA256: "ab"}, nil },
		Digest: func(context.Context, release.Variant) (string, error) { return "ab", nil },
		Notes:  func(context.Context, []string) (string, error) { return "notes", nil },
	}, box
}

// reading is a query, and the fact that it writes.
type reading struct {
	query  world.Query
	action string // whose refusal misses the fact; empty: it is not AWS that is asked
	fact   func(world.World) (known bool, err string)
}

func readings(image, snapshot, set string) map[string]reading {
	inRegion := func(kind world.Kind, action string, fact func(world.Region) (bool, string)) reading {
		return reading{world.Query{Kind: kind, Region: home}, action, func(w world.World) (bool, string) { return fact(w.Regions[home]) }}
	}
	access := func(id, action string) reading {
		return reading{world.Query{Kind: world.LookAccess, Region: home, ID: id}, action, func(w world.World) (bool, string) { return of(w.Access[id]) }}
	}
	ofVariant := func(kind world.Kind, action string, fact func(world.World) (bool, string)) reading {
		return reading{world.Query{Kind: kind, Region: home, Variant: "p/arm64"}, action, fact}
	}
	ofListing := func(kind world.Kind, action string, fact func(world.Listing) (bool, string)) reading {
		return reading{world.Query{Kind: kind, Listing: "pro"}, action, func(w world.World) (bool, string) { return fact(w.Listings["pro"]) }}
	}
	const seller = "123456789012"
	return map[string]reading{
		"images":     inRegion(world.LookImages, "DescribeImages", func(r world.Region) (bool, string) { return of(r.Images) }),
		"a release":  inRegion(world.LookRelease, "DescribeImages", func(r world.Region) (bool, string) { return of(r.Release) }),
		"namesakes":  inRegion(world.LookNamesakes, "DescribeImages", func(r world.Region) (bool, string) { return of(r.Namesakes) }),
		"pending":    inRegion(world.LookPending, "DescribeImages", func(r world.Region) (bool, string) { return of(r.Pending) }),
		"claims":     inRegion(world.LookClaims, "DescribeSecurityGroups", func(r world.Region) (bool, string) { return of(r.Claims) }),
		"key pairs":  inRegion(world.LookClaims, "DescribeKeyPairs", func(r world.Region) (bool, string) { return of(r.Claims) }),
		"instances":  inRegion(world.LookClaims, "DescribeInstances", func(r world.Region) (bool, string) { return of(r.Claims) }),
		"parameters": inRegion(world.LookParams, "GetParameters", func(r world.Region) (bool, string) { return of(r.Params) }),
		"snapshots":  inRegion(world.LookSnapshots, "DescribeSnapshots", func(r world.Region) (bool, string) { return of(r.Snapshots) }),
		"limits":     inRegion(world.LookLimits, "GetImageBlockPublicAccessState", func(r world.Region) (bool, string) { return of(r.Limits) }),
		"the bin":    inRegion(world.LookLimits, "ListImagesInRecycleBin", func(r world.Region) (bool, string) { return of(r.Limits) }),
		"a block":    inRegion(world.LookLimits, "GetSnapshotBlockPublicAccessState", func(r world.Region) (bool, string) { return of(r.Limits) }),
		"public snapshots": {world.Query{Kind: world.LookGrants, Region: home, Account: record.Everybody}, "DescribeSnapshots", func(w world.World) (bool, string) {
			return of(w.Regions[home].Grants[record.Everybody])
		}},
		"encryption": inRegion(world.LookLimits, "GetEbsEncryptionByDefault", func(r world.Region) (bool, string) { return of(r.Limits) }),
		"a network":  inRegion(world.LookNetwork, "DescribeVpcs", func(r world.Region) (bool, string) { return of(r.Network) }),
		"types":      inRegion(world.LookTypes, "DescribeInstanceTypes", func(r world.Region) (bool, string) { return of(r.Types) }),
		"offerings":  inRegion(world.LookTypes, "DescribeInstanceTypeOfferings", func(r world.Region) (bool, string) { return of(r.Types) }),
		"defaults":   inRegion(world.LookMetadata, "GetInstanceMetadataDefaults", func(r world.Region) (bool, string) { return of(r.Metadata) }),
		"an AMI":     access(image, "DescribeImageAttribute"),
		"a snapshot": access(snapshot, "DescribeSnapshotAttribute"),
		"a base":     ofVariant(world.LookBase, "DescribeImages", func(w world.World) (bool, string) { return of(w.Bases["p/arm64"]) }),
		"a package":  ofVariant(world.LookPackage, "", func(w world.World) (bool, string) { return of(w.Packages["p/arm64"]) }),
		"its digest": ofVariant(world.LookDigest, "", func(w world.World) (bool, string) { return of(w.Digests["p/arm64"]) }),
		"a product":  ofListing(world.LookListing, "DescribeEntity", func(l world.Listing) (bool, string) { return of(l.Entity) }),
		"sets":       ofListing(world.LookListing, "ListChangeSets", func(l world.Listing) (bool, string) { return of(l.Sets) }),
		"assessed":   ofListing(world.LookAssessments, "ListAssessments", func(l world.Listing) (bool, string) { return of(l.Assessments) }),
		"notes":      ofListing(world.LookNotes, "", func(l world.Listing) (bool, string) { return of(l.Notes) }),
		"a set":      {world.Query{Kind: world.LookChangeSet, Listing: "pro", Set: set}, "DescribeChangeSet", func(w world.World) (bool, string) { return of(w.Sets[set]) }},
		"its tags":   {world.Query{Kind: world.LookChangeSet, Listing: "pro", Set: set}, "ListTagsForResource", func(w world.World) (bool, string) { return of(w.Sets[set]) }},
		"seller-images": {world.Query{Kind: world.LookSellerImages, Region: home, Account: seller}, "DescribeImages", func(w world.World) (bool, string) {
			return of(w.SellerImages[release.Place{Account: seller, Region: home}])
		}},
	}
}

func of[T any](f world.Fact[T]) (bool, string) { return f.Known(), f.Err }

// TestMissedIsNoted: a fact that could not be read says so with AWS's reason, and is
// not known; all others of the same look are.
func TestMissedIsNoted(t *testing.T) {
	o, box := observing(t)
	claimed(t, o)
	w := world.New()
	err := o.Look(t.Context(), &w, []world.Query{{Kind: world.LookImages, Region: home}, {Kind: world.LookListing, Listing: "pro"}})
	if err != nil || len(w.Regions[home].Images.Val) == 0 || len(w.Listings["pro"].Sets.Val) == 0 {
		t.Fatalf("%v: %+v", err, w)
	}
	sold := named(t, w, "sold")
	all := readings(sold.ID, sold.Snapshots[0], w.Listings["pro"].Sets.Val[0].ID)
	for name, r := range all {
		t.Run(name, func(t *testing.T) {
			with := []world.Query{r.query, {Kind: world.LookParams, Region: "eu-west-1"}}
			box.Meets(t)
			if w := look(t, o, with); !known(r.fact(w)) {
				t.Fatalf("not known: %s", missing(r.fact(w)))
			}
			if r.action == "" {
				bare := &Observer{Clients: o.Clients, Desired: o.Desired}
				if w := look(t, bare, with); known(r.fact(w)) || !strings.Contains(missing(r.fact(w)), "here") {
					t.Errorf("not asked for, and known: %s", missing(r.fact(w)))
				}
				return
			}
			box.Meets(t, wire.Fault{Region: home, Action: r.action, Status: 400, Code: "UnauthorizedOperation", Message: "You may not"})
			w := look(t, o, with)
			if known(r.fact(w)) || !strings.Contains(missing(r.fact(w)), "UnauthorizedOperation: You may not") {
				t.Errorf("refused, and known or without the reason: %q", missing(r.fact(w)))
			}
			if !w.Regions["eu-west-1"].Params.Known() {
				t.Errorf("the other region: %s", w.Regions["eu-west-1"].Params.Err)
			}
		})
	}
}

func known(ok bool, err string) bool    { return ok && err == "" }
func missing(_ bool, err string) string { return err }
func look(t *testing.T, o *Observer, queries []world.Query) world.World {
	t.Helper()
	w := world.New()
	if err := o.Look(t.Context(), &w, queries); err != nil {
		t.Fatal(err)
	}
	return w
}

func named(t *testing.T, w world.World, name string) world.Image {
	t.Helper()
	images := w.Regions[home].Images.Val
	n := slices.IndexFunc(images, func(i world.Image) bool { return i.Name == name })
	if n < 0 {
		t.Fatalf("no image %s among %v", name, images)
	}
	return images[n]
}

// claimed makes a claim with a key pair and an instance, and one that says nothing of
// when it was renewed.
func claimed(t *testing.T, o *Observer) (whole, silent string) {
	t.Helper()
	client := o.Clients.EC2(home)
	group := func(suffix, alive string) string {
		out, err := client.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
			GroupName: aws.String(strings.TrimSuffix(record.ClaimsPattern("p"), "*") + suffix), Description: aws.String("d"),
			TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroup, Tags: []types.Tag{
				{Key: aws.String(record.TagAlive), Value: aws.String(alive)}, {Key: aws.String(record.TagRun), Value: aws.String("1:run")},
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(out.GroupId)
	}
	whole, silent = group("whole", "1:2026-11-24T12:00:00Z"), group("silent", "1:lately")
	if _, err := client.CreateKeyPair(t.Context(), &ec2.CreateKeyPairInput{KeyName: aws.String(strings.TrimSuffix(record.ClaimsPattern("p"), "*") + "whole")}); err != nil {
		t.Fatal(err)
	}
	sold := named(t, look(t, o, []world.Query{{Kind: world.LookImages, Region: home}}), "sold")
	if _, err := client.RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: aws.String(sold.ID), InstanceType: "t4g.micro", MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SecurityGroupIds: []string{whole},
	}); err != nil {
		t.Fatal(err)
	}
	return whole, silent
}

// TestClaims: a claim with what hangs on it; a tag that can't be parsed says nothing
// of when it was renewed.
func TestClaims(t *testing.T) {
	o, _ := observing(t)
	whole, silent := claimed(t, o)
	got := map[string]world.Claim{}
	for _, c := range look(t, o, []world.Query{{Kind: world.LookClaims, Region: home}}).Regions[home].Claims.Val {
		got[c.Group] = c
	}
	if c := got[whole]; c.Run != "run" || !c.Alive.Equal(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)) || c.KeyPair != c.Name || len(c.Instances) != 1 {
		t.Errorf("whole: %+v", c)
	}
	if c, there := got[silent]; !there || !c.Alive.IsZero() || c.KeyPair != "" || len(c.Instances) != 0 {
		t.Errorf("silent: %+v", c)
	}
	if len(got) != 2 {
		t.Errorf("%d claims, want 2", len(got))
	}
}

// TestImages: all own images, also those that searches leave out.
func TestImages(t *testing.T) {
	o, _ := observing(t)
	w := look(t, o, []world.Query{{Kind: world.LookImages, Region: home}})
	for name, state := range map[string]string{"sold": world.Available, "off": world.Disabled, "broken": world.Failed, "made": world.Pending, "secret": world.Available} {
		if got := named(t, w, name).State; got != state {
			t.Errorf("%s is %s, want %s", name, got, state)
		}
	}
	i := named(t, w, "sold")
	day := 24 * time.Hour
	if i.Arch != "arm64" || !i.Public || i.Tag(record.TagProject) != "p" || i.Tags["Type"] != "x" || len(i.Snapshots) != 1 ||
		w.Now.Sub(i.Created).Round(day) != 31*day || w.Now.Sub(i.LastLaunched).Round(day) != 5*day || i.Deprecated.Sub(w.Now).Round(day) != 10*day {
		t.Errorf("sold: %+v at %s", i, w.Now)
	}
	if !named(t, w, "secret").Encrypted || i.Encrypted || named(t, w, "broken").Reason == "" || !named(t, w, "off").LastLaunched.IsZero() {
		t.Errorf("%+v", w.Regions[home].Images.Val)
	}
}

// TestImagesOfARelease: of a release those images are read that its tags name, in whatever
// schema, and those of its names; of what AWS is making, ids alone. Each is one call.
func TestImagesOfARelease(t *testing.T) {
	o, box := observing(t)
	for kind, want := range map[world.Kind][]string{
		world.LookRelease:   {"of newer schemas", "sold", "without schema"},
		world.LookNamesakes: {"P 1", "amiship-p-p-arm64-v1-0123456789ab"},
		world.LookPending:   {"made"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			before := len(box.Calls(t))
			r := look(t, o, []world.Query{{Kind: kind, Region: home}}).Regions[home]
			if calls := len(box.Calls(t)) - before; calls != 1 {
				t.Errorf("%d calls, want 1", calls)
			}
			all := look(t, o, []world.Query{{Kind: world.LookImages, Region: home}})
			var got []string
			for _, i := range slices.Concat(r.Release.Val, r.Namesakes.Val) {
				got = append(got, i.Name)
			}
			for _, i := range all.Regions[home].Images.Val {
				if slices.Contains(r.Pending.Val, i.ID) {
					got = append(got, i.Name)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("read %q, want %q", got, want)
			}
		})
	}
}

// TestPermissionsOfARelease: they are read of the release's AMIs and their snapshots, or of all
// where they serve several releases.
func TestPermissionsOfARelease(t *testing.T) {
	const customer = "210987654321"
	o, _ := observing(t)
	client := o.Clients.EC2(home)
	for _, name := range []string{"sold", "of another tag"} {
		i := named(t, look(t, o, []world.Query{{Kind: world.LookImages, Region: home}}), name)
		if _, err := client.ModifySnapshotAttribute(t.Context(), &ec2.ModifySnapshotAttributeInput{
			SnapshotId: aws.String(i.Snapshots[0]), Attribute: types.SnapshotAttributeNameCreateVolumePermission,
			CreateVolumePermission: &types.CreateVolumePermissionModifications{Add: []types.CreateVolumePermission{{Group: types.PermissionGroupAll}}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	for whole, want := range map[bool]int{false: 1, true: 2} {
		o.Whole = whole
		w := look(t, o, []world.Query{{Kind: world.LookGrants, Region: home, Account: customer}, {Kind: world.LookGrants, Region: home, Account: record.Everybody}})
		grants := w.Regions[home].Grants
		if of := grants[customer].Val; len(of.Images) != want || len(of.Snapshots) != want {
			t.Errorf("whole %v: %v, want %d of each", whole, of, want)
		}
		if of := grants[record.Everybody].Val; len(of.Images) != 0 || len(of.Snapshots) != want {
			t.Errorf("whole %v: public are %v, want %d snapshots", whole, of, want)
		}
	}
}

// TestQuotasAreReadOnce: for a minute a quota serves every look of a process, until it is changed.
func TestQuotasAreReadOnce(t *testing.T) {
	o, box := observing(t)
	ask := []world.Query{{Kind: world.LookLimits, Region: home}}
	asked := func() int {
		return len(box.Calls(t, "GetServiceQuota", "GetAWSDefaultServiceQuota", "ListRequestedServiceQuotaChangeHistoryByQuota"))
	}
	first := look(t, o, ask).Regions[home].Limits.Val
	once := asked()
	another := &Observer{Clients: o.Clients, Desired: o.Desired}
	if second := look(t, another, ask).Regions[home].Limits.Val; once == 0 || asked() != once || second.Public.Limit != first.Public.Limit {
		t.Errorf("%d calls for a first look, %d after a second; limits %d and %d", once, asked(), first.Public.Limit, second.Public.Limit)
	}
	o.Clients.Forget(QuotaKey(home, world.QuotaPublicAMIs))
	look(t, o, ask)
	if now := asked(); now <= once || now >= 2*once {
		t.Errorf("%d calls, and %d once one of two quotas was changed", once, now)
	}
}

// TestListing: the product with its versions, the change sets, and what one asks for.
func TestListing(t *testing.T) {
	o, _ := observing(t)
	w := look(t, o, []world.Query{{Kind: world.LookImages, Region: home}, {Kind: world.LookListing, Listing: "pro"}})
	l := w.Listings["pro"]
	e, sold := l.Entity.Val, named(t, w, "sold")
	if e.Title != "Pro" || !strings.HasPrefix(e.Revision, product+"@") || e.Visibility != world.VisiblePublic || len(e.Versions) != 1 {
		t.Fatalf("entity: %+v", e)
	}
	if v := e.Versions[0]; v.Title != "1.0" || v.AMI != sold.ID || v.Arch != "arm64" || len(v.Options) != 1 || v.Options[0].Visibility != world.VisiblePublic || v.Created.IsZero() {
		t.Errorf("version: %+v", v)
	}
	if len(l.Sets.Val) != 2 || l.Sets.Val[0].Status != world.Preparing || w.Now.Sub(l.Sets.Val[0].Start).Round(time.Hour) != 3*time.Hour || !l.Sets.Val[0].End.IsZero() {
		t.Fatalf("sets: %+v", l.Sets.Val)
	}
	id := l.Sets.Val[0].ID
	d := look(t, o, []world.Query{{Kind: world.LookChangeSet, Listing: "pro", Set: id}}).Sets[id].Val
	if d.Status != world.Preparing || len(d.Changes) != 1 || d.Changes[0].Type != "AddDeliveryOptions" || !strings.Contains(d.Changes[0].Details, `"2.0"`) {
		t.Errorf("details: %+v", d)
	}
}

// TestDetailsThatAreNone: a product whose details can't be parsed is not one without
// versions.
func TestDetailsThatAreNone(t *testing.T) {
	o, _ := observing(t)
	for _, details := range []string{"", "no", "[]", `{"Versions": 7}`} {
		srv := answering(t, fmt.Sprintf(`{"EntityIdentifier": "prod-1@2", "Details": %q}`, details))
		clients, err := awsapi.LoadAs(t.Context(), home, awsapi.Caller{Endpoint: srv, KeyID: "AKIAEXAMPLE", Secret: "secret"})
		if err != nil {
			t.Fatal(err)
		}
		o.Clients = clients
		if _, err := entityOf(t.Context(), clients.Marketplace(), product); err == nil || !strings.Contains(err.Error(), product) {
			t.Errorf("%q: %v", details, err)
		}
	}
}

// TestPermissions: what the caller may not do is found by dry runs, and nothing is
// changed by them.
func TestPermissions(t *testing.T) {
	o, box := observing(t)
	ask := []world.Query{{Kind: world.LookDenied, Region: home}}
	if got := look(t, o, ask).Regions[home].Denied; !got.Known() || len(got.Val) > 0 {
		t.Errorf("denied: %+v", got)
	}
	for _, action := range []string{"CopyImage", "ModifyImageAttribute", "ModifySnapshotAttribute", "CreateTags", "DeregisterImage", "DeleteSnapshot", "CreateSecurityGroup", "CreateKeyPair"} {
		box.Meets(t, wire.Fault{Service: "ec2", Action: action, Status: 403, Code: "UnauthorizedOperation", Message: "You may not"})
		got := look(t, o, ask).Regions[home].Denied
		if len(got.Val) != 1 || !strings.Contains(got.Val["ec2:"+action], "You may not") {
			t.Errorf("%s: %+v", action, got)
		}
		findings := Preflight(t.Context(), o.Clients, home, []release.Target{{Region: home}}, Public{AMIs: true})
		n := slices.IndexFunc(findings, func(f audit.Finding) bool { return f.What == "ec2:"+action })
		if n < 0 || !strings.Contains(findings[n].Err, "You may not") || findings[n].How != audit.Simulated {
			t.Errorf("%s: findings %+v", action, findings)
		}
	}
	w := look(t, o, []world.Query{{Kind: world.LookClaims, Region: home}, {Kind: world.LookImages, Region: home}})
	if len(w.Regions[home].Claims.Val) != 0 || len(w.Regions[home].Images.Val) != 12 {
		t.Errorf("dry runs have changed something: %+v", w.Regions[home])
	}
}

// TestNobodyAnswers: a look that no call can answer is an error, and no world in which
// everything is unread; one whose context has ended is, too.
func TestNobodyAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		code string
		ends bool // the look's context
		want bool // an error
	}{
		"no credentials that AWS knows": {code: "InvalidClientTokenId", want: true},
		"it may not":                    {code: "UnauthorizedOperation"},
		"interrupted":                   {ends: true, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			o, box := observing(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.ends {
				cancel()
			} else {
				box.Meets(t, wire.Fault{Status: 403, Code: c.code})
			}
			w := world.New()
			err := o.Look(ctx, &w, []world.Query{{Kind: world.LookImages, Region: home}, {Kind: world.LookParams, Region: home}})
			if (err != nil) != c.want || c.ends && !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if !c.ends && !w.Regions[home].Images.Missed() {
				t.Errorf("images: %+v", w.Regions[home].Images)
			}
		})
	}
}

// answering is the address of a server that answers all with one JSON text.
func answering(t *testing.T, text string) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }))
	t.Cleanup(srv.Close)
	return srv.URL
}

// patient waits for the sandbox for as long as it takes: on a machine that is busy an
// answer may come later than AWS's does, and the call would be repeated.
func patient(t *testing.T) context.Context {
	return awsapi.WithPatience(t.Context(), awsapi.Patience{Call: time.Hour, Read: time.Hour})
}

// TestAssessments: the newest of the version, what has failed in it, and in a change set that
// was refused.
func TestAssessments(t *testing.T) {
	o, _ := observing(t)
	w := look(t, o, []world.Query{{Kind: world.LookAssessments, Listing: "pro"}, {Kind: world.LookListing, Listing: "pro"}})
	l := w.Listings["pro"]
	if all := l.Assessments.Val; len(all) != 1 || !all[0].Failed || all[0].Option != l.Entity.Val.Versions[0].Options[0].ID || all[0].Expires.Sub(all[0].Created) != 90*24*time.Hour {
		t.Fatalf("assessments: %+v", all)
	}
	id, set := l.Assessments.Val[0].ID, l.Sets.Val[1].ID
	w = look(t, o, []world.Query{{Kind: world.LookAssessment, Listing: "pro", ID: id}, {Kind: world.LookChangeSet, Listing: "pro", Set: set}})
	if c := w.Assessments[id].Val; len(c) != 2 || c[1].ID != "vulnerabilities" || c[1].Errors[0].Message != "CVE-2026-1" || !strings.HasPrefix(c[1].Errors[0].Scope[0], "AMI_ID ami-") {
		t.Errorf("controls: %+v", c)
	}
	if d := w.Sets[set].Val; len(d.Controls) != 1 || d.Controls[0].ID != "authorized-keys" || d.Controls[0].Errors[0].Message != "keys" || d.Unassessed != "" {
		t.Errorf("the refused change set: %+v", d)
	}
}
