package marketplace

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
)

// World is the marketplace section of a world file.
type World struct {
	Products    []WorldProduct    `yaml:"products,omitempty"`
	ChangeSets  []WorldChangeSet  `yaml:"change_sets,omitempty"`
	Outcomes    []Outcome         `yaml:"outcomes,omitempty"`
	Assessments []WorldAssessment `yaml:"assessments,omitempty"`
}

// WorldProduct is an AMI product of an account.
type WorldProduct struct {
	ID           string         `yaml:"id"` // prod- and 13 letters and digits
	Title        string         `yaml:"title"`
	Account      string         `yaml:"account"`                // name or id
	ProductCode  string         `yaml:"product_code,omitempty"` // made up when empty
	Visibility   string         `yaml:"visibility,omitempty"`   // Public when empty
	Architecture string         `yaml:"architecture,omitempty"` // amd64 or arm64; the first version's when empty
	Regions      []string       `yaml:"regions,omitempty"`      // where it is sold; all when empty
	Subscribers  []string       `yaml:"subscribers,omitempty"`  // names or ids
	Description  string         `yaml:"description,omitempty"`
	Versions     []WorldVersion `yaml:"versions,omitempty"` // the oldest first
	Exempt       []string       `yaml:"exempt,omitempty"`   // controls of assessments that its images need not pass
}

var productForm = regexp.MustCompile(`^prod-([a-z0-9]{13}|[a-z0-9]{25})$`)

// Load puts the world into the store; its accounts and images are there already.
func Load(tx *cloud.Tx, w World, set Settings) error {
	var errs []error
	for _, p := range w.Products {
		if err := p.load(tx); err != nil {
			errs = append(errs, fmt.Errorf("marketplace: product %q: %w", p.Title, err))
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	for i, s := range w.ChangeSets {
		if err := s.load(tx, i, set.withDefaults()); err != nil {
			errs = append(errs, fmt.Errorf("marketplace: change set %q: %w", s.Name, err))
		}
	}
	for i, o := range w.Outcomes {
		if err := o.load(tx, i); err != nil {
			errs = append(errs, fmt.Errorf("marketplace: outcome %d: %w", i+1, err))
		}
	}
	for i, a := range w.Assessments {
		if err := a.load(tx, i); err != nil {
			errs = append(errs, fmt.Errorf("marketplace: assessment %d: %w", i+1, err))
		}
	}
	return errors.Join(errs...)
}

func (w WorldProduct) load(tx *cloud.Tx) error {
	if err := w.check(tx); err != nil {
		return err
	}
	p := Product{
		ID: w.ID, Title: w.Title, Code: cmp.Or(w.ProductCode, madeUp(25, w.ID)), Visibility: cmp.Or(w.Visibility, public), Arch: archOf(w.Architecture), Revision: 1,
		Modified: tx.Now, Regions: w.Regions, Short: w.Description, Long: w.Description, Exempt: w.Exempt,
	}
	if len(p.Regions) == 0 {
		p.Regions = ec2.Regions(cloud.PartitionOf(home))
	}
	var err error
	if p.Account, err = ec2.FindAccount(tx, w.Account); err != nil {
		return err
	}
	for _, name := range w.Subscribers {
		id, err := ec2.FindAccount(tx, name)
		if err != nil {
			return err
		}
		p.Subscribers = append(p.Subscribers, id)
	}
	for _, v := range w.Versions {
		if err := v.load(tx, &p); err != nil {
			return fmt.Errorf("version %q: %w", v.Title, err)
		}
	}
	products.Put(tx, "", p.ID, p)
	return nil
}

func (w WorldProduct) check(tx *cloud.Tx) error {
	if !productForm.MatchString(w.ID) {
		return fmt.Errorf("the id %q is not prod- and 13 or 25 small letters and digits", w.ID)
	}
	if _, taken := products.Get(tx, "", w.ID); taken {
		return fmt.Errorf("there are two products %s", w.ID)
	}
	if w.Title == "" {
		return errors.New("it has no title")
	}
	for _, r := range w.Regions {
		if !ec2.KnownRegion(r) {
			return fmt.Errorf("%q is no region", r)
		}
	}
	if w.Architecture != "" && archOf(w.Architecture) == "" {
		return fmt.Errorf("architecture %q: there are amd64 and arm64", w.Architecture)
	}
	return checkVisibility(w.Visibility)
}

func checkVisibility(v string) error {
	switch v {
	case "", public, limited, restricted, draft:
		return nil
	}
	return fmt.Errorf("visibility %q: there are %s, %s, %s and %s", v, public, limited, restricted, draft)
}

// archOf spells an architecture as AWS does.
func archOf(arch string) string {
	return map[string]string{"amd64": "x86_64", "x86_64": "x86_64", "arm64": "arm64"}[arch]
}

// imageNamed finds the account's image that a world names.
func imageNamed(tx *cloud.Tx, account, name string) (ec2.Image, error) {
	im, found := ec2.FindImageByName(tx, home, account, name)
	if !found {
		return im, fmt.Errorf("account %s has no image %q in %s", account, name, home)
	}
	return im, nil
}
