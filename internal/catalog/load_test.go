package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/release"
)

// full is a catalog that uses every field.
const full = `version: 1
freeze: [{from: 2026-12-20T00:00:00+01:00, to: "2027-01-02T00:00:00Z", reason: holidays}]
project: gitlab
tags:
  - {pattern: "{version}+rc{n}.{edition}.{build}", skip: release candidates get no images}
  - {pattern: "{version}+ce.{build}", images: [ce]}
  - {pattern: "{version}+ee.{build}", images: [premium, ultimate]}
vars: {flavour: "{image}-{build}", packages: "https://packages.example.com"}
share: ["684062674729"]
checks:
  - {run: "cat /etc/{project}", exit: 3, contains: "{host}"}
  - {run: "cat /etc/{image}", differs: true}
  - {path: /, https: true, insecure: true, method: PUT, headers: {Host: "{host}"}, body: "{major}", answers: {Server: "{image}"}, after: launch}
  - {tcp: 5432}
test: {within: 5m, allow: [/etc/key]}
keep:
  public: {patches: 2, minors: 3, days: 90}
  private: {patches: 1, minors: 4, days: 30}
  versions: {patches: 3, minors: 5, days: 180}
  launched_days: 20
  referenced: true
  used_by_others: true
retire: {deprecate: 1d, demote: 40d, disable: 70d, deregister: 100d}
rehearsal: {standin: [amiship.yaml], serves: packages, vars: {flavour: none}, env: {CI_JOB_TOKEN: none}, world: world.yaml, buyer: buyer}
base: {owner: "099720109477", name: "ubuntu-jammy-22.04-{arch}-server-*", user: ubuntu}
build:
  region: us-east-1
  template: image.pkr.hcl
  files: [amiship.yaml]
  subnet: [subnet-0ab, subnet-0cd]
  access_from: [203.0.113.0/24]
  address_url: https://example.com/address
  imds_support: v2.0
  instance: {amd64: [m7i.large, m6i.large], arm64: m7g.large}
  disk: {size: 30, type: gp2}
regions:
  required: [us-east-1, eu-west-1]
  best_effort: [ap-northeast-3]
package:
  url: "{packages}/gitlab-{edition}_{version}-{edition}.{build}_{arch}.deb"
  headers: {JOB-TOKEN: {env: CI_JOB_TOKEN}, X-File: {file: token}, X-Command: {command: [pass, token]}}
  version: "{version}-{edition}.{build}"
  sha256: {url: "{url}.sha256"}
images:
  ce:
    edition: ce
    arch: [amd64, arm64]
    public: true
    name: {amd64: "GitLab CE {version}", arm64: "GitLab CE {version} ARM64"}
    description: "GitLab {major}.{minor}.{patch} {flavour}"
    tags: {Type: {amd64: "GitLab {edition}", arm64: "GitLab {edition} (ARM64)"}}
    parameters: [{name: "/gitlab/{edition}/{version}/{arch}"}, {name: "/gitlab/{edition}/latest/{arch}", latest: true}]
  premium:
    edition: ee
    name: "GitLab EE {version} Premium"
    share: ["679593333241"]
    license: {env: PREMIUM_LICENSE}
    vars: {seats: "5"}
  ultimate:
    edition: ee
    name: "GitLab EE {version} Ultimate"
    license: {command: [pass, license]}
    checks: [{port: 8080, path: /-/health, status: 201, contains: ok, headers: {Accept: "*"}, answers: {Server: ok}}]
listings:
  premium:
    product: prod-abcdefghijklm
    image: premium/amd64
    title: "GitLab Premium {version} Release"
    titles: "GitLab Premium {version} {flavour}"
    release_notes: {command: [print-notes, "{tag}"]}
    usage_instructions: {file: image.pkr.hcl}
    access_role_arn: arn:aws:iam::123456789012:role/AwsMarketplaceAmiIngestion
    user_name: ubuntu
    scanning_port: 2222
    operating_system: {name: UBUNTU, version: "22.04"}
    recommended_instance_type: m7i.xlarge
    security_groups:
      - {protocol: tcp, from_port: 80, to_port: 81, ip_ranges: ["0.0.0.0/0"]}
    access_endpoint: {protocol: http, port: 80, relative_path: "users/{edition}"}
    only: all
    pending: cancel
    validate: true
    retries: 5
    wait_for_older: 12h
    version_limit: 50
    account: {role_arn: "arn:aws:iam::444455556666:role/seller"}
  ultimate:
    product: prod-0123456789abcdefghijklmno
    image: ultimate
    title: "GitLab Ultimate {version}"
    release_notes: {file: image.pkr.hcl}
    usage_instructions: "Open http://{edition}."
    access_role_arn: arn:aws:iam::123456789012:role/AwsMarketplaceAmiIngestion
    operating_system: {name: UBUNTU, version: "22.04"}
    security_groups: [{protocol: tcp, from_port: 443, ip_ranges: ["0.0.0.0/0"]}]
`

