package scenarios

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The products of a market.
const (
	premiumProduct = "prod-premium123456"
	plusProduct    = "prod-plus123456789"
	premiumTitle   = "Prometheus Premium 2.42.0"
)

// marketAccounts are a vendor whose role Marketplace reads AMIs by, and a buyer.
const marketAccounts = `accounts:
  - {name: vendor, id: "123456789012", roles: [{name: ingestion, trust: [assets.marketplace.amazonaws.com]}]}
  - {name: buyer, id: "555566667777"}
ec2: [{account: vendor, region: us-east-1, images: [{name: Old, created: 31d}]}]
`

// marketProducts are two products of the vendor with some history.
const marketProducts = `marketplace:
  products:
    - id: prod-premium123456
      title: Prometheus Premium
      account: vendor
      architecture: amd64
      subscribers: [buyer]
      versions:
        - {title: "Prometheus Premium 2.40.0", created: 60d, visibility: Restricted}
        - {title: "Prometheus Premium 2.41.0", created: 30d}
    - id: prod-plus123456789
      title: Prometheus Plus
      account: vendor
      architecture: amd64
      versions: [{title: "Prometheus Plus 2.41.0", created: 30d}]
`

// aDay has Marketplace work on a change set for 20 and then for 6 hours. The
// sandboxes of these tests are a thousand times faster than AWS, but only
// `sandbox advance` is to pass these.
const aDay = "preparing: 20000h, applying: 6000h"

// market is a sandbox with products, and a bundle whose releases are listed. Each
// run of it is on a machine of its own: in an empty directory with the bundle
// alone in it.
type market struct {
	*box
	bundle string // directory
	via    string // what stands before the sandbox; empty: nothing
}

// goods is what a market has beside its two products.
type goods struct {
	world   string // lines of the world's marketplace section
	market  string // settings of the Marketplace, beside the day that it takes: "locks: fine"
	ec2     string // settings of EC2
	listing string // lines of the listing premium
}

// newMarket starts one.
func newMarket(t *testing.T, g goods) *market {
	t.Helper()
	text := marketAccounts + marketProducts + g.world + "settings:\n  marketplace: {" + aDay + ", " + g.market + "}\n  ec2: {" + g.ec2 + "}\n"
	return &market{box: worldBox(t, text), bundle: filepath.Dir(listedBundle(t, g.listing))}
}

// stocked starts a market, and brings the release to where only the listing is
// missing.
func stocked(t *testing.T, g goods) *market {
	t.Helper()
	m := newMarket(t, g)
	m.mustEnd(t, 0, "--until", "shared")
	m.end(t)
	return m
}

// again is a market that goes on from where one stands that has ended.
func (m *market) again(t *testing.T) *market {
	t.Helper()
	return &market{box: killWorld(t, m.state), bundle: m.bundle}
}

// listedBundle is the example with a private image in two regions, which has a
// license, and one listing of it.
func listedBundle(t *testing.T, more string) (file string) {
	t.Helper()
	file = instantBundle(t)
	writeFile(t, file, regionsLine.ReplaceAllString(readFile(t, file), "  required: [us-east-1, eu-west-1]"))
	cutAt(t, file, "\nimages:\n")
	if !strings.Contains(readFile(t, file), "[us-east-1, eu-west-1]") {
		t.Fatal("the example has changed: adapt this test")
	}
	appendTo(t, file, `
images:
  premium:
    arch: [amd64]
    name: "Prometheus {version} Premium"
    share: ["679593333241"]
    license: {env: PREMIUM_LICENSE}
    checks: [{run: "true"}]

listings:
`+listingOf("premium", premiumProduct, "Prometheus Premium {version}", more))
	return file
}

// listingOf is a listing of the premium image, with more lines.
func listingOf(name, product, title, more string) string {
	return fmt.Sprintf(`  %s:
    product: %s
    image: premium
    title: %q
    release_notes: What is new.
    usage_instructions: Open port 9090.
    access_role_arn: arn:aws:iam::123456789012:role/ingestion
    operating_system: {name: DEBIAN, version: "12"}
    recommended_instance_type: m7i.large
    security_groups: [{protocol: tcp, from_port: 9090, ip_ranges: ["0.0.0.0/0"]}]
%s`, name, product, title, more)
}

// file is the catalog.
func (m *market) file() string { return filepath.Join(m.bundle, "amiship.yaml") }

// alsoListed adds a listing to the bundle, of the same image.
func (m *market) alsoListed(t *testing.T, listing string) {
	t.Helper()
	replaceIn(t, m.file(), "\nlistings:\n", "\nlistings:\n"+listing)
}

// command is a run on a machine of its own. With secrets, it can build.
func (m *market) command(t *testing.T, secrets bool, args ...string) *exec.Cmd {
	t.Helper()
	home := t.TempDir()
	dir := filepath.Join(home, "repository")
	if err := os.CopyFS(dir, os.DirFS(m.bundle)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, append(m.env(t, "vendor", m.via), "HOME="+home, "XDG_CACHE_HOME="+home)
	if secrets {
		cmd.Env = append(cmd.Env, "PREMIUM_LICENSE=a license")
		return cmd
	}
	if err := os.Remove(filepath.Join(dir, "prometheus.deb")); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// release is the release of the one tag, built where nothing was built.
func (m *market) release(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	return ends(t, m.command(t, true, append([]string{"release", "v2.42.0", "--poll", "200ms", "--wait", "3s"}, args...)...))
}

// carryOn is what a schedule does a while later: it has no secrets.
func (m *market) carryOn(t *testing.T) (code int, out string) {
	t.Helper()
	return ends(t, m.command(t, false, "release", "--all-open"))
}

// mustEnd is release, and wants its exit code.
func (m *market) mustEnd(t *testing.T, want int, args ...string) (out string) {
	t.Helper()
	code, out := m.release(t, args...)
	if code != want {
		t.Fatalf("amiship release v2.42.0 %s: exit %d, want %d\n%s", strings.Join(args, " "), code, want, out)
	}
	return out
}

// begin brings the release to where it waits for Marketplace, in two runs of which
// none stays to wait: it is faster so.
func (m *market) begin(t *testing.T) (out string) {
	t.Helper()
	m.mustEnd(t, 0, "--until", "shared")
	return m.mustEnd(t, 75, "--wait", "0s")
}
