package sandbox

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"amiship/sandbox/policy"
	"amiship/sandbox/wire"
)

// Document is an IAM policy of a world: itself, or the name of a file that has it.
type Document struct {
	file   string
	policy policy.Policy
}

// UnmarshalYAML takes both.
func (d *Document) UnmarshalYAML(decode func(any) error) error {
	var value any
	if err := decode(&value); err != nil {
		return err
	}
	if name, ok := value.(string); ok {
		d.file = name
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	d.policy, err = wire.ReadPolicy(text)
	return err
}

// readPolicies reads those that are in files.
func (w World) readPolicies(dir string) error {
	for _, a := range w.Accounts {
		for _, k := range a.Keys {
			if err := readDocuments(k.Policies, dir); err != nil {
				return fmt.Errorf("account %s: %w", a.Name, err)
			}
		}
		for _, r := range a.Roles {
			if err := readDocuments(r.Policies, dir); err != nil {
				return fmt.Errorf("account %s, role %s: %w", a.Name, r.Name, err)
			}
		}
	}
	return nil
}

func readDocuments(all *[]Document, dir string) error {
	if all == nil {
		return nil
	}
	for i := range *all {
		d := &(*all)[i]
		if d.file == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, d.file))
		if err != nil {
			return err
		}
		if d.policy, err = wire.ReadPolicy(text); err != nil {
			return fmt.Errorf("%s: %w", d.file, err)
		}
	}
	return nil
}

// policies are those of an identity; nil: it may do everything.
func policies(all *[]Document) *policy.Set {
	if all == nil {
		return nil
	}
	out := policy.Set{}
	for _, d := range *all {
		out = append(out, d.policy)
	}
	return &out
}
