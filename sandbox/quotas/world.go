package quotas

import (
	"fmt"
	"path"

	"amiship/sandbox/cloud"
)

// World is what a sandbox can be told to begin with.
type World struct {
	// Values are quotas that accounts were given before the world began.
	Values []Given `yaml:"values,omitempty"`
	// Outcomes say how requests end; the first that matches decides.
	Outcomes []Outcome `yaml:"outcomes,omitempty"`
}

// Given is a value that an account has in some regions.
type Given struct {
	Account string   `yaml:"account"` // id
	Regions []string `yaml:"regions"`
	Service string   `yaml:"service"`
	Code    string   `yaml:"code"`
	Value   float64  `yaml:"value"`
}

// Load writes the world into the store.
func Load(tx *cloud.Tx, w World) error {
	for _, g := range w.Values {
		for _, region := range g.Regions {
			if err := Set(tx, g.Account, region, g.Service, g.Code, g.Value); err != nil {
				return fmt.Errorf("quota %s/%s: %w", g.Service, g.Code, err)
			}
		}
	}
	for i, o := range w.Outcomes {
		if err := o.check(); err != nil {
			return fmt.Errorf("quota outcome %d: %w", i+1, err)
		}
		rules.Put(tx, "", fmt.Sprintf("%04d", i), o)
	}
	return nil
}

func (o Outcome) check() error {
	switch o.End {
	case Approve, CaseApprove, CaseRaise, CaseRefuse, Deny, Refuse, Never:
	default:
		return fmt.Errorf("end %q is none of approve, case-approve, case-raise, case-refuse, deny, refuse, never", o.End)
	}
	for _, pattern := range []string{o.Account, o.Region, o.Service, o.Code} {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
	}
	return nil
}
