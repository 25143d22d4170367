package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

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
    wait_for_older: 90m
    version_limit: 20
    assessment_days: 30
    account: {role_arn: "arn:aws:iam::444455556666:role/seller", external_id: "amiship:1"}
  agent:
    product: prod-0123456789abcdefghijklmno
    image: agent
    title: "Agent {version}"
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
		Role: "arn:aws:iam::444455556666:role/seller", ExternalID: "amiship:1", Account: "444455556666",
		Version: marketplace.Version{
			Title: "Prometheus 2.0.0 (ARM64)", ReleaseNotes: "New: {braces}\n", Usage: "Open it.", AccessRole: role,
			User: "prometheus", ScanningPort: 2222, OSName: "DEBIAN", OSVersion: "12", InstanceType: "m7g.xlarge",
			Endpoint: marketplace.Endpoint{Port: 9090, Protocol: "https", Path: "graph?2.0.0"}, SecurityGroups: web,
		},
		Only: "all", Pending: "stop", Validate: true, OlderWithin: 90 * time.Minute, Limit: 20, AssessmentNotice: 30 * 24 * time.Hour,
		Titles: `^Example prometheus ([0-9][0-9A-Za-z.+~_-]*?) by \S+?, [0-9]+, [0-9]+ \(ARM64\)$`,
	}
	x86 := release.Listing{
		Name: "x86", Product: "prod-abcdefghijklm", Image: "prometheus", Arch: "amd64",
		Version: marketplace.Version{
			Title: "Prometheus 2.0.0", ReleaseNotes: "Example prometheus made 2.0.0.", Usage: "Open it: amd64, oss.", AccessRole: role,
			User: "admin", ScanningPort: 22, OSName: "DEBIAN", OSVersion: "12", InstanceType: "t3.medium", SecurityGroups: web,
		},
		Only: "latest-stable", Pending: "wait", Retries: 3, OlderWithin: 6 * time.Hour, Limit: 100, AssessmentNotice: 14 * 24 * time.Hour,
		Titles: `^Prometheus ([0-9][0-9A-Za-z.+~_-]*?)$`,
	}
	agent := release.Listing{
		Name: "agent", Product: "prod-0123456789abcdefghijklmno", Image: "agent", Arch: "amd64",
		Version: marketplace.Version{
			Title: "Agent 2.0.0", Usage: "Start it.", AccessRole: role,
			User: "admin", ScanningPort: 22, OSName: "DEBIAN", OSVersion: "12", InstanceType: "t3.medium", SecurityGroups: web,
		},
		Notes: []string{"print-notes", "--of=2.0.0"},
		Only:  "latest-stable", Pending: "wait", Retries: 3, OlderWithin: 6 * time.Hour, Limit: 100, AssessmentNotice: 14 * 24 * time.Hour,
		Titles: `^Agent ([0-9][0-9A-Za-z.+~_-]*?)$`,
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
	for _, field := range strings.Fields(`access_endpoint.port access_endpoint.protocol access_endpoint.relative_path access_role_arn
		image operating_system operating_system.name operating_system.version product recommended_instance_type release_notes
		scanning_port security_groups security_groups[0].protocol title usage_instructions version_limit`) {
		if lines["x86"][field] == "" || lines["arm"][field] == "" {
			t.Errorf("%s has no line", field)
		}
	}
	if got, want := lines["arm"]["access_endpoint.port"], at("access_endpoint:", 1); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestListingProblems(t *testing.T) {
	for name, c := range map[string]struct{ old, with, want string }{
		"a title for an id":        {"prod-abcdefghijklm", "Prometheus", `20:14: listings.x86.product: "Prometheus" is no id of a product: prod- and 13 or 25 letters and digits, or a UUID`},
		"one product twice":        {"prod-abcdefghijklm", "01234567-89AB-cdef-0123-456789abcdef", `20:14: listings.x86.product: listing arm has this product already`},
		"an odd name":              {"  x86:\n", "  X86:\n", `19:3: listings.X86: "X86" is no name of a listing: small letters, digits and -`},
		"an unknown image":         {"image: prometheus/amd64", "image: promteheus/amd64", `21:12: listings.x86.image: no image promteheus; did you mean prometheus?`},
		"an unknown architecture":  {"image: prometheus/amd64", "image: prometheus/amd46", `21:12: listings.x86.image: no variant prometheus/amd46; did you mean prometheus/amd64?`},
		"no word like it":          {"image: agent\n", "image: agent/riscv64-with-more\n", `listings.agent.image: no variant agent/riscv64-with-more; there is agent/amd64`},
		"two architectures":        {"image: prometheus/amd64", "image: prometheus", `21:12: listings.x86.image: prometheus has several architectures, a listing shows one; write prometheus/amd64 or prometheus/arm64`},
		"an unknown field":         {"scanning_port:", "scaning_port:", `38:5: listings.arm.scaning_port: unknown field; did you mean scanning_port?`},
		"a field missing":          {"    title: \"Prometheus {version}\"\n", "", `19:3: listings.x86: title is missing`},
		"a version as a number":    {`version: "12"}`, `version: 12}`, `26:55: listings.x86.operating_system.version: is no text; put it in quotes: "12"`},
		"an unknown placeholder":   {"{maker} made", "{marker} made", `23:20: listings.x86.release_notes: unknown placeholder {marker}; did you mean {maker}?`},
		"a title too long":         {"Prometheus {version}\"\n    rel", "A title of {version} that has a good deal more to say than anybody reads\"\n    rel", `22:12: listings.x86.title: has 68 characters, Marketplace accepts 64`},
		"a title that is blank":    {"\"Prometheus {version}\"\n    rel", "\" Prometheus {version}\"\n    rel", `22:12: listings.x86.title: begins with a space`},
		"notes of nothing":         {`"{maker} made {version}."`, `""`, `23:20: listings.x86.release_notes: is empty; write the text, or name a file or a command`},
		"notes that say nothing":   {`"{maker} made {version}."`, `"{nothing}"`, `23:20: listings.x86.release_notes: is empty`},
		"notes from two places":    {`command: [print-notes`, `file: usage.md, command: [print-notes`, `listings.agent.release_notes: names both file and command; name one`},
		"usage of nothing":         {"Start it.", "{}", `listings.agent.usage_instructions: is empty; write the text, or name a file`},
		"a file from elsewhere":    {"file: usage.md", "file: ../usage.md", `35:32: listings.arm.usage_instructions.file: ../usage.md leads out of the directory of amiship.yaml`},
		"a file that is not there": {"file: usage.md", "file: usages.md", `35:32: listings.arm.usage_instructions.file: usages.md: no such file or directory`},
		"a directory":              {"file: usage.md", "file: notes", `35:32: listings.arm.usage_instructions.file: notes: is no regular file`},
		"a role that is none":      {"&role arn:aws:iam::123456789012:role/Aws", "&role arn:aws:iam::123456789012:user/Aws", `25:28: listings.x86.access_role_arn: "arn:aws:iam::123456789012:user/AwsMarketplaceAmiIngestion" is no ARN of a role`},
		"an account by user":       {"444455556666:role", "444455556666:user", `50:25: listings.arm.account.role_arn: "arn:aws:iam::444455556666:user/seller" is no ARN of a role`},
		"a user of two words":      {`user_name: "{project}"`, `user_name: "{project} x"`, `37:16: listings.arm.user_name: "prometheus x" is no user name`},
		"a port of zero":           {"scanning_port: 2222", "scanning_port: 0", `38:20: listings.arm.scanning_port: 0 is no TCP or UDP port`},
		"a port too high":          {"scanning_port: 2222", "scanning_port: 65536", `38:20: listings.arm.scanning_port: 65536 is no TCP or UDP port`},
		"a rule for icmp":          {"protocol: tcp", "protocol: icmp", `28:20: listings.x86.security_groups[0].protocol: "icmp"; Marketplace has tcp and udp`},
		"a range that is none":     {"0.0.0.0/0", "everywhere", `28:54: listings.x86.security_groups[0].ip_ranges[0]: "everywhere" is no range of IPv4 addresses, as 0.0.0.0/0 is one`},
		"ports the wrong way":      {"from_port: 9090,", "from_port: 9090, to_port: 80,", `28:51: listings.x86.security_groups[0].to_port: 80 comes before from_port, 9090`},
		"an absolute path":         {`"graph?{version}"`, `"/graph?{version}"`, `listings.arm.access_endpoint.relative_path: "/graph?1.2.3" begins with /, which Marketplace puts there itself`},
		"an endpoint without port": {"{protocol: https, port: 9090, rel", "{protocol: https, rel", `listings.arm.access_endpoint: port is missing`},
		"an endpoint by ftp":       {"protocol: https", "protocol: ftp", `listings.arm.access_endpoint.protocol: "ftp"; Marketplace has http and https`},
		"an instance type refused": {"m7g.xlarge", "m7g.metal-24xl", `listings.arm.recommended_instance_type: "m7g.metal-24xl" is no instance type that Marketplace takes`},
		"only what":                {"only: all", "only: latest", `listings.arm.only: "latest"; there is latest-stable or all`},
		"pending what":             {"pending: stop", "pending: kill", `listings.arm.pending: "kill"; there is wait, cancel or stop`},
		"fewer than no retries":    {"retries: 0", "retries: -1", `listings.arm.retries: -1 is less than none`},
		"no time for older ones":   {"wait_for_older: 90m", "wait_for_older: a while", `listings.arm.wait_for_older: "a while" is no duration, as 6h and 0s are`},
		"an external id of one":    {`external_id: "amiship:1"`, `external_id: "1"`, `listings.arm.account.external_id: "1"; STS accepts 2 to 1224 letters`},
		"fewer days than none":     {"assessment_days: 30", "assessment_days: -1", `listings.arm.assessment_days: -1 is less than none`},
		"no version at all":        {"version_limit: 20", "version_limit: 0", `listings.arm.version_limit: 0; a product has at least one version`},
		"titles without version":   {`{maker} {version} by`, `{maker} by`, `listings.arm.titles: has no {version}`},
		"no AMI where it must be":  {"required: [us-east-1, eu", "required: [us-west-1, eu", `19:3: listings.x86: us-east-1 must be one of regions.required: Marketplace takes a version's AMI from there`},
	} {
		t.Run(name, func(t *testing.T) {
			text := replace(t, listed, "vars: {", "vars: {nothing: \"\", ")
			_, err := Load(writeListed(t, replace(t, text, c.old, c.with)), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAllProblemsOfListings(t *testing.T) {
	text := replace(t, listed, "protocol: tcp", "protocol: icmp")
	text = replace(t, text, "scanning_port: 2222", "scanning_port: 65536")
	text = replace(t, text, `"Prometheus {version}"`, `""`)
	_, err := Load(writeListed(t, text), nil)
	want := []string{
		`amiship.yaml:22:12: listings.x86.title: is empty`,
		`amiship.yaml:28:20: listings.agent.security_groups[0].protocol: "icmp"; Marketplace has tcp and udp`,
		`amiship.yaml:28:20: listings.arm.security_groups[0].protocol: "icmp"; Marketplace has tcp and udp`,
		`amiship.yaml:28:20: listings.x86.security_groups[0].protocol: "icmp"; Marketplace has tcp and udp`,
		`amiship.yaml:38:20: listings.arm.scanning_port: 65536 is no TCP or UDP port`,
	}
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Error(diff)
	}
}

// TestFilesOfListings: what is named for a tag must be there at the tag, not
// before, and inside the bundle.
func TestFilesOfListings(t *testing.T) {
	path := writeListed(t, listed)
	b, err := Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Resolve(b, "v3.0.0+1")
	if want := `amiship.yaml:34:27: listings.arm.release_notes.file: notes/3.0.0.md: no such file or directory`; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	notes := filepath.Join(filepath.Dir(path), "notes")
	if err := os.WriteFile(filepath.Join(notes, "4.0.0.md"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Resolve(b, "v4.0.0+1")
	if want := `amiship.yaml:34:20: listings.arm.release_notes: is empty`; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if err := os.Symlink(filepath.Join(t.TempDir(), "secret"), filepath.Join(notes, "5.0.0.md")); err != nil {
		t.Fatal(err)
	}
	if _, err = Resolve(b, "v5.0.0+1"); err == nil || !strings.Contains(err.Error(), "notes/5.0.0.md: path escapes from parent") {
		t.Errorf("got %v", err)
	}
}

// TestTitlesAreRead: what the expression reads of the titles that a product has.
func TestTitlesAreRead(t *testing.T) {
	for _, l := range resolveListed(t, listed, "v2.0.0+1").Listings {
		re := regexp.MustCompile(l.Titles)
		for title, want := range map[string]map[string]string{
			"Prometheus 1.9.0":      {"x86": "1.9.0"},
			"Prometheus 1.9.0-rc.1": {"x86": "1.9.0-rc.1"},
			"Prometheus one":        {},
			"The Prometheus 1.9.0":  {},
			"Example prometheus 1.9.0 by v1.9.0+7, 1, 7 (ARM64)": {"arm": "1.9.0"},
			"Example prometheus 1.9.0 by v1.9.0+7, 1, 7 xARM64x": {},
		} {
			got := ""
			if m := re.FindStringSubmatch(title); m != nil {
				got = m[1]
			}
			if got != want[l.Name] {
				t.Errorf("%s reads %q of %q, want %q", l.Name, got, title, want[l.Name])
			}
		}
	}
}

func TestTitlesOfManyPlaceholders(t *testing.T) {
	text := replace(t, listed, `"agent-{version}"`, `"agent-{version}-{kind}"`)
	text = replace(t, text, `title: "Agent {version}"`, `title: "Agent {version} {kind}, {minor} ({version}) + {edition}"`)
	text = replace(t, text, "  agent: {name", "  agent: {edition: oss, name")
	l := resolveListed(t, text, "agent-2.0.0-small").Listings[0]
	if want := `^Agent ([0-9][0-9A-Za-z.+~_-]*?) [0-9A-Za-z_]+?, [0-9]+ \((?:[0-9][0-9A-Za-z.+~_-]*?)\) \+ oss$`; l.Titles != want {
		t.Errorf("got %s\nwant %s", l.Titles, want)
	}
	if m := regexp.MustCompile(l.Titles).FindStringSubmatch("Agent 1.9.0 large, 9 (1.9.0) + oss"); len(m) != 2 || m[1] != "1.9.0" {
		t.Errorf("read %q", m)
	}
}

// TestMarkedListings: an AMI that many listings offer has a mark of the first of them
// only, and keeps room for its own tags.
func TestMarkedListings(t *testing.T) {
	catalog := listed
	for n := range 40 {
		catalog += fmt.Sprintf("  z%02d: {product: prod-zzzzzzzzz%04d, image: prometheus/amd64, title: \"Z%d {version}\", release_notes: n, usage_instructions: u, "+
			"access_role_arn: *role, operating_system: *debian, security_groups: *web}\n", n, n, n)
	}
	d := resolveListed(t, catalog, "v2.0.0+1")
	var unmarked []string
	for _, l := range d.Listings {
		if l.Unmarked {
			unmarked = append(unmarked, l.Name)
		}
	}
	if len(unmarked) != 25 || unmarked[0] != "z15" {
		t.Errorf("%d of %d have no mark: %s", len(unmarked), len(d.Listings), unmarked)
	}
}
