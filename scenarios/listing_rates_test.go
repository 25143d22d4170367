package scenarios

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sixtyProducts are a world and a bundle.
func sixtyProducts(t *testing.T) (world, bundle string) {
	t.Helper()
	bundle = filepath.Dir(listedBundle(t, ""))
	var products, listings strings.Builder
	for n := range 60 {
		id := fmt.Sprintf("prod-premium%06d", n)
		fmt.Fprintf(&products, "    - {id: %s, title: Premium %d, account: vendor, architecture: amd64}\n", id, n)
		listings.WriteString(listingOf(fmt.Sprintf("also-%d", n), id, fmt.Sprintf("Premium %d {version}", n), ""))
	}
	replaceIn(t, filepath.Join(bundle, "amiship.yaml"), "\nlistings:\n", "\nlistings:\n"+listings.String())
	return marketAccounts + marketProducts + products.String() + "settings: {marketplace: {" + aDay + "}}\n", bundle
}

// TestSixtyListings: AWS's rates hold for all of them together. A release of sixty
// and one listings hands them all in, is refused no call, and sees all sold.
func TestSixtyListings(t *testing.T) {
	t.Parallel()
	world, bundle := sixtyProducts(t)
	m := &market{box: worldBox(t, world, "--throttle"), bundle: bundle}
	m.mustEnd(t, 0, "--until", "shared")
	out := m.mustEnd(t, 75, "--wait", "0s")
	if strings.Contains(out, "FAILED") {
		t.Errorf("something failed:\n%s", out)
	}
	if n := len(m.sold(t).sets); n != 61 {
		t.Errorf("%d change sets, want 61", n)
	}
	m.advance(t, 26*time.Hour+time.Minute) // which fills AWS's buckets
	before := len(m.calls(t, 0))
	if code, out := m.carryOn(t); code != 0 {
		t.Fatalf("a day later: exit %d\n%s", code, out)
	}
	s := m.sold(t)
	for n := range 60 {
		if v := s.titled(fmt.Sprintf("prod-premium%06d", n), fmt.Sprintf("Premium %d 2.42.0", n)); len(v) != 1 {
			t.Errorf("product %d has %+v", n, v)
		}
	}
	m.soldOnce(t, premiumProduct, premiumTitle, 1)
	// The second run began with what the first had left of them. Each listing's assessments
	// are read once.
	all, allRefused := m.refused(t, 0)
	last, lastRefused := m.refused(t, before)
	if all > 1300 || allRefused > 10 || last > 250+61 || lastRefused > 3 {
		t.Errorf("%d calls of the Catalog API, %d refused; %d and %d of them in the last run", all, allRefused, last, lastRefused)
	}
	t.Logf("%d calls of the Catalog API, %d refused; %d and %d of them in the last run", all, allRefused, last, lastRefused)
}

// refused counts the calls of the Catalog API, and those that were refused.
func (m *market) refused(t *testing.T, after int) (calls, refused int) {
	t.Helper()
	for _, c := range m.calls(t, after) {
		if !strings.Contains(strings.ToLower(c.Service), "marketplace") {
			continue
		}
		if calls++; c.Status >= 400 {
			refused++
		}
	}
	return calls, refused
}
