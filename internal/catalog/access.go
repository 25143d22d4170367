package catalog

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"

	"amiship/internal/release"
)

// checkAccess checks which ranges may connect to instances, and the source of this
// machine's address.
func (b *Bundle) checkAccess() {
	from, field := b.Catalog.Build.AccessFrom, "build.access_from"
	for i, text := range from {
		at := field
		if len(from) > 1 {
			at = fmt.Sprintf("%s[%d]", field, i)
		}
		if slices.Contains([]string{release.AccessAuto, release.AccessVPC}, text) {
			if len(from) > 1 {
				b.places.add(at, "%s must be the only entry, or leave it out", text)
			}
			continue
		}
		prefix, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
			b.places.add(at, "%q is neither a range of addresses, as 203.0.113.0/24 is one, nor vpc or auto", text)
		case prefix != prefix.Masked():
			b.places.add(at, "%s has address bits beyond its length; the range is %s", text, prefix.Masked())
		}
	}
	if u, err := url.Parse(b.Catalog.Build.AddressURL); err != nil || u.Scheme != "https" || u.Host == "" {
		b.places.add("build.address_url", "%q is no https address: another could answer in its place", b.Catalog.Build.AddressURL)
	}
}
