package marketplace

import (
	"cmp"
	"slices"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
)

// stillThere finds the images that have gone while a change set was applied.
func (m *Marketplace) stillThere(tx *cloud.Tx, s ChangeSet) (problems [][]Problem, bad bool) {
	problems = make([][]Problem, len(s.Changes))
	for i, c := range s.Changes {
		if c.Type != addOptions {
			continue
		}
		if _, problem := ownImage(tx, s.Account, parse[addDetails](c).source().AmiID); problem != nil {
			problems[i], bad = []Problem{*problem}, true
		}
	}
	return problems, bad
}

// applyAll does what the change set says. Each product it touches gets one new
// revision.
func (m *Marketplace) applyAll(tx *cloud.Tx, s ChangeSet, at time.Time) {
	var touched []string
	for _, c := range s.Changes {
		p, _ := products.Get(tx, "", c.Product)
		switch c.Type {
		case addOptions:
			p = add(tx, p, c, at)
			assessedAs(tx, s.ID, p, p.Versions[len(p.Versions)-1].Option.ID)
		case updateOptions:
			p = update(p, c)
		case restrictOptions:
			p = restrict(tx, p, c, at)
		case updateInfo:
			p = inform(p, c)
		}
		if !slices.Contains(touched, p.ID) {
			p.Revision++
			p.Modified = at
			touched = append(touched, p.ID)
		}
		products.Put(tx, "", p.ID, p)
	}
}

// add makes the version, with Marketplace's own images.
func add(tx *cloud.Tx, p Product, c Change, at time.Time) Product {
	d := parse[addDetails](c)
	src := d.source()
	im, _ := ec2.Images.Get(tx, home, src.AmiID)
	v := Version{
		ID: newUUID(), Title: d.Version.VersionTitle, Notes: d.Version.ReleaseNotes, Created: at,
		Source: Source{
			ID: newUUID(), Image: src.AmiID, Arch: im.Arch, System: src.OperatingSystemName,
			SystemVersion: src.OperatingSystemVersion, User: src.UserName, Port: src.port(),
		},
		Option: Option{ID: newUUID(), Visibility: p.Visibility}.amend(d.option()),
	}
	v.Images = publish(tx, p, v, im)
	p.Arch = cmp.Or(p.Arch, im.Arch)
	p.Versions = append(slices.Clone(p.Versions), v)
	return p
}

func publish(tx *cloud.Tx, p Product, v Version, im ec2.Image) map[string]string {
	return ec2.PublishListing(tx, im, ec2.Listing{
		Name: p.Title + " " + v.Title + "-" + p.ID, ProductCode: p.Code, Version: v.ID,
		Description: p.Title + " " + v.Title, From: home, Regions: p.Regions, Buyers: p.Subscribers,
	})
}

func update(p Product, c Change) Product {
	d := parse[updateDetails](c)
	p.Versions = slices.Clone(p.Versions)
	for _, o := range d.DeliveryOptions {
		v := &p.Versions[p.version(o.ID)]
		v.Option = v.Option.amend(o.Details.AMI)
		if d.Version.ReleaseNotes != "" {
			v.Notes = d.Version.ReleaseNotes
		}
	}
	return p
}

// restrict closes versions for new buyers. Those who have subscribed keep
// them; their images are marked deprecated.
func restrict(tx *cloud.Tx, p Product, c Change, at time.Time) Product {
	d := parse[restrictDetails](c)
	p.Versions = slices.Clone(p.Versions)
	for _, id := range d.DeliveryOptionIDs {
		v := &p.Versions[p.version(id)]
		v.Option.Visibility = restricted
		ec2.DeprecateListing(tx, v.Images, at)
	}
	return p
}

func inform(p Product, c Change) Product {
	d := parse[infoDetails](c)
	for at, to := range map[*string]*string{&p.Title: d.ProductTitle, &p.Short: d.ShortDescription, &p.Long: d.LongDescription, &p.Sku: d.Sku, &p.Support: d.SupportDescription} {
		if to != nil {
			*at = *to
		}
	}
	for at, to := range map[*[]string][]string{&p.Highlights: d.Highlights, &p.Keywords: d.SearchKeywords, &p.Categories: d.Categories} {
		if len(to) > 0 {
			*at = to
		}
	}
	return p
}

func newUUID() string {
	b := randomBytes(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return uuid(b)
}
