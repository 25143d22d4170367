package catalog

import (
	"os"
	"path/filepath"
	"reflect"

	"github.com/goccy/go-yaml/ast"
)

// Fleet is a fleet file: the catalogs of several projects, and with whose credentials AWS is
// read for each.
type Fleet struct {
	Accounts map[string]Account `yaml:"accounts"` // by a name of the file's own
	Defaults FleetDefaults      `yaml:"defaults"`
	Catalogs []FleetCatalog     `yaml:"catalogs" required:"true"`
}

// Account is whose credentials AWS is read with: a profile's, or the environment's; and a
// role that is assumed with them.
type Account struct {
	Profile    string `yaml:"profile"`
	Role       string `yaml:"role"`        // ARN
	ExternalID string `yaml:"external_id"` // that the role's trust policy asks for
}

// FleetDefaults are those of a fleet's catalogs. What catalogs share themselves is in a file
// that they extend.
type FleetDefaults struct {
	Account string `yaml:"account"` // of catalogs that name none
}

// FleetCatalog is one of a fleet.
type FleetCatalog struct {
	File    string `yaml:"file" required:"true"` // seen from the fleet file's directory
	Account string `yaml:"account"`
}

// setScalar: a catalog can be written as its file alone.
func (c *FleetCatalog) setScalar(text string) { c.File = text }

// LoadFleet reads a fleet file; the paths of its catalogs become those from the current
// directory. An error of type *Problems holds everything that is wrong with it; the catalogs
// are not read.
func LoadFleet(path string) (*Fleet, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name := filepath.Base(path)
	f, d := &Fleet{}, &decoder{places: map[string]place{}, mappings: map[string]bool{}, file: name, anchors: map[string]ast.Node{}, inherited: map[string]bool{}}
	if body := d.parse(text); body != nil {
		v := reflect.ValueOf(f).Elem()
		d.value(body, v, "", "")
		d.missing(v, "")
	}
	f.check(d)
	if err := problemsError(name, d.problems); err != nil {
		return nil, err
	}
	for i, c := range f.Catalogs {
		if !filepath.IsAbs(c.File) {
			f.Catalogs[i].File = filepath.Join(filepath.Dir(path), c.File)
		}
	}
	return f, nil
}

func (f *Fleet) check(d *decoder) {
	known := sortedKeys(f.Accounts)
	account := func(field, name string) {
		_, ok := f.Accounts[name]
		switch {
		case name == "" || ok:
		case len(known) == 0:
			d.add(field, "no account %s: there is no section accounts", name)
		default:
			d.add(field, "no account %s; there is %s", name, oneOf(known))
		}
	}
	account("defaults.account", f.Defaults.Account)
	for _, name := range known {
		if a := f.Accounts[name]; a.ExternalID != "" && a.Role == "" {
			d.add(join("accounts", name)+".external_id", "is for a role, and there is none")
		}
	}
	for i, c := range f.Catalogs {
		account(item("catalogs", i)+".account", c.Account)
	}
}

// Of is whose credentials a catalog is read with.
func (f *Fleet) Of(c FleetCatalog) Account {
	if c.Account == "" {
		c.Account = f.Defaults.Account
	}
	return f.Accounts[c.Account]
}
