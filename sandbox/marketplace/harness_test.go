package marketplace_test

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/document"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"
	"github.com/aws/smithy-go"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/machine"
	"amiship/sandbox/marketplace"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
)

const (
	vendor   = "111111111111"
	customer = "222222222222"
	stranger = "333333333333"

	thing  = "prod-aaaaaaaaaaaaa" // public, with three versions
	fresh  = "prod-bbbbbbbbbbbbb" // public, without any
	closed = "prod-ccccccccccccc" // restricted
	narrow = "prod-ddddddddddddd" // limited
	theirs = "prod-eeeeeeeeeeeee" // of another account

	role = "arn:aws:iam::" + vendor + ":role/ingestion"
)

// rig is a sandbox with a Marketplace and an EC2, and what a test needs to look
// behind them.
type rig struct {
	t      testing.TB
	dir    string
	set    marketplace.Settings
	driver *fakeDriver
	wall   *wall
	store  *cloud.Store
	server *httptest.Server
}

// wall is a clock that tests move by hand.
type wall struct {
	mu  sync.Mutex
	now time.Time
}

func (w *wall) read() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (r *rig) pass(d time.Duration) {
	r.wall.mu.Lock()
	defer r.wall.mu.Unlock()
	r.wall.now = r.wall.now.Add(d)
}

// fakeDriver has machines that run at once, and disks that are directories.
type fakeDriver struct {
	machine.Driver // a method that no test needs panics
	root           string
	broken         error
	opened         int
}

func (d *fakeDriver) Start(machine.Spec) error { return nil }
func (d *fakeDriver) HasLayer(string) bool     { return true }
func (d *fakeDriver) Prune(map[string]bool) error {
	return nil
}

func (d *fakeDriver) Status(string) machine.Status {
	return machine.Status{State: machine.Running, SSH: true}
}

func (d *fakeDriver) OpenDisk(layers []string) (machine.Disk, error) {
	d.opened++
	return disk(filepath.Join(d.root, layers[len(layers)-1])), d.broken
}

type disk string

func (d disk) ReadFile(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), name))
}
func (d disk) Dir() string  { return string(d) }
func (d disk) Close() error { return nil }

// plant makes the disk of a layer: a clean one, and what comes on top.
func (r *rig) plant(layer string, extra map[string]string) {
	r.t.Helper()
	files := map[string]string{
		"etc/passwd":          "root:x:0:0:root:/root:/bin/bash\nubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n",
		"etc/shadow":          "root:*:19000:0:99999:7:::\nubuntu:!:19000:0:99999:7:::\n",
		"etc/ssh/sshd_config": "PasswordAuthentication no\nPermitRootLogin prohibit-password\n",
		"usr/sbin/sshd":       "x",
		"bin/bash":            "x",
	}
	for name, text := range extra {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(r.driver.root, layer, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil { //nolint:gosec // a program
			r.t.Fatal(err)
		}
	}
}

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

func newRig(t testing.TB, set marketplace.Settings) *rig {
	t.Helper()
	return newRigWith(t, set, testWorld())
}

func newRigWith(t testing.TB, set marketplace.Settings, w marketplace.World) *rig {
	t.Helper()
	r := &rig{
		t: t, dir: t.TempDir(), set: set, driver: &fakeDriver{root: t.TempDir()},
		wall: &wall{now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)},
	}
	r.start()
	err := r.store.Update(func(tx *cloud.Tx) error {
		for id, name := range map[string]string{vendor: "vendor", customer: "customer", stranger: "stranger"} {
			cloud.Accounts.Put(tx, "", id, cloud.Account{ID: id, Name: name})
			cloud.Credentials.Put(tx, "", "AKIA"+id, cloud.Credential{KeyID: "AKIA" + id, Secret: "secret", Account: id, Principal: "arn:aws:iam::" + id + ":user/test"})
		}
		cloud.Accounts.Put(tx, "", ec2.Marketplace, cloud.Account{ID: ec2.Marketplace, Name: "marketplace", Alias: "aws-marketplace"})
		cloud.Credentials.Put(tx, "", "AKIAMEEK", cloud.Credential{KeyID: "AKIAMEEK", Secret: "secret", Account: vendor, Principal: "arn:aws:iam::" + vendor + ":user/meek", Deny: []string{"aws-marketplace:ListEntities", "iam:PassRole"}})
		sts.PutRole(tx, sts.Role{Account: vendor, Name: "ingestion", Trusted: []string{"assets.marketplace.amazonaws.com"}})
		sts.PutRole(tx, sts.Role{Account: vendor, Name: "strange", Trusted: []string{"ec2.amazonaws.com"}})
		sts.PutRole(tx, sts.Role{Account: vendor, Name: "weak", Trusted: []string{"assets.marketplace.amazonaws.com"}, Deny: []string{"ec2:Modify*"}})
		world := ec2.World{
			{Account: vendor, Region: "us-east-1", Images: images()},
			{Account: vendor, Region: "eu-west-1", Images: []ec2.WorldImage{{Name: "far", Layer: "base/clean"}}},
			{Account: customer, Region: "us-east-1", Images: []ec2.WorldImage{{Name: "foreign", Public: true, Layer: "base/clean"}}},
		}
		return errors.Join(ec2.Load(tx, world), marketplace.Load(tx, w, set))
	})
	if err != nil {
		t.Fatal(err)
	}
	r.plant("base/clean", nil)
	r.plant("base/sloppy", map[string]string{"root/.ssh/authorized_keys": "ssh-ed25519 AAAA me\n"})
	return r
}

