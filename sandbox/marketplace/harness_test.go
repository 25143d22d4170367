package marketplace_test

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/marketplace"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
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
	t        testing.TB
	dir      string
	set      marketplace.Settings
	driver   *fakeDriver
	wall     wiretest.Wall
	store    *cloud.Store
	server   *httptest.Server
	wire     *wire.Server
	throttle bool // from the next start on
}

func (r *rig) pass(d time.Duration) { r.wall.Pass(d) }

func newRig(t testing.TB, set marketplace.Settings) *rig {
	t.Helper()
	return newRigWith(t, set, testWorld())
}

func newRigWith(t testing.TB, set marketplace.Settings, w marketplace.World) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), set: set, driver: &fakeDriver{root: t.TempDir()}}
	r.start()
	err := r.store.Update(func(tx *cloud.Tx) error {
		for id, name := range map[string]string{vendor: "vendor", customer: "customer", stranger: "stranger"} {
			wiretest.Account(tx, id, name)
		}
		cloud.Accounts.Put(tx, "", ec2.Marketplace, cloud.Account{ID: ec2.Marketplace, Name: "marketplace", Alias: "aws-marketplace"})
		cloud.Credentials.Put(tx, "", "AKIAMEEK", cloud.Credential{KeyID: "AKIAMEEK", Secret: wiretest.Secret, Account: vendor, Principal: "arn:aws:iam::" + vendor + ":user/meek", Deny: []string{"aws-marketplace:ListEntities", "iam:PassRole"}})
		sts.PutRole(tx, sts.Role{Account: vendor, Name: "ingestion", Trusted: []string{"assets.marketplace.amazonaws.com"}})
		sts.PutRole(tx, sts.Role{Account: customer, Name: "ingestion", Trusted: []string{"assets.marketplace.amazonaws.com"}})
		sts.PutRole(tx, sts.Role{Account: vendor, Name: "strange", Trusted: []string{"ec2.amazonaws.com"}})
		sts.PutRole(tx, sts.Role{Account: vendor, Name: "weak", Trusted: []string{"assets.marketplace.amazonaws.com"}, Deny: []string{"ec2:Modify*"}})
		world := ec2.World{
			{Account: vendor, Region: "us-east-1", Images: images()},
			{Account: vendor, Region: "eu-west-1", Images: []ec2.WorldImage{{Name: "far", Layer: "base/clean"}}},
			{Account: "marketplace", Region: "us-east-1", Images: []ec2.WorldImage{{Name: "internal", Layer: "base/clean"}}},
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
	store, err := cloud.Open(r.dir, cloud.Clock{Wall: r.wall.Now})
	if err != nil {
		r.t.Fatal(err)
	}
	r.store = store
	market := marketplace.New(marketplace.Config{Store: store, Open: r.driver.OpenDisk, Settings: r.set})
	compute := ec2.New(ec2.Config{Store: store, Driver: r.driver})
	srv := wire.NewServer(store, r.throttle, market.Service(), compute.Service())
	srv.Before = market.Settle
	r.wire = srv
	r.server = httptest.NewServer(market.Front(srv))
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
		BaseEndpoint: &r.server.URL, Region: region, RetryMaxAttempts: 1, HTTPClient: wiretest.Eager{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIA"+key, wiretest.Secret, ""),
	})
}

func (r *rig) compute(account, region string) *ec2sdk.Client {
	return ec2sdk.New(ec2sdk.Options{
		BaseEndpoint: &r.server.URL, Region: region, RetryMaxAttempts: 1, HTTPClient: wiretest.Eager{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIA"+account, wiretest.Secret, ""),
	})
}

// image is the id of an image by its name.
func (r *rig) image(region, name string) string {
	r.t.Helper()
	for _, account := range []string{vendor, customer, ec2.Marketplace} {
		_ = r.store.View(func(tx *cloud.Tx) error {
			if im, found := ec2.FindImageByName(tx, region, account, name); found {
				name = im.ID
			}
			return nil
		})
	}
	return name
}
