package marketplace

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
)

// World is the marketplace section of a world file.
type World struct {
	Products   []WorldProduct   `yaml:"products,omitempty"`
	ChangeSets []WorldChangeSet `yaml:"change_sets,omitempty"`
	Outcomes   []Outcome        `yaml:"outcomes,omitempty"`
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
}

// WorldVersion is a version of a product, or Count of them.
type WorldVersion struct {
	Title      string  `yaml:"title"` // with Count, {n} or .n at the end is the number
	Count      int     `yaml:"count,omitempty"`
	Created    ec2.Age `yaml:"created,omitempty"`    // how long ago
	Every      ec2.Age `yaml:"every,omitempty"`      // how much later each of Count is
	Visibility string  `yaml:"visibility,omitempty"` // the product's when empty
	// Image is the name of an image of the account in us-east-1. Without it
	// the version has the id of an image that is long gone, and none for buyers.
	Image        string `yaml:"image,omitempty"`
	ReleaseNotes string `yaml:"release_notes,omitempty"`
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
	return errors.Join(errs...)
}

func (w WorldProduct) load(tx *cloud.Tx) error {
	if err := w.check(tx); err != nil {
		return err
	}
	p := Product{
		ID: w.ID, Title: w.Title, Code: w.ProductCode, Visibility: w.Visibility, Arch: archOf(w.Architecture), Revision: 1,
		Modified: tx.Now, Regions: w.Regions, Short: w.Description, Long: w.Description,
	}
	orElse(&p.Code, madeUp(25, w.ID))
	orElse(&p.Visibility, public)
	if len(p.Regions) == 0 {
		p.Regions = ec2.Regions()
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

func (w WorldVersion) load(tx *cloud.Tx, p *Product) error {
	if w.Title == "" {
		return errors.New("it has no title")
	}
	if err := checkVisibility(w.Visibility); err != nil {
		return err
	}
	for n := range max(1, w.Count) {
		age := time.Duration(w.Created) - time.Duration(n)*time.Duration(w.Every)
		v, err := w.version(tx, *p, w.numbered(n+1), tx.Now.Add(-age).Truncate(time.Second))
		if err != nil {
			return err
		}
		orElse(&p.Arch, v.Source.Arch)
		p.Versions = append(p.Versions, v)
		p.Revision, p.Modified = p.Revision+1, v.Created
	}
	return nil
}

func (w WorldVersion) numbered(n int) string {
	switch {
	case strings.Contains(w.Title, "{n}"):
		return strings.ReplaceAll(w.Title, "{n}", fmt.Sprint(n))
	case w.Count > 1:
		return fmt.Sprintf("%s.%d", w.Title, n)
	}
	return w.Title
}

// version makes one version. Ids follow from the product and the title: the
// same world is the same in every run.
func (w WorldVersion) version(tx *cloud.Tx, p Product, title string, created time.Time) (Version, error) {
	v := Version{
		ID: madeUpUUID("version", p.ID, title), Title: title, Notes: w.ReleaseNotes, Created: created,
		Source: Source{
			ID: madeUpUUID("source", p.ID, title), Image: madeUpImage(p.ID, title), Arch: p.Arch,
			System: "UBUNTU", SystemVersion: "22.04", User: "ubuntu", Port: 22,
		},
		Option: Option{
			ID: madeUpUUID("option", p.ID, title), Usage: "Start it and log in with SSH.", Visibility: w.Visibility,
			Groups: []SecurityGroup{{"tcp", 22, 22, []string{"0.0.0.0/0"}}},
		},
	}
	orElse(&v.Option.Visibility, p.Visibility)
	orElse(&v.Notes, "Version "+title+".")
	if w.Image != "" {
		im, found := ec2.FindImageByName(tx, home, p.Account, w.Image)
		if !found {
			return v, fmt.Errorf("account %s has no image %q in %s", p.Account, w.Image, home)
		}
		v.Source.Image, v.Source.Arch = im.ID, im.Arch
		v.Images = publish(tx, p, v, im)
	}
	orElse(&v.Source.Arch, "x86_64")
	v.Option.InstanceType = map[string]string{"x86_64": "m5.large", "arm64": "m6g.large"}[v.Source.Arch]
	if v.Option.Visibility == restricted {
		ec2.DeprecateListing(tx, v.Images, created)
	}
	return v, nil
}
