// Package ec2 is the sandbox's EC2: images, snapshots, instances and what
// surrounds them, as handlers over cloud and wire.
//
// Nothing here runs in the background. An image stores when its copy is due,
// an instance what it was last asked to do; the state that a client sees is
// computed from that, the clock and the machine driver at each read. Tags are
// not kept with the resource but per account and resource, because AWS lets a
// customer tag a public image that is not theirs.
package ec2

import (
	"amiship/sandbox/cloud"
	"amiship/sandbox/machine"
	"amiship/sandbox/wire"
)

// Config is what an EC2 needs.
type Config struct {
	Store    *cloud.Store
	Driver   machine.Driver // nil: RunInstances is refused
	Settings Settings       // zero members take the values of DefaultSettings
	// Parameters are the ARNs of an account's SSM parameters that name an image in a region;
	// nil: there is no Parameter Store.
	Parameters func(tx *cloud.Tx, account, region, image string) []string
	// Resolve is the value of an SSM parameter, for launches by resolve:ssm:.
	Resolve func(c *wire.Call, ref string) (string, error)
}

// EC2 has the operations of each subject, on one core.
type EC2 struct{ core *core }

// core is what the operations share: the store, which has the state, the driver,
// which has the machines, and how the two are brought together.
type core struct {
	store  *cloud.Store
	driver machine.Driver
	set    Settings

	parameters func(tx *cloud.Tx, account, region, image string) []string
	resolve    func(c *wire.Call, ref string) (string, error)
}

// New does no I/O; call Recover once the store is open.
func New(cfg Config) *EC2 {
	return &EC2{&core{store: cfg.Store, driver: cfg.Driver, set: cfg.Settings.withDefaults(), parameters: cfg.Parameters, resolve: cfg.Resolve}}
}

// dry is embedded by every input.
type dry struct{ DryRun bool }

// IsDryRun implements wire.DryRunner.
func (d dry) IsDryRun() bool { return d.DryRun }

// done is the answer of operations that only say that they worked.
type done struct {
	Return bool `xml:"return"`
}

func ok() (*done, error) { return &done{Return: true}, nil }

// change describes an operation that changes something in an enabled region.
func change[I, O any](name string, b limit, fn func(*wire.Call, *I) (*O, error)) wire.Operation {
	return wire.Op(name, b.bucket(name), inRegion(fn))
}

// look describes an operation that changes nothing.
func look[I, O any](name string, b limit, fn func(*wire.Call, *I) (*O, error)) wire.Operation {
	return wire.Read(name, b.bucket(name), inRegion(fn))
}

func inRegion[I, O any](fn func(*wire.Call, *I) (*O, error)) func(*wire.Call, *I) (*O, error) {
	return func(c *wire.Call, in *I) (*O, error) {
		if err := enter(c); err != nil {
			return nil, err
		}
		return fn(c, in)
	}
}
