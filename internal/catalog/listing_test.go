package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"amiship/internal/marketplace"
	"amiship/internal/release"
)

// listed is a catalog with a product for each of an image's architectures.
const listed = `version: 1
project: prometheus
tags:
  - {pattern: "v{version}-rc{n}", skip: release candidates get no images}
  - {pattern: "v{version}+{build}", images: [prometheus]}
  - {pattern: "agent-{version}", images: [agent]}
vars: {maker: "Example {image}"}
base: {owner: "136693071363", name: "debian-12-{arch}-*", user: admin}
build: {region: us-east-1, template: image.pkr.hcl, instance: {arm64: m7g.large}}
regions: {required: [us-east-1, eu-west-1]}
package: {apt: prometheus}
images:
  agent: {name: "Agent {version}"}
  prometheus:
    arch: [amd64, arm64]
    edition: oss
    name: "Prometheus {version} {arch}"
listings:
  x86:
    product: prod-abcdefghijklm
    image: prometheus/amd64
    title: "Prometheus {version}"
    release_notes: "{maker} made {version}."
    usage_instructions: "Open it: {arch}, {edition}."
    access_role_arn: &role arn:aws:iam::123456789012:role/AwsMarketplaceAmiIngestion
    operating_system: &debian {name: DEBIAN, version: "12"}
    security_groups: &web
      - {protocol: tcp, from_port: 9090, ip_ranges: ["0.0.0.0/0"]}
  arm:
    product: 01234567-89ab-cdef-0123-456789abcdef
    image: prometheus/arm64
    title: "Prometheus {version} (ARM64)"
    titles: "{maker} {version} by {tag}, {major}, {build} (ARM64)"
    release_notes: {file: "notes/{version}.md"}
    usage_instructions: {file: usage.md}
    access_role_arn: *role
    user_name: "{project}"
    scanning_port: 2222
    operating_system: *debian
    recommended_instance_type: m7g.xlarge
    security_groups: *web
    access_endpoint: {protocol: https, port: 9090, relative_path: "graph?{version}"}
    only: all
    pending: stop
    validate: true
    retries: 0
    version_limit: 20
    account: {role_arn: "arn:aws:iam::444455556666:role/seller"}
  agent:
    product: prod-0123456789abcdefghijklmno
    image: agent
    title: "Agent, newest"
    release_notes: {command: [print-notes, "--of={version}"]}
    usage_instructions: Start it.
    access_role_arn: *role
    operating_system: *debian
    security_groups: *web
`

