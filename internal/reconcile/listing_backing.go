package reconcile

import (
	"slices"

	"amiship/internal/marketplace"
	"amiship/internal/plan"
	"amiship/internal/release"
)

// back finds the AMI behind a listing: in Marketplace's region, once the gate
// is open. If the product belongs to another account, a copy of it there.
func (x listings) back(l *listing) {
	l.home = &place{Target: release.Target{Region: marketplace.Region, Required: true}, account: l.Account}
	v, p := x.variantAt(l.Image, l.Arch, marketplace.Region)
	if v == nil || p == nil {
		return // the catalog refuses this
	}
	l.build, l.candidate = v.Build.Region, v.candidate
	if l.Account == "" {
		l.home = p
	} else {
		l.home = x.sellerCopy(l.Account, v, p)
	}
	if p.before(x.open) == nil && l.home.prepared() {
		l.ami = l.home.image
	}
}

func (x listings) variantAt(image, arch, region string) (*variant, *place) {
	for _, v := range x.variants {
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

// sellerCopy brings the AMI to the account that a listing belongs to: a copy, made
// there, of the one that is shared with it. Listings of one account have it in
// common.
func (x listings) sellerCopy(account string, v *variant, p *place) *place {
	key := v.Key(p.Region)
	key.Account = account
	if there := x.sellers[key]; there != nil {
		return there
	}
	there := survey{x.facts}.place(v.Variant, p.Target, account)
	there.share.State = plan.Done
	x.sellers[key] = there
	need(x.findings, x.query(there.at()), x.images(there.at()))
	from := *v // seen from there, this is the source
	from.source, from.origin, from.prior = nil, nil, p.before(x.open)
	if from.prior == nil {
		from.source, from.origin = &plan.Source{Region: p.Region, AMI: p.image.ID}, v.originOf(*p.image)
	}
	x.copies.copy(&from, there)
	x.copies.requireIMDS(&from, there)
	return there
}

// newerListed names what is newer than this release: another version of the
// listing, or another release of the image.
func (x listings) newerListed(l *listing) string {
	versions := l.titles()
	if v, p := x.variantAt(l.Image, l.Arch, marketplace.Region); p != nil {
		versions = append(versions, x.released(v, p.Region)...)
	}
	versions = slices.DeleteFunc(versions, func(text string) bool {
		v, err := release.ParseVersion(text)
		return err != nil || v.Prerelease()
	})
	return x.newestAbove(versions)
}

// titles are the versions that the titles of a listing's offered versions name.
func (l *listing) titles() []string {
	var out []string
	for _, v := range l.state.Entity.Val.Versions {
		if version, err := l.title(v.Title); err == nil && v.Offered() {
			out = append(out, version.Text)
		}
	}
	return out
}
