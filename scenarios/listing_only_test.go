package scenarios

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAPatchOfAnOlderSeries is released, and kept off a listing that shows the
// latest: it stays off when the newer one is only under way.
func TestAPatchOfAnOlderSeries(t *testing.T) {
	t.Parallel()
	for only, sets := range map[string]int{"latest-stable": 0, "all": 1} {
		t.Run(only, func(t *testing.T) {
			t.Parallel()
			m := newMarket(t, goods{listing: "    only: " + only + "\n"})
			m.serves(t, "2.42.0", "2.41.9")
			m.mustEnd(t, 75)
			code, out := ends(t, m.command(t, true, "release", "v2.41.9", "--poll", "200ms", "--wait", "2s"))
			skipped := strings.Contains(out, "2.42.0 is newer, and the listing shows the latest")
			if want := 75 * sets; code != want || skipped == (sets == 1) {
				t.Fatalf("exit %d, want %d\n%s", code, want, out)
			}
			for range 2 {
				m.advance(t, 26*time.Hour+time.Minute)
				m.carryOn(t)
			}
			if code, out := m.carryOn(t); code != 0 {
				t.Errorf("two days later: exit %d\n%s", code, out)
			}
			m.soldOnce(t, premiumProduct, premiumTitle, 1+sets)
			if got := m.sold(t).titled(premiumProduct, "Prometheus Premium 2.41.9"); len(got) != sets {
				t.Errorf("the patch is listed as %+v, want %d versions", got, sets)
			}
		})
	}
}

// serves has the bundle take its packages from a server, one for each version.
func (m *market) serves(t *testing.T, versions ...string) {
	t.Helper()
	servesVersions(t, m.file(), versions...)
}

// servesVersions is serves for any bundle.
func servesVersions(t *testing.T, file string, versions ...string) {
	t.Helper()
	debs := t.TempDir()
	for _, v := range versions {
		servedDeb(t, filepath.Join(debs, v+".deb"), v, "amd64")
	}
	server := httptest.NewServer(http.FileServer(http.Dir(debs)))
	t.Cleanup(server.Close)
	packageFrom(t, file, `{url: "`+server.URL+`/{version}.deb", sha256: {url: "{url}.sha256"}}`)
}
