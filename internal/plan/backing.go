package plan

import (
	"slices"

	"amiship/internal/marketplace"
	"amiship/internal/release"
)

// backing finds the AMI behind a listing: in Marketplace's region, once the gate
// is open. If the product belongs to another account, a copy of it there.
func (b *builder) backing(l *listing) {
	l.home = &place{Target: release.Target{Region: marketplace.Region, Required: true}, account: l.Account}
	v, p := b.variantAt(l.Image, l.Arch, marketplace.Region)
	if v == nil || p == nil {
		return // the catalog refuses this
	}
	if l.Account == "" {
		l.home = p
	} else {
		l.home = b.abroad(l, v, p)
	}
	if b.open() && l.home.prepared() && p.prepared() {
		l.ami = l.home.image
	}
}

func (b *builder) variantAt(image, arch, region string) (*variant, *place) {
	for _, v := range b.variants {
		if v.Image != image || v.Arch != arch {
			continue
		}
		for _, p := range v.places {
			if p.Region == region {
				return v, p
			}
		}
	}
	return nil, nil
}

// abroad brings the AMI to the account that a listing belongs to: a copy, made
// there, of the one that is shared with it. Listings of one account have it in
// common.
func (b *builder) abroad(l *listing, v *variant, p *place) *place {
	there := &place{Target: p.Target, account: l.Account, share: Step{State: Done}}
	for _, other := range v.abroad {
		if other.account == there.account {
			return other
		}
	}
	v.abroad = append(v.abroad, there)
	need(b, there.query(), b.own(there))
	b.find(v, there)
	from := *v // seen from there, this is the source
	from.source, from.origin, from.prior = nil, nil, []ID{Gate}
	if b.open() && p.prepared() {
		from.source, from.origin = &Source{Region: p.Region, AMI: p.image.ID}, p.image
	}
	b.copyStep(&from, there)
	b.imdsStep(&from, there)
	return there
}

// newerListed names what is newer than this release: another version of the
// listing, or another release of the image.
func (b *builder) newerListed(l *listing) string {
	versions := b.titles(l)
	if v, p := b.variantAt(l.Image, l.Arch, marketplace.Region); p != nil {
		versions = append(versions, b.released(v, p.Region)...)
	}
	versions = slices.DeleteFunc(versions, func(text string) bool {
		v, err := release.ParseVersion(text)
		return err != nil || v.Prerelease()
	})
	return b.above(versions)
}

// titles are the versions that the titles of a listing's offered versions name.
func (b *builder) titles(l *listing) []string {
	var out []string
	for _, v := range l.facts.Entity.Val.Versions {
		if version, err := l.title(v.Title); err == nil && v.Offered() {
			out = append(out, version.Text)
		}
	}
	return out
}