// start opens the store and serves it.
func (r *rig) start() {
	r.t.Helper()
	store, err := cloud.Open(r.dir, cloud.Clock{Wall: r.wall.read})
	if err != nil {
		r.t.Fatal(err)
	}
	r.store = store
	market := marketplace.New(marketplace.Config{Store: store, Open: r.driver.OpenDisk, Settings: r.set})
	compute := ec2.New(ec2.Config{Store: store, Driver: r.driver})
	srv := wire.NewServer(store, false, market.Service(), compute.Service())
	srv.Before = market.Settle
	r.server = httptest.NewServer(front{srv, market})
	r.t.Cleanup(r.server.Close)
}

// restart is what kill -9 and a new start leave: only the journal.
func (r *rig) restart() {
	r.t.Helper()
	r.server.Close()
	if err := r.store.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.start()
}

func (r *rig) catalog(key, region string) *marketplacecatalog.Client {
	return marketplacecatalog.New(marketplacecatalog.Options{
		BaseEndpoint: &r.server.URL, Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIA"+key, "secret", ""),
	})
}

func (r *rig) compute(account, region string) *ec2sdk.Client {
	return ec2sdk.New(ec2sdk.Options{
		BaseEndpoint: &r.server.URL, Region: region, RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIA"+account, "secret", ""),
	})
}

// image is the id of an image by its name.
func (r *rig) image(region, name string) string {
	r.t.Helper()
	for _, account := range []string{vendor, customer} {
		_ = r.store.View(func(tx *cloud.Tx) error {
			if im, found := ec2.FindImageByName(tx, region, account, name); found {
				name = im.ID
			}
			return nil
		})
	}
	return name
}

type object = map[string]any

// version is a good version of the image. change, if any, spoils it.
func (r *rig) version(title, image string, change ...func(version, source, option object)) object {
	source := object{
		"AmiId": image, "AccessRoleArn": role, "UserName": "ubuntu", "OperatingSystemName": "UBUNTU", "OperatingSystemVersion": "22.04",
	}
	option := object{
		"AmiSource": source, "UsageInstructions": "Log in.", "RecommendedInstanceType": "m5.large",
		"AccessEndpointUrl": object{"Port": 443, "Protocol": "https", "RelativePath": "login"},
		"SecurityGroups":    []object{{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 443, "IpRanges": []string{"0.0.0.0/0"}}},
	}
	v := object{"VersionTitle": title, "ReleaseNotes": "New."}
	for _, do := range change {
		do(v, source, option)
	}
	return object{"Version": v, "DeliveryOptions": []object{{"Details": object{"AmiDeliveryOptionDetails": option}}}}
}