// writeListed puts a catalog into a new directory, with the files it names for
// version 2.0.0.
func writeListed(t *testing.T, text string) string {
	t.Helper()
	path := write(t, text)
	if err := os.Mkdir(filepath.Join(filepath.Dir(path), "notes"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"notes/2.0.0.md": "New: {braces}\n", "usage.md": "Open it."} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func resolveListed(t *testing.T, text, tag string) release.Desired {
	t.Helper()
	b, err := Load(writeListed(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Resolve(b, tag)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestListings(t *testing.T) {
	const role = "arn:aws:iam::123456789012:role/AwsMarketplaceAmiIngestion"
	web := []marketplace.SecurityGroup{{Protocol: "tcp", From: 9090, To: 9090, Ranges: []string{"0.0.0.0/0"}}}
	arm := release.Listing{
		Name: "arm", Product: "01234567-89ab-cdef-0123-456789abcdef", Image: "prometheus", Arch: "arm64",
		Role: "arn:aws:iam::444455556666:role/seller", Account: "444455556666",
		Version: marketplace.Version{
			Title: "Prometheus 2.0.0 (ARM64)", ReleaseNotes: "New: {braces}\n", Usage: "Open it.", AccessRole: role,
			User: "prometheus", ScanningPort: 2222, OSName: "DEBIAN", OSVersion: "12", InstanceType: "m7g.xlarge",
			Endpoint: marketplace.Endpoint{Port: 9090, Protocol: "https", Path: "graph?2.0.0"}, SecurityGroups: web,
		},
		Only: "all", Pending: "stop", Validate: true, Limit: 20,
		Titles: `^Example prometheus ([0-9][0-9A-Za-z.+~_-]*?) by \S+?, [0-9]+, [0-9]+ \(ARM64\)$`,
	}
	x86 := release.Listing{
		Name: "x86", Product: "prod-abcdefghijklm", Image: "prometheus", Arch: "amd64",
		Version: marketplace.Version{
			Title: "Prometheus 2.0.0", ReleaseNotes: "Example prometheus made 2.0.0.", Usage: "Open it: amd64, oss.", AccessRole: role,
			User: "admin", ScanningPort: 22, OSName: "DEBIAN", OSVersion: "12", InstanceType: "t3.medium", SecurityGroups: web,
		},
		Only: "latest-stable", Pending: "wait", Retries: 3, Limit: 100,
		Titles: `^Prometheus ([0-9][0-9A-Za-z.+~_-]*?)$`,
	}
	agent := release.Listing{
		Name: "agent", Product: "prod-0123456789abcdefghijklmno", Image: "agent", Arch: "amd64",
		Version: marketplace.Version{
			Title: "Agent, newest", Usage: "Start it.", AccessRole: role,
			User: "admin", ScanningPort: 22, OSName: "DEBIAN", OSVersion: "12", InstanceType: "t3.medium", SecurityGroups: web,
		},
		Notes: []string{"print-notes", "--of=2.0.0"},
		Only:  "latest-stable", Pending: "wait", Retries: 3, Limit: 100,
	}
	for tag, want := range map[string][]release.Listing{"v2.0.0+1": {arm, x86}, "agent-2.0.0": {agent}, "v2.0.0-rc1": nil} {
		got := resolveListed(t, listed, tag).Listings
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(release.Listing{}, "Lines")); diff != "" {
			t.Errorf("%s: %s", tag, diff)
		}
		for _, l := range got {
			if faults := l.Version.Check(); len(faults) > 0 {
				t.Errorf("%s: %v", l.Name, faults)
			}
		}
	}
}

func TestSellers(t *testing.T) {
	two := replace(t, listed, "    image: prometheus/amd64\n", "    image: prometheus/arm64\n    account: {role_arn: \"arn:aws:iam::111122223333:role/x\"}\n")
	for text, want := range map[string][]string{listed: {"444455556666"}, two: {"111122223333", "444455556666"}} {
		d := resolveListed(t, text, "v2.0.0+1")
		amd64, arm64 := d.Variants[0], d.Variants[1]
		if amd64.Arch != "amd64" || len(amd64.Sellers) > 0 {
			t.Errorf("%s is shared with %v", amd64.Arch, amd64.Sellers)
		}
		if diff := cmp.Diff(want, arm64.Sellers); diff != "" {
			t.Error(diff)
		}
	}
}

// TestLinesOfListings: whatever Marketplace complains of, its line can be named.
func TestLinesOfListings(t *testing.T) {
	lines := map[string]map[string]string{}
	for _, l := range resolveListed(t, listed, "v2.0.0+1").Listings {
		lines[l.Name] = l.Lines
	}
	text := strings.Split(listed, "\n")
	number := func(part string, nth int) int {
		for i, line := range text {
			if strings.Contains(line, part) {
				if nth--; nth == 0 {
					return i + 1
				}
			}
		}
		t.Fatalf("no %q in the catalog", part)
		return 0
	}
	at := func(part string, nth int) string { return fmt.Sprintf("amiship.yaml:%d", number(part, nth)) }
	for field, want := range map[string]string{
		"title": at("title:", 1), "release_notes": at("release_notes:", 1), "usage_instructions": at("usage_instructions:", 1),
		"access_role_arn": at("access_role_arn:", 1), "operating_system.name": at("DEBIAN", 1), "image": at("image:", 1), "ami": at("image:", 1),
		"security_groups[0].from_port": at("from_port", 1), "security_groups[0].to_port": at("from_port", 1),
		"security_groups[0].ip_ranges[0]": at("from_port", 1),
		"user_name":                       at("x86:", 1), "scanning_port": at("x86:", 1), "recommended_instance_type": at("x86:", 1),
		"access_endpoint.port": at("x86:", 1), "version_limit": at("x86:", 1),
	} {
		if got := lines["x86"][field]; got != want {
			t.Errorf("%s: got %s, want %s", field, got, want)
		}
	}
	for _, code := range marketplace.Codes() {
		if field := marketplace.Explain(code, "").Field; field != "" && (lines["x86"][field] == "" || lines["arm"][field] == "") {
			t.Errorf("%s names %s, which has no line", code, field)
		}
	}
	if got, want := lines["arm"]["access_endpoint.port"], at("access_endpoint:", 1); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
