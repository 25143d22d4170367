// Package ssm is the sandbox's Parameter Store. Parameters belong to one account
// in one region; no other account sees them.
//
// PutParameter of data type aws:ec2:image answers before AWS has checked that
// the image exists. Until then the version is not readable; if the image does
// not exist, a first version vanishes without an error.
package ssm

import (
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Config is what a Parameter Store needs.
type Config struct {
	Store *cloud.Store
	// ImageExists says whether the account may use the image in the region.
	ImageExists func(tx *cloud.Tx, account, region, image string) bool
	// Public are the public parameters of a region; nil: there are none.
	Public func(tx *cloud.Tx, region string) []Public
	// ImageCheck is how long AWS takes to check an image; five seconds when
	// zero. Not documented [?].
	ImageCheck time.Duration
}

// SSM holds the handlers.
type SSM struct{ cfg Config }

// New does no I/O.
func New(cfg Config) *SSM {
	if cfg.ImageCheck == 0 {
		cfg.ImageCheck = 5 * time.Second
	}
	return &SSM{cfg}
}

// Parameter is a name with its versions, the oldest first.
type Parameter struct {
	Account, Name, Type, KeyID, Tier string
	Versions                         []Version
	Tags                             map[string]string `json:",omitempty"`
}

// Version is a value that the parameter has or had.
type Version struct {
	N              int
	Value          string
	Description    string `json:",omitempty"`
	AllowedPattern string `json:",omitempty"`
	DataType       string
	At             time.Time
	By             string
	Labels         []string `json:",omitempty"` // sorted
	// Check is when the image will have been checked; zero: it was found, or
	// there is nothing to check.
	Check time.Time `json:",omitzero"`
	// Found says that the image was there when the version was put.
	Found bool `json:",omitempty"`
}

// parameters by region; account and name.
var parameters = cloud.NewTable[Parameter]("ssm.parameters")

// key is the same for name and /name, which are one parameter.
func key(account, name string) string {
	if strings.Count(name, "/") == 1 {
		name = strings.TrimPrefix(name, "/")
	}
	return account + " " + name
}

// rooted is a name as its ARN has it.
func rooted(name string) string {
	if strings.HasPrefix(name, "/") {
		return name
	}
	return "/" + name
}

// Service is the table of operations.
func (s *SSM) Service() wire.Service {
	return wire.Service{
		Name:     "ssm",
		Protocol: wire.JSON11{TargetPrefix: "AmazonSSM"},
		Asks:     asks,
		Operations: []wire.Operation{
			wire.Op("PutParameter", writing, s.put),
			wire.Read("GetParameter", reading, s.get),
			wire.Read("GetParameters", reading, s.getMany),
			wire.Read("GetParametersByPath", reading, s.getByPath),
			wire.Read("GetParameterHistory", reading, s.history),
			wire.Read("DescribeParameters", describing, s.describe),
			wire.Op("LabelParameterVersion", writing, s.label),
			wire.Op("UnlabelParameterVersion", writing, s.unlabel),
			wire.Op("DeleteParameter", writing, s.remove),
			wire.Op("DeleteParameters", writing, s.removeMany),
			wire.Op("AddTagsToResource", writing, s.tag),
			wire.Op("RemoveTagsFromResource", writing, s.untag),
			wire.Read("ListTagsForResource", reading, s.listTags),
		},
	}
}

// Parameter Store's default throughput: 40 reads a second; the others are
// what clients report, not documented [?].
var (
	reading    = wire.Bucket{Name: "get", Max: 40, Refill: 40}
	writing    = wire.Bucket{Name: "put", Max: 10, Refill: 3}
	describing = wire.Bucket{Name: "describe", Max: 10, Refill: 5}
)

// lookup returns the parameter with the versions that are readable now. If a
// check of an image has become due, its result is stored after the call.
func (s *SSM) lookup(c *wire.Call, name string) (Parameter, bool) {
	p, ok := parameters.Get(c.Tx, c.Region, key(c.Account.ID, name))
	if !ok {
		return p, false
	}
	return s.readable(c, p)
}

// stored is a parameter with what is not readable yet.
func (s *SSM) stored(c *wire.Call, name string) Parameter {
	p, _ := parameters.Get(c.Tx, c.Region, key(c.Account.ID, name))
	return p
}

// keep stores a parameter that is there already.
func (s *SSM) keep(c *wire.Call, p Parameter) {
	parameters.Put(c.Tx, c.Region, key(p.Account, p.Name), p)
}

func (s *SSM) readable(c *wire.Call, p Parameter) (Parameter, bool) {
	seen, changed := s.settle(c.Tx, c.Region, p)
	if changed {
		region, id := c.Region, key(p.Account, p.Name)
		c.Finally(func() { s.store(region, id) })
	}
	p = seen
	p.Versions = nil
	for _, v := range seen.Versions {
		if v.Check.IsZero() {
			p.Versions = append(p.Versions, v)
		}
	}
	return p, len(p.Versions) > 0
}

// Naming are the ARNs of an account's parameters whose newest version is an image, by its data
// type.
func Naming(tx *cloud.Tx, account, region, image string) []string {
	var out []string
	for _, p := range parameters.All(tx, region) {
		if p.Account == account && p.newest().DataType == dataImage && p.newest().Value == image {
			out = append(out, p.arn(region))
		}
	}
	return out
}

// settle checks the images whose check is due: a version is accepted or
// dropped.
func (s *SSM) settle(tx *cloud.Tx, region string, p Parameter) (Parameter, bool) {
	var kept []Version
	changed := false
	for _, v := range p.Versions {
		if !v.Check.IsZero() && !tx.Now.Before(v.Check) {
			changed = true
			if !v.Found && !s.cfg.ImageExists(tx, p.Account, region, v.Value) {
				continue
			}
			v.Check, v.Found = time.Time{}, false
		}
		kept = append(kept, v)
	}
	p.Versions = kept
	return p, changed
}

// store keeps what settle finds. It fails only with the journal, and then the
// next read finds the same.
func (s *SSM) store(region, id string) {
	_ = s.cfg.Store.Update(func(tx *cloud.Tx) error {
		p, ok := parameters.Get(tx, region, id)
		if !ok {
			return nil
		}
		p, changed := s.settle(tx, region, p)
		switch {
		case len(p.Versions) == 0:
			parameters.Delete(tx, region, id)
		case changed:
			parameters.Put(tx, region, id, p)
		}
		return nil
	})
}

func (p Parameter) newest() Version { return p.Versions[len(p.Versions)-1] }

// ARN names the parameter.
func (p Parameter) arn(region string) string {
	return cloud.PartitionOf(region).ParameterARN(region, p.Account, p.Name)
}
