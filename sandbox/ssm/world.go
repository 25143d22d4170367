package ssm

import (
	"fmt"

	"amiship/sandbox/cloud"
)

// Given is a parameter that an account has from the beginning in some regions.
type Given struct {
	Account string            `yaml:"account"` // id
	Regions []string          `yaml:"regions"`
	Name    string            `yaml:"name"`
	Type    string            `yaml:"type,omitempty"` // String when empty
	Value   string            `yaml:"value"`
	Tags    map[string]string `yaml:"tags,omitempty"`
}

// Load writes the parameters into the store.
func Load(tx *cloud.Tx, all []Given) error {
	for _, g := range all {
		if err := checkName(g.Name); err != nil {
			return fmt.Errorf("parameter %s: %w", g.Name, err)
		}
		if g.Type == "" {
			g.Type = "String"
		}
		for _, region := range g.Regions {
			parameters.Put(tx, region, key(g.Account, g.Name), Parameter{
				Account: g.Account, Name: g.Name, Type: g.Type, Tier: tierStandard, Tags: g.Tags,
				Versions: []Version{{N: 1, Value: g.Value, DataType: dataText, At: tx.Now, By: cloud.PartitionOf(region).ARN("iam", "", g.Account, "root")}},
			})
		}
	}
	return nil
}
