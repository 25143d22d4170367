package ec2_test

import (
	"context"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/machine"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const (
	vendor   = "111111111111"
	customer = "222222222222"
	home     = "us-east-1"
	away     = "eu-west-1"
)

// rig is a sandbox with EC2 in it, and what a test needs to look behind it.
type rig struct {
	t      testing.TB
	store  *cloud.Store
	ec2    *ec2.EC2
	driver *fakeDriver
	url    string
	server *wire.Server
	wall   wiretest.Wall
}

func testBases() []machine.Base {
	return []machine.Base{
		{Layer: "base/ubuntu-22.04/amd64", Arch: "amd64", User: "ubuntu", Description: "Ubuntu 22.04, as a test has it"},
		{Layer: "base/ubuntu-22.04/arm64", Arch: "arm64", User: "ubuntu", Description: "Ubuntu 22.04, as a test has it"},
		{Layer: "base/debian-12/amd64", Arch: "amd64", User: "admin", Description: "Debian 12, as a test has it"},
	}
}

func newRig(t testing.TB, set ec2.Settings) *rig {
	t.Helper()
	r := &rig{t: t, driver: newFakeDriver()}
	store, err := cloud.Open("", cloud.Clock{Wall: r.wall.Now})
	if err != nil {
		t.Fatal(err)
	}
	r.store = store
	r.ec2 = ec2.New(ec2.Config{Store: store, Driver: r.driver, Settings: set, Parameters: parameters})
	r.settle(nil)
	r.server = wire.NewServer(store, false, r.ec2.Service())
	srv := httptest.NewServer(r.server)
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

// parameters is a Parameter Store in which each image has a parameter of the vendor's.
func parameters(_ *cloud.Tx, account, region, image string) []string {
	if account != vendor || image == "ami-00000000000000000" {
		return nil
	}
	return []string{"arn:aws:ssm:" + region + ":" + account + ":parameter/of/" + image}
}

// settle fills an empty store: two accounts, the bases, and a world.
func (r *rig) settle(w ec2.World) {
	r.t.Helper()
	r.update(func(tx *cloud.Tx) error {
		for id, name := range map[string]string{vendor: "vendor", customer: "customer"} {
			wiretest.Account(tx, id, name)
		}
		ec2.Seed(tx, testBases())
		return ec2.Load(tx, w)
	})
}

func (r *rig) update(fn func(*cloud.Tx) error) {
	r.t.Helper()
	if err := r.store.Update(fn); err != nil {
		r.t.Fatal(err)
	}
}

// deny takes a permission from an account's key.
func (r *rig) deny(account, action string) {
	r.t.Helper()
	r.update(func(tx *cloud.Tx) error {
		cred, _ := cloud.Credentials.Get(tx, "", "AKIA"+account)
		cred.Deny = []string{action}
		cloud.Credentials.Put(tx, "", cred.KeyID, cred)
		return nil
	})
}

// client is the real SDK's.
func (r *rig) client(account, region string) *awssdk.Client {
	return awssdk.New(awssdk.Options{
		BaseEndpoint: aws.String(r.url), Region: region, RetryMaxAttempts: 1, HTTPClient: wiretest.Eager{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIA"+account, wiretest.Secret, ""),
	})
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// fakeDriver keeps machines as states that a test sets.
type fakeDriver struct {
	machine.Driver // a method that no test needs panics

	mu      sync.Mutex
	state   map[string]machine.Status
	specs   map[string]machine.Spec
	ports   map[string][]machine.PortRange
	layers  map[string]bool
	removed []string
	pruned  int
	frozen  machine.State  // what the machine of the last snapshot did
	boot    machine.Status // state after Start
	halt    machine.Status // state after Stop
	err     error
}

func newFakeDriver() *fakeDriver {
	return &fakeDriver{
		state: map[string]machine.Status{}, specs: map[string]machine.Spec{}, layers: map[string]bool{},
		ports: map[string][]machine.PortRange{},
		boot:  machine.Status{State: machine.Running, SSH: true}, halt: machine.Status{State: machine.Stopped},
	}
}

func (d *fakeDriver) Start(s machine.Spec) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.specs[s.ID], d.state[s.ID], d.ports[s.ID] = s, d.boot, s.Ports
	return d.err
}

func (d *fakeDriver) Stop(id string) error {
	d.set(id, d.halt)
	return nil
}

func (d *fakeDriver) set(id string, s machine.Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.state[id] = s
}

func (d *fakeDriver) Remove(id string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.state, id)
	d.removed = append(d.removed, id)
	return nil
}

func (d *fakeDriver) SetPorts(id string, p []machine.PortRange) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ports[id] = p
	return nil
}

func (d *fakeDriver) Status(id string) machine.Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, found := d.state[id]
	if !found {
		return machine.Status{State: machine.Stopped}
	}
	return s
}

func (d *fakeDriver) Console(string) ([]byte, error) { return []byte("Linux boots\n"), nil }

func (d *fakeDriver) Snapshot(_ context.Context, id, layer string) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.frozen = d.state[id].State
	if d.err != nil {
		return 0, d.err
	}
	d.layers[layer] = true
	return 27 << 20, nil
}

func (d *fakeDriver) HasLayer(layer string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.layers[layer] || len(layer) > 5 && layer[:5] == "base/"
}

func (d *fakeDriver) Prune(keep func(layer string) bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pruned++
	for _, l := range slices.Collect(maps.Keys(d.layers)) {
		if !keep(l) {
			delete(d.layers, l)
		}
	}
	return nil
}

func contains(err error, text string) bool { return strings.Contains(err.Error(), text) }