func replace(t *testing.T, text, old, with string) string {
	t.Helper()
	if strings.Count(text, old) == 0 {
		t.Fatalf("no %q in the catalog", old)
	}
	return strings.Replace(text, old, with, 1)
}

func TestProblems(t *testing.T) {
	for name, c := range map[string]struct{ old, with, want string }{
		"an unknown field":              {"public: true", "pubic: true", `13:5: images.prometheus.pubic: unknown field; did you mean public?`},
		"a field like no other":         {"public: true", "zzzzzzzzzzzz: true", `13:5: images.prometheus.zzzzzzzzzzzz: unknown field; known are arch, checks,`},
		"a field twice":                 {"public: true", "public: true\n    public: false", `14:5: mapping key "public" already defined at [13:5]`},
		"another version":               {"version: 1", "version: 2", `1:10: version: is 2; this Amiship reads version 1`},
		"a missing field":               {"project: prometheus\n", "", `amiship.yaml: project is missing`},
		"a number for a text":           {`"136693071363"`, "136693071363", `6:15: base.owner: is no text; put it in quotes: "136693071363"`},
		"a text for a list":             {"[us-east-1, eu-west-1]", "us-east-1", `9:13: regions.required: is no list; write [us-east-1]`},
		"a text for true":               {"public: true", "public: yes please", `13:13: images.prometheus.public: is yes please, not true or false`},
		"no value":                      {"public: true", "public:", `images.prometheus.public: has no value`},
		"a region that is none":         {"eu-west-1]", "eu-west]", `9:25: regions.required[1]: "eu-west" is no region, as us-east-1 is one`},
		"a region twice":                {"eu-west-1]", "us-east-1]", `regions.required[1]: us-east-1 is in regions.required already`},
		"the build region missing":      {"[us-east-1, eu", "[us-west-2, eu", `7:17: build.region: us-east-1 must be one of regions.required`},
		"an account that is none":       {"public: true", `share: ["1234"]`, `13:13: images.prometheus.share[0]: "1234" is no account id of 12 digits`},
		"an organization of no form":    {"public: true", `share: ["arn:aws:organizations::123456789012:organization/1234"]`, `is no account id of 12 digits, nor the ARN of an organization`},
		"an architecture":               {"public: true", `arch: [amd64, x86]`, `13:19: images.prometheus.arch[1]: unknown architecture "x86"; known are amd64, arm64`},
		"an unknown placeholder":        {"Prometheus {version}", "Prometheus {verison}", `14:11: images.prometheus.name: unknown placeholder {verison}; did you mean {version}?`},
		"a single brace":                {"Prometheus {version}", "Prometheus {version", `images.prometheus.name: has a brace without its partner`},
		"a name AWS refuses":            {"Prometheus {version}", "Prometheus: {version}", `AMI name "Prometheus: 1.2.3": AWS refuses ":"`},
		"a tag AWS refuses":             {"public: true", `tags: {"aws:x": y}`, `images.prometheus.tags.aws:x: tag key "aws:x": AWS keeps keys`},
		"a tag of no machine":           {"public: true", `tags: {Type: {arm: y}}`, `images.prometheus.tags.Type.arm: unknown architecture; known are amd64, arm64`},
		"two with one name":             {"public: true", `arch: [amd64, arm64]`, `images.prometheus.name: prometheus/amd64 and prometheus/arm64 have the same AMI name "Prometheus 1.2.3"`},
		"a path that leads out":         {"image.pkr.hcl", "../image.pkr.hcl", `7:38: build.template: ../image.pkr.hcl leads out of the directory of amiship.yaml`},
		"a file that is not there":      {"image.pkr.hcl", "other.pkr.hcl", `build.template: `},
		"two packages":                  {"{apt: prometheus}", "{apt: prometheus, file: x.deb}", `package: names 2 of file, url and apt; name one`},
		"a size without a url":          {"{apt: prometheus}", "{apt: prometheus, max_size: 2}", `package.max_size: goes with url only`},
		"a size beyond all disks":       {"{apt: prometheus}", `{url: "https://example.com/x.deb", sha256: {url: "{url}.sha256"}, max_size: 20000}`, `package.max_size: 20000 GiB; no disk`},
		"a package without digest":      {"{apt: prometheus}", `{url: "https://example.com/x.deb"}`, `package: sha256 is missing`},
		"a package by ftp":              {"{apt: prometheus}", `{url: "ftp://example.com/x.deb", sha256: {url: "{url}.sha256"}}`, `package.url: "ftp://example.com/x.deb" is no http or https address`},
		"a password in an address":      {"{apt: prometheus}", `{url: "https://me:pw@example.com/x.deb", sha256: {url: "{url}.sha256"}}`, `package.url: has a password in it; name it under headers`},
		"a license from nowhere":        {"public: true", "license: {}", `images.prometheus.license: names 0 of env, file and command; name one`},
		"under its old name":            {"public: true", "licence: {}", `13:14: images.prometheus.license: names 0 of env, file and command; name one`},
		"a pattern twice the name":      {`"v{version}"`, `"v{version}{version}"`, `tags[1].pattern: {version} occurs twice`},
		"a pattern of our own":          {`"v{version}"`, `"v{version}-{arch}"`, `{arch} cannot be captured: Amiship sets it itself`},
		"a pattern without one":         {`"v{version}"`, `"release"`, `tags[1].pattern: has no {version}`},
		"an image that is not":          {`"v{version}"}`, `"v{version}", images: [prometeus]}`, `tags[1].images[0]: no image prometeus; did you mean prometheus?`},
		"a free value of ours":          {"public: true", `vars: {source_ami: x}`, `images.prometheus.vars.source_ami: Amiship sets {source_ami} itself; choose another name`},
		"a value of an old name":        {"public: true", `vars: {licence_file: x}`, `images.prometheus.vars.licence_file: Amiship sets {licence_file} itself; choose another name`},
		"a check of two kinds":          {"public: true", `checks: [{path: /, run: ls}]`, `13:14: images.prometheus.checks[0]: names 2 of path, tcp and run; name one`},
		"a command with a port":         {"public: true", `checks: [{run: ls, port: 1}]`, `images.prometheus.checks[0]: port and status go with path, not with run`},
		"a command over HTTPS":          {"public: true", `checks: [{run: ls, https: true}]`, `images.prometheus.checks[0]: https, insecure, method, headers, body and answers go with path, not with run`},
		"a port with a header":          {"public: true", `checks: [{tcp: 22, answers: {a: b}}]`, `images.prometheus.checks[0]: https, insecure, method, headers, body and answers go with path, not with tcp`},
		"a port with a page":            {"public: true", `checks: [{tcp: 22, path: /}]`, `images.prometheus.checks[0]: names 2 of path, tcp and run; name one`},
		"a port that answers":           {"public: true", `checks: [{tcp: 22, contains: SSH}]`, `images.prometheus.checks[0]: exit, differs and contains don't go with tcp: it only connects`},
		"no port":                       {"public: true", `checks: [{tcp: 70000}]`, `images.prometheus.checks[0].tcp: 70000 is no TCP port`},
		"no certificate":                {"public: true", `checks: [{path: /, insecure: true}]`, `images.prometheus.checks[0].insecure: accepts any certificate, and without https there is none`},
		"no method":                     {"public: true", `checks: [{path: /, method: GET /}]`, `images.prometheus.checks[0].method: "GET /" is no method of HTTP`},
		"no header":                     {"public: true", `checks: [{path: /, headers: {"X:": y}}]`, `is no name of a header`},
		"a time that is none":           {"public: true", `checks: [{path: /, after: boot}]`, `images.prometheus.checks[0].after: "boot" is neither launch nor restart`},
		"one instance compared":         {"public: true", `checks: [{run: ls, differs: true, after: restart}]`, `images.prometheus.checks[0]: differs compares two instances, of which only one is restarted`},
		"everything is allowed":         {"images:\n", "test: {allow: ['*']}\nimages:\n", `test.allow[0]: "*" allows everything`},
		"a type in a list":              {"image.pkr.hcl}", "image.pkr.hcl, instance: {amd64: [m7i.large, big]}}", `build.instance.amd64[1]: "big" is no instance type`},
		"a page with an exit":           {"public: true", `checks: [{path: /, exit: 1}]`, `images.prometheus.checks[0]: exit and differs go with run, not with path`},
		"no exit status":                {"public: true", `checks: [{run: ls, exit: 256}]`, `images.prometheus.checks[0].exit: 256 is no exit status`},
		"a check of two minds":          {"public: true", `checks: [{run: ls, contains: x, differs: true}]`, `images.prometheus.checks[0]: has both contains and differs`},
		"a word that is unknown":        {"public: true", `checks: [{run: "ls {hosts}"}]`, `images.prometheus.checks[0].run: unknown placeholder {hosts}; did you mean {host}?`},
		"a copy's limit":                {"images:\n", "copy: {within: long}\nimages:\n", `copy.within: "long" is no duration, as 90m and 6h are`},
		"a limit that is none":          {"images:\n", "test: {within: long}\nimages:\n", `test.within: "long" is no duration, as 90s and 10m are`},
		"a region of another partition": {"us-east-1, eu-west-1]", "us-east-1, cn-north-1]", `regions.required[1]: cn-north-1 is in AWS's partition aws-cn, build.region us-east-1 in aws: `},
		"another IMDS":                  {"image.pkr.hcl}", "image.pkr.hcl, imds_support: v1.0}", `build.imds_support: "v1.0"; EC2 has v2.0`},
		"half a stand-in":               {"images:\n", "rehearsal: {standin: [make]}\nimages:\n", `rehearsal: standin and serves go together`},
		"a world from elsewhere":        {"images:\n", "rehearsal: {world: ../world.yaml}\nimages:\n", `11:20: rehearsal.world: ../world.yaml leads out of the directory of amiship.yaml`},
		"a buyer of no name":            {"images:\n", "rehearsal: {buyer: Some Body}\nimages:\n", `rehearsal.buyer: "Some Body" is no name of an account`},
		"a var that is not there":       {"images:\n", "rehearsal: {vars: {a: b}}\nimages:\n", `rehearsal.vars.a: vars has no a`},
		"a check on no port":            {"public: true", `checks: [{port: 70000, path: /}]`, `images.prometheus.checks[0].port: 70000 is no TCP port`},
		"an anchor that is not":         {"project: prometheus", "project: *name", `project: no anchor &name stands before this`},
		"nothing is kept":               {"images:\n", "keep: {public: {patches: 0, minors: 3}}\nimages:\n", `11:26: keep.public.patches: 0; at least 1 is kept`},
		"no minor is kept":              {"images:\n", "keep: {versions: {patches: 1, minors: 0}}\nimages:\n", `keep.versions.minors: 0; at least 1 is kept`},
		"kept without a number":         {"images:\n", "keep: {private: {patches: 1}}\nimages:\n", `keep.private: minors is missing`},
		"days before today":             {"images:\n", "keep: {private: {patches: 1, minors: 1, days: -1}}\nimages:\n", `keep.private.days: -1 is less than none`},
		"launched tomorrow":             {"images:\n", "keep: {launched_days: -1}\nimages:\n", `keep.launched_days: -1 is less than none`},
		"a grace in weeks":              {"images:\n", "retire: {demote: 2w}\nimages:\n", `retire.demote: "2w" is no number of days, as 30d is`},
		"graces out of order":           {"images:\n", "retire: {disable: 10d}\nimages:\n", `11:19: retire.disable: 10d comes before demote`},
		"no YAML":                       {"version: 1", "version: [1", `amiship.yaml:`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(write(t, replace(t, minimal, c.old, c.with)), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	text := replace(t, minimal, "public: true", "pubic: true")
	text = replace(t, text, `"136693071363"`, "136693071363")
	_, err := Load(write(t, text), nil)
	if err == nil || strings.Count(err.Error(), "\n") != 1 || !strings.HasPrefix(err.Error(), "amiship.yaml:6:") {
		t.Errorf("got %v, want both problems, in order", err)
	}
}

func TestAnchors(t *testing.T) {
	text := replace(t, minimal, "required: [us-east-1, eu-west-1]", "required: &all [us-east-1, eu-west-1]")
	text = replace(t, text, "public: true", "<<: &defaults {public: true, edition: ce}")
	b, err := Load(write(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if image := b.Catalog.Images["prometheus"]; !image.Public || image.Edition != "ce" {
		t.Errorf("got %+v", image)
	}
}

func TestALinkOutOfTheBundle(t *testing.T) {
	path := write(t, replace(t, minimal, "image.pkr.hcl", "link.pkr.hcl"))
	if err := os.Symlink(filepath.Join(t.TempDir(), "secret"), filepath.Join(filepath.Dir(path), "link.pkr.hcl")); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, nil)
	if err == nil || !strings.Contains(err.Error(), "build.template: ") || !strings.Contains(err.Error(), "escapes") {
		t.Errorf("got %v", err)
	}
}

func TestATemplateThatUsesAnUnnamedFile(t *testing.T) {
	path := write(t, minimal)
	const text = `script = "${path.root}/scripts/install.sh"`
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "image.pkr.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path, nil)
	if err == nil || !strings.Contains(err.Error(), "7:38: build.template: uses scripts/install.sh, which build.files does not name") {
		t.Errorf("got %v", err)
	}
}

// TestEveryFieldIsRead changes each field of a catalog in turn: what it asks
// for must change, or the field does nothing.
func TestEveryFieldIsRead(t *testing.T) {
	render := func(change func(*Catalog)) string {
		b, err := Load(write(t, full), nil)
		if err != nil {
			t.Fatal(err)
		}
		b.File, b.Dir, b.files = "/b/amiship.yaml", "/b", []string{"/b/amiship.yaml"}
		change(b.Catalog)
		var out strings.Builder
		for _, tag := range []string{"17.5.0+ce.1", "17.5.0+ee.1", "17.5.0+rc1.ce.1"} {
			r, err := b.resolve(tag, false)
			if err != nil {
				fmt.Fprintln(&out, err)
				continue
			}
			text, err := json.Marshal(r.desired)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&out, string(text), r.places.problems)
		}
		return out.String()
	}
	before := render(func(*Catalog) {})
	for _, field := range leaves(reflect.TypeFor[Catalog](), "") {
		switch {
		case field == ".version", field == ".extends", field == ".build.files[]": // read by Load
			continue
		case strings.HasPrefix(field, ".rehearsal"): // asks nothing of a release
			continue
		}
		if after := render(func(c *Catalog) { spoil(reflect.ValueOf(c).Elem(), field) }); cmp.Equal(before, after) {
			t.Errorf("%s: nothing reads it", field)
		}
	}
}

// leaves lists the single values of a type: ".images{}.tags{}".
func leaves(t reflect.Type, path string) []string {
	switch t.Kind() {
	case reflect.Struct:
		var out []string
		for name, f := range fieldsOf(t) {
			out = append(out, leaves(f.Type, path+"."+name)...)
		}
		return out
	case reflect.Map:
		return leaves(t.Elem(), path+"{}")
	case reflect.Slice:
		return leaves(t.Elem(), path+"[]")
	}
	return []string{path}
}

// spoil changes every value at a path, and is silent about those that are not there.
func spoil(v reflect.Value, path string) {
	switch v.Kind() {
	case reflect.Struct:
		name, rest := path[1:], ""
		if i := strings.IndexAny(name, ".[{"); i >= 0 {
			name, rest = name[:i], name[i:]
		}
		spoil(v.FieldByIndex(fieldsOf(v.Type())[name].Index), rest)
	case reflect.Map:
		for _, key := range v.MapKeys() {
			one := reflect.New(v.Type().Elem()).Elem()
			one.Set(v.MapIndex(key))
			spoil(one, path[2:])
			v.SetMapIndex(key, one)
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i), path[2:])
		}
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int:
		v.SetInt(v.Int() + 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(full))
	f.Add([]byte("tags: &a [*a]"))
	f.Add([]byte("images: &a {<<: *a}"))
	f.Add([]byte("project: &a *a"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, d := decode(File, func(string) ([]byte, error) { return text, nil })
		if err := problemsError(File, d.problems); err != nil && err.Error() == "" {
			t.Error("a problem says nothing")
		}
	})
}

func TestVarsFromOutside(t *testing.T) {
	path := write(t, full)
	b, err := Load(path, map[string]string{"packages": "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := Resolve(b, "17.5.0+ce.1")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.Variants[0].Build.Package.URL, "http://127.0.0.1:1/gitlab-ce_17.5.0-ce.1_amd64.deb"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err = Load(path, map[string]string{"pakages": ""})
	var unknown *UnknownVarError
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "no var pakages in amiship.yaml; there is flavour or packages") {
		t.Errorf("got %v", err)
	}
}

func TestChecksAndBuildsOfARelease(t *testing.T) {
	b, err := Load(write(t, full), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Resolve(b, "17.5.0+ee.2")
	if err != nil {
		t.Fatal(err)
	}
	premium, ultimate := d.Variants[0], d.Variants[1]
	want := []release.Check{{Run: "cat /etc/gitlab", Exit: 3, Contains: "{host}"}, {Run: "cat /etc/premium", Differs: true}, {
		Path: "/", Port: 443, Status: 200, HTTPS: true, Insecure: true, Method: "PUT", Headers: map[string]string{"Host": "{host}"}, Body: "17",
		Answers: map[string]string{"Server": "premium"}, After: release.AfterLaunch,
	}, {TCP: 5432}}
	if diff := cmp.Diff(want, premium.Checks); diff != "" {
		t.Error(diff)
	}
	if d.BuildNumber != 2 || d.Policy.ImageWithin != 6*time.Hour || premium.TestWithin != 5*time.Minute || len(ultimate.Checks) != 5 || premium.ChecksDigest() == ultimate.ChecksDigest() {
		t.Errorf("got build %d, %v, %d checks", d.BuildNumber, premium.TestWithin, len(ultimate.Checks))
	}
	if diff := cmp.Diff([]string{"679593333241", "684062674729"}, premium.Share); diff != "" {
		t.Error(diff)
	}
	if _, err := Resolve(b, "17.5.0+ee.x"); err == nil {
		t.Error("a build that is no number was taken")
	}
}

// TestLaunchTargets: each instance type is tried in each subnet, in the catalog's order.
func TestLaunchTargets(t *testing.T) {
	b, err := Load(write(t, full), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Resolve(b, "17.5.0+ee.2")
	if err != nil {
		t.Fatal(err)
	}
	want := []release.LaunchTarget{{InstanceType: "m7i.large", Subnet: "subnet-0ab"}, {InstanceType: "m7i.large", Subnet: "subnet-0cd"}, {InstanceType: "m6i.large", Subnet: "subnet-0ab"}, {InstanceType: "m6i.large", Subnet: "subnet-0cd"}}
	if diff := cmp.Diff(want, d.Variants[0].Build.LaunchTargets()); diff != "" {
		t.Error(diff)
	}
	if one := (Build{}).targets(AMD64); len(one) != 1 {
		t.Errorf("without a type and a subnet there are %v", one)
	}
}
