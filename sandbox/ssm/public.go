package ssm

import (
	"strings"
	"time"

	"amiship/sandbox/wire"
)

// Public is a public parameter: an image that its publisher names in every account.
type Public struct {
	Name, Image string
	At          time.Time
}

// publicPrefix is where public parameters are.
const publicPrefix = "/aws/service/"

// public finds a public parameter. It has one version, and is in no account's list.
func (s *SSM) public(c *wire.Call, name string) (Parameter, bool) {
	if !strings.HasPrefix(name, publicPrefix) {
		return Parameter{}, false
	}
	for _, p := range s.publics(c) {
		if p.Name == name {
			return p, true
		}
	}
	return Parameter{}, false
}

// publics are all of the region.
func (s *SSM) publics(c *wire.Call) []Parameter {
	var out []Parameter
	if s.cfg.Public == nil {
		return nil
	}
	for _, p := range s.cfg.Public(c.Tx, c.Region) {
		out = append(out, Parameter{Name: p.Name, Type: "String", Tier: tierStandard, Versions: []Version{{N: 1, Value: p.Image, DataType: dataImage, At: p.At}}})
	}
	return out
}

// Resolve returns the value of a parameter by its name, with a version or a label: what EC2
// reads for resolve:ssm:.
func (s *SSM) Resolve(c *wire.Call, ref string) (string, error) {
	p, err := s.find(c, ref, false)
	if err != nil {
		return "", err
	}
	return p.Value, nil
}
