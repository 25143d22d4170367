package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// version and tag are of the one release that is measured.
const (
	version = "2.42.0"
	tag     = "v" + version
)

// The accounts of the benches. The vendor is a default account of the sandbox.
const (
	vendor = "123456789012"
	reader = "679593333241" // which Marketplace copies AMIs from
	other  = "444455556666"
)

// regions34 are all of the commercial partition; the first is where builds run, the
// first nineteen are what the first customer releases to.
func regions34() []string {
	return strings.Fields(`us-east-1 us-east-2 us-west-1 us-west-2 ap-east-1 ap-northeast-1 ap-northeast-2
	ap-northeast-3 ap-south-1 ap-southeast-1 ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-south-1
	eu-west-1 eu-west-2 eu-west-3 sa-east-1
	af-south-1 ap-east-2 ap-south-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7
	ca-west-1 eu-central-2 eu-south-2 il-central-1 me-central-1 me-south-1 mx-central-1`)
}

func nineteen() []string { return regions34()[:19] }

// wanted is what a catalog requests.
type wanted struct {
	project  string
	regions  []string
	public   []string // public images
	private  []string // images that the accounts may
	listings int      // of the first private images
}

// catalog writes it as amiship.yaml has it.
func (w wanted) catalog(digest string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `version: 1
project: %s
tags: [{pattern: "v{version}"}]
base: {owner: "136693071363", name: "debian-12-{arch}-*", user: admin}
build: {region: us-east-1, template: packer/image.pkr.hcl, files: [scripts], disk: {size: 10, type: gp3}}
regions: {required: [%s]}
package: {file: package.deb, sha256: %s}
share: ["%s", "%s"]
images:
`, w.project, strings.Join(w.regions, ", "), digest, reader, other)
	for i, name := range append(append([]string{}, w.public...), w.private...) {
		fmt.Fprintf(&b, "  %s: {arch: [amd64], name: %q, public: %t, checks: [{run: \"true\"}]}\n", name, nameOf(w.project, name), i < len(w.public))
	}
	for n := range w.listings {
		if n == 0 {
			b.WriteString("listings:\n")
		}
		fmt.Fprintf(&b, listing, w.private[n], product(n), w.private[n], w.private[n])
	}
	return b.String()
}

func nameOf(project, image string) string { return project + " " + image + " {version}" }

const listing = `  %s:
    product: %s
    image: %s
    title: "%s {version}"
    release_notes: What is new.
    usage_instructions: Open port 9090.
    access_role_arn: arn:aws:iam::123456789012:role/ingestion
    operating_system: {name: DEBIAN, version: "12"}
    recommended_instance_type: m7i.large
    security_groups: [{protocol: tcp, from_port: 9090, ip_ranges: ["0.0.0.0/0"]}]
`

func product(n int) string { return fmt.Sprintf("prod-bench%08d", n) }

// world is a sandbox's state for a number of listings: products, a quota of public
// AMIs, and durations of AWS, if settings has any.
func world(listings int, settings string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `accounts:
  - name: vendor
    id: %q
    keys: [{}, {user: another}]
    roles: [{name: ingestion, trust: [assets.marketplace.amazonaws.com]}]
quotas:
  values: [{account: vendor, regions: [%s], service: ec2, code: L-0E3CBAB9, value: 1000}]
settings: {%s}
`, vendor, strings.Join(regions34(), ", "), settings)
	for n := range listings {
		if n == 0 {
			b.WriteString("marketplace:\n  products:\n")
		}
		fmt.Fprintf(&b, "    - {id: %s, title: Product %d, account: vendor, architecture: amd64, versions: [{title: \"0.1\", created: 30d}]}\n", product(n), n)
	}
	return b.String()
}

// bundle makes a catalog, with the example's template and an empty package, and
// returns its file.
func (l *lab) bundle(ctx context.Context, w wanted) (file string, err error) {
	dir := l.path("bundle-" + w.project)
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("examples", "prometheus"))); err != nil {
		return "", fmt.Errorf("run it where the examples are: %w", err)
	}
	deb, err := l.deb(ctx)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "package.deb"), deb, 0o600)
	}
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(deb)
	file = filepath.Join(dir, "amiship.yaml")
	return file, os.WriteFile(file, []byte(w.catalog(hex.EncodeToString(sum[:]))), 0o600)
}

// deb is a package with nothing in it: instant machines install nothing.
func (l *lab) deb(ctx context.Context) ([]byte, error) {
	root := l.path("package")
	control := "Package: prometheus\nVersion: " + version + "\nArchitecture: amd64\nMaintainer: Bench <bench@example.com>\nDescription: empty\n"
	err := first(
		os.MkdirAll(filepath.Join(root, "DEBIAN"), 0o755),
		os.WriteFile(filepath.Join(root, "DEBIAN", "control"), []byte(control), 0o600),
		os.Chmod(root, 0o755),
	)
	if err != nil {
		return nil, err
	}
	cmd := command(ctx, "dpkg-deb", "--build", "--root-owner-group", root, root+".deb")
	cmd.Env = append(append([]string{}, l.env...), "SOURCE_DATE_EPOCH=1700000000")
	if _, err := finish(cmd, []int{0}); err != nil {
		return nil, err
	}
	return os.ReadFile(root + ".deb")
}

// file writes a text into the lab.
func (l *lab) file(name, text string) (string, error) {
	path := l.path(name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}
