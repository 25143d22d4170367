package catalog

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const minimal = `version: 1
project: prometheus
tags:
  - {pattern: "v{version}-rc{n}", skip: release candidates get no images}
  - {pattern: "v{version}"}
base: {owner: "136693071363", name: "debian-12-{arch}-*", user: admin}
build: {region: us-east-1, template: image.pkr.hcl}
regions:
  required: [us-east-1, eu-west-1]
package: {apt: prometheus}
images:
  prometheus:
    public: true
    name: "Prometheus {version}"
    parameters: [{name: "/prometheus/{version}/{arch}"}]
`

// write puts a catalog and a template into a new directory.
func write(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{File: text, "image.pkr.hcl": "# template\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, File)
}

func TestResolve(t *testing.T) {
	b, err := Load(write(t, minimal), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Resolve(b, "v2.42.0")
	if err != nil {
		t.Fatal(err)
	}
	v := d.Variants[0]
	got := []any{len(d.Variants), d.Version.Minor, v.Name, v.Arch, v.Parameters[0].Name, v.Build.Base.Name, v.Build.Package.Version, len(d.Targets)}
	want := []any{1, uint64(42), "Prometheus 2.42.0", "amd64", "/prometheus/2.42.0/amd64", "debian-12-amd64-*", "2.42.0", 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSnapshotOfAPrivateAMI: it stays private whatever the catalog says, which is a note.
func TestSnapshotOfAPrivateAMI(t *testing.T) {
	for public, want := range map[string]string{"true": "", "false": "amiship.yaml:14:22: images.prometheus.public_snapshot: has no effect: the AMI is private"} {
		b, err := Load(write(t, strings.ReplaceAll(minimal, "    public: true\n", "    public: "+public+"\n    public_snapshot: true\n")), nil)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Resolve(b, "v2.42.0")
		if err != nil {
			t.Fatal(err)
		}
		if notes := strings.Join(b.Notes(), "\n"); !strings.HasPrefix(notes, want) || (notes == "") != (want == "") || d.PublicSnapshots() != (want == "") {
			t.Errorf("public: %s: public snapshots: %v, notes %q", public, d.PublicSnapshots(), notes)
		}
	}
}

// TestCommit: what was loaded at a commit is wanted by it, and its paths are those
// of the files that it is made of.
func TestCommit(t *testing.T) {
	b, err := Load(write(t, replace(t, minimal, "template: image.pkr.hcl", "template: image.pkr.hcl, files: [amiship.yaml]")), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{File, "image.pkr.hcl", "amiship.yaml"}, b.Paths()); diff != "" {
		t.Error(diff)
	}
	b.Commit = "0123456789abcdef0123456789abcdef01234567"
	for _, tag := range []string{"v2.42.0", "v2.42.0-rc1"} {
		if d, err := Resolve(b, tag); err != nil || d.Commit != b.Commit {
			t.Errorf("%s: %q, %v", tag, d.Commit, err)
		}
	}
}

func TestResolveProblems(t *testing.T) {
	b, err := Load(write(t, minimal), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Resolve(b, "v2.42.0+ds-5+deb12u1")
	var problems *Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want *Problems", err)
	}
	for _, want := range []string{
		`amiship.yaml:14:11: images.prometheus.name: AMI name "Prometheus 2.42.0+ds-5+deb12u1": AWS refuses "+"`,
		`amiship.yaml:15:25: images.prometheus.parameters[0].name: parameter name "/prometheus/2.42.0+ds-5+deb12u1/amd64"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
}
