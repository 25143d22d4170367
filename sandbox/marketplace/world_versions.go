package marketplace

import (
	"cmp"
	"errors"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
)

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

func (w WorldVersion) load(tx *cloud.Tx, p *Product) error {
	if w.Title == "" {
		return errors.New("it has no title")
	}
	if err := checkVisibility(w.Visibility); err != nil {
		return err
	}
	for n, title := range ec2.Numbered(w.Title, ".", w.Count) {
		age := time.Duration(w.Created) - time.Duration(n)*time.Duration(w.Every)
		v, err := w.version(tx, *p, title, tx.Now.Add(-age).Truncate(time.Second))
		if err != nil {
			return err
		}
		p.Arch = cmp.Or(p.Arch, v.Source.Arch)
		p.Versions = append(p.Versions, v)
		p.Revision, p.Modified = p.Revision+1, v.Created
	}
	return nil
}

// version makes one version. Ids follow from the product and the title: the
// same world is the same in every run.
func (w WorldVersion) version(tx *cloud.Tx, p Product, title string, created time.Time) (Version, error) {
	v := Version{
		ID: madeUpUUID("version", p.ID, title), Title: title, Notes: cmp.Or(w.ReleaseNotes, "Version "+title+"."), Created: created,
		Source: Source{
			ID: madeUpUUID("source", p.ID, title), Image: madeUpImage(p.ID, title), Arch: p.Arch,
			System: "UBUNTU", SystemVersion: "22.04", User: "ubuntu", Port: 22,
		},
		Option: Option{
			ID: madeUpUUID("option", p.ID, title), Usage: "Start it and log in with SSH.", Visibility: cmp.Or(w.Visibility, p.Visibility),
			Groups: []SecurityGroup{{"tcp", 22, 22, []string{"0.0.0.0/0"}}},
		},
	}
	if w.Image != "" {
		im, err := imageNamed(tx, p.Account, w.Image)
		if err != nil {
			return v, err
		}
		v.Source.Image, v.Source.Arch = im.ID, im.Arch
		v.Images = publish(tx, p, v, im)
	}
	v.Source.Arch = cmp.Or(v.Source.Arch, "x86_64")
	v.Option.InstanceType = map[string]string{"x86_64": "m5.large", "arm64": "m6g.large"}[v.Source.Arch]
	if v.Option.Visibility == restricted {
		ec2.DeprecateListing(tx, v.Images, created)
	}
	return v, nil
}