func change(kind, product string, details any) types.Change {
	return types.Change{
		ChangeType: &kind, Entity: &types.Entity{Type: aws.String("AmiProduct@1.0"), Identifier: &product},
		DetailsDocument: document.NewLazyDocument(details),
	}
}

func input(changes ...types.Change) *marketplacecatalog.StartChangeSetInput {
	return &marketplacecatalog.StartChangeSetInput{Catalog: aws.String("AWSMarketplace"), ChangeSet: changes, ClientRequestToken: new(string)}
}

// begin starts a change set of the vendor and returns its id.
func (r *rig) begin(changes ...types.Change) string {
	r.t.Helper()
	id, err := r.try(input(changes...))
	if err != nil {
		r.t.Fatal(err)
	}
	return id
}

func (r *rig) try(in *marketplacecatalog.StartChangeSetInput) (string, error) {
	r.t.Helper()
	if in.ClientRequestToken != nil && *in.ClientRequestToken == "" {
		in.ClientRequestToken = nil
	}
	out, err := r.catalog(vendor, "us-east-1").StartChangeSet(r.t.Context(), in)
	if err != nil {
		return "", err
	}
	return *out.ChangeSetId, nil
}

func (r *rig) see(id string) *marketplacecatalog.DescribeChangeSetOutput {
	r.t.Helper()
	out, err := r.catalog(vendor, "us-east-1").DescribeChangeSet(r.t.Context(), &marketplacecatalog.DescribeChangeSetInput{Catalog: aws.String("AWSMarketplace"), ChangeSetId: &id})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// codes are those of the change set's errors, change by change.
func codes(out *marketplacecatalog.DescribeChangeSetOutput) []string {
	var all []string
	for _, c := range out.ChangeSet {
		for _, e := range c.ErrorDetailList {
			all = append(all, *e.ErrorCode)
		}
	}
	return all
}

// entity describes a product of the vendor.
func (r *rig) entity(product string) (out *marketplacecatalog.DescribeEntityOutput, doc described) {
	r.t.Helper()
	out, err := r.catalog(vendor, "us-east-1").DescribeEntity(r.t.Context(), &marketplacecatalog.DescribeEntityInput{Catalog: aws.String("AWSMarketplace"), EntityId: &product})
	if err != nil {
		r.t.Fatal(err)
	}
	if err := out.DetailsDocument.UnmarshalSmithyDocument(&doc); err != nil {
		r.t.Fatal(err)
	}
	return out, doc
}

// described is as much of a product's document as tests look at.
type described struct {
	Versions []struct {
		Id, VersionTitle, ReleaseNotes string //nolint:revive // AWS's spelling
		Sources                        []struct {
			Image, Architecture string
			OperatingSystem     struct {
				Name, Version, Username string
				ScanningPort            int
			}
		}
		DeliveryOptions []struct {
			Id, Visibility  string //nolint:revive // AWS's spelling
			Instructions    struct{ Usage string }
			Recommendations struct {
				InstanceType   string
				SecurityGroups []struct {
					Protocol         string
					FromPort, ToPort int
					CidrIps          []string
				}
			}
		}
	}
	Description struct{ ProductTitle, ProductCode, ShortDescription string }
}

// option is the delivery option of a version.
func (d described) option(t testing.TB, title string) string {
	t.Helper()
	for _, v := range d.Versions {
		if v.VersionTitle == title {
			return v.DeliveryOptions[0].Id
		}
	}
	t.Fatalf("there is no version %s", title)
	return ""
}

func (d described) visibility(title string) string {
	for _, v := range d.Versions {
		if v.VersionTitle == title {
			return v.DeliveryOptions[0].Visibility
		}
	}
	return ""
}

// code is the AWS error code of err, or "".
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := code(err); got != want {
		t.Fatalf("error %q, want %q (%v)", got, want, err)
	}
}

// fetch reads a URL as anybody can.
func (r *rig) fetch(ctx context.Context, url string) (int, string) {
	r.t.Helper()
	resp, err := get(ctx, url)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
