package catalog

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bundle writes a catalog, and others beside it.
func bundle(t *testing.T, text string, others map[string]string) (dir string) {
	t.Helper()
	dir = filepath.Dir(write(t, text))
	for name, text := range others {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestExtends: a catalog has what it extends, but for what it has itself.
func TestExtends(t *testing.T) {
	dir := bundle(t, full, map[string]string{
		"common.yaml": "extends: amiship.yaml\nlistings: null\nshare: null\n",
		"gov.yaml": `extends: common.yaml
base: {owner: "513442679011"}
build: {region: us-gov-west-1, subnet: null, disk: {size: 40}}
regions: {required: [us-gov-west-1], best_effort: null}
checks: [{tcp: 5432}]
images:
  ce:
    name: {arm64: "GitLab {version} ARM"}
    description: null
    tags: {Type: one}
  premium: null
  ultimate: null
tags: [{pattern: "{version}+ce.{build}", images: [ce]}]
`,
	})
	b, err := Load(filepath.Join(dir, "gov.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	c := b.Catalog
	whole, err := Load(filepath.Join(dir, File), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := *whole.Catalog
	want.Extends, want.Listings, want.Share = "common.yaml", nil, nil
	want.Base.Owner = "513442679011"
	want.Build.Region, want.Build.Subnet, want.Build.Disk.Size = "us-gov-west-1", nil, 40
	want.Regions = Regions{Required: []string{"us-gov-west-1"}}
	want.Checks = []Check{{TCP: 5432}}
	ce := want.Images["ce"]
	ce.Name, ce.Description, ce.Tags = PerArch{AMD64: "GitLab CE {version}", ARM64: "GitLab {version} ARM"}, "", map[string]PerArch{"Type": {"": "one"}}
	want.Images = map[string]Image{"ce": ce}
	want.Tags = want.Tags[1:2]
	if diff := cmp.Diff(&want, c); diff != "" {
		t.Error(diff)
	}
	if paths := b.Paths(); !slices.Equal(paths[:3], []string{"gov.yaml", "common.yaml", File}) {
		t.Errorf("it is made of %v", paths)
	}
	d, err := Resolve(b, "17.5.0+ce.1")
	if err != nil {
		t.Fatal(err)
	}
	lines := d.Variants[0].Build.Lines
	if got := lines["region"] + " " + lines["template"] + " " + d.Targets[0].At; got != "gov.yaml:3 amiship.yaml:28 regions.required[0] (gov.yaml:4)" {
		t.Errorf("its fields are in %s", got)
	}
}

// TestExtendsIsRefused: a problem has the file, line and column of what is to be changed.
func TestExtendsIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"itself":                   {"extends: gov.yaml\n", "gov.yaml:1:10: extends: gov.yaml extends itself: gov.yaml extends gov.yaml"},
		"a loop":                   {"extends: loop.yaml\n", "loop.yaml:2:10: extends: gov.yaml extends itself: gov.yaml extends loop.yaml extends gov.yaml"},
		"what is not there":        {"extends: none.yaml\n", "gov.yaml:1:10: extends: read none.yaml: no such file or directory"},
		"another directory":        {"extends: ../amiship.yaml\n", `gov.yaml:1:10: extends: "../amiship.yaml" is no name of a file beside this one`},
		"a number":                 {"extends: 1\n", "gov.yaml:1:10: extends: is no text"},
		"no YAML below":            {"extends: broken.yaml\n", "broken.yaml:1:"},
		"an empty file":            {"extends: empty.yaml\n", "empty.yaml: is empty"},
		"an unknown field below":   {"extends: typo.yaml\n", "typo.yaml:2:8: base.onwer: unknown field; did you mean owner?"},
		"an unknown field":         {"extends: amiship.yaml\nbase: {onwer: \"1\"}\n", "gov.yaml:2:8: base.onwer: unknown field; did you mean owner?"},
		"a wrong value below":      {"extends: amiship.yaml\nbuild: {region: us-west-2}\n", "gov.yaml:2:17: build.region: us-west-2 must be one of regions.required"},
		"regions from below":       {"extends: amiship.yaml\nbuild: {region: us-gov-west-1}\nregions: {required: [us-gov-west-1, us-east-1]}\n", "gov.yaml:3:37: regions.required[1]: us-east-1 is in AWS's partition aws, build.region us-gov-west-1 in aws-us-gov"},
		"a share from below":       {"extends: sharing.yaml\nbuild: {region: us-gov-west-1}\nregions: {required: [us-gov-west-1]}\n", "sharing.yaml:2:9: share[0]: an organization of the partition aws has no accounts in aws-us-gov"},
		"a null that removes none": {"extends: amiship.yaml\nshare: null\n", "gov.yaml:2:8: share: has no value"},
		"an empty value":           {"extends: amiship.yaml\nimages:\n", "gov.yaml:2:9: images: has no value; null removes what the extended catalog has"},
		"a null of what is needed": {"extends: amiship.yaml\nbase: {user: null}\n", "gov.yaml:2:7: base: user is missing"},
		"a kind of another":        {"extends: amiship.yaml\nimages: [x]\n", "gov.yaml:2:9: images: is no mapping of names to values"},
		"two origins of a package": {"extends: amiship.yaml\npackage: {url: \"https://example.com/x\"}\n", "package"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := bundle(t, minimal, map[string]string{
				"gov.yaml": c.text, "loop.yaml": "version: 1\nextends: gov.yaml\n", "broken.yaml": "version: [1", "empty.yaml": "",
				"typo.yaml": "extends: amiship.yaml\nbase: {onwer: \"1\"}\n", "sharing.yaml": "extends: amiship.yaml\nshare: [\"arn:aws:organizations::123456789012:organization/o-a1b2c3d4e5\"]\n",
			})
			_, err := Load(filepath.Join(dir, "gov.yaml"), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestPartOfACatalog: what is extended need not be a whole catalog.
func TestPartOfACatalog(t *testing.T) {
	rest := strings.Replace(minimal, "version: 1\n", "extends: part.yaml\n", 1)
	dir := bundle(t, rest, map[string]string{"part.yaml": "version: 1\n"})
	if _, err := Load(filepath.Join(dir, File), nil); err != nil {
		t.Error(err)
	}
	if _, err := Load(filepath.Join(dir, "part.yaml"), nil); err == nil || !strings.Contains(err.Error(), "part.yaml: project is missing") {
		t.Errorf("the part alone: %v", err)
	}
}

// TestMergedAndOwn: a mapping's own field replaces the one that it merges.
func TestMergedAndOwn(t *testing.T) {
	text := replace(t, minimal, "public: true", "<<: {public: true, arch: [arm64], vars: {a: b}}\n    arch: [amd64]\n    vars: {c: d}")
	b, err := Load(write(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	if image := b.Catalog.Images["prometheus"]; !slices.Equal(image.Arch, []string{"amd64"}) || len(image.Vars) != 1 || !image.Public {
		t.Errorf("got %+v", image)
	}
}
