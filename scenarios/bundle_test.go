package scenarios

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// instantBundle is the example for instant machines, in a directory of its own.
func instantBundle(t testing.TB) string {
	t.Helper()
	return asksLittle(t, copyBundle(t, t.TempDir()))
}

// asksLittle asks of machines what every one answers: instant ones too, and those
// with an empty package.
func asksLittle(t testing.TB, file string) string {
	t.Helper()
	cutAt(t, file, "    checks:\n")
	appendTo(t, file, "    checks: [{run: \"true\"}]\n")
	return file
}

// copyBundle is the example with its package from a file, made on the spot: an
// empty .deb is enough where no machine installs it.
func copyBundle(t testing.TB, dir string) string {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "examples", "prometheus"))); err != nil {
		t.Fatal(err)
	}
	makeDeb(t, filepath.Join(dir, "prometheus.deb"), "2.42.0")
	file := filepath.Join(dir, "amiship.yaml")
	replaceIn(t, file, "package: {apt: prometheus}", "package: {file: prometheus.deb, sha256: "+sha256Of(t, filepath.Join(dir, "prometheus.deb"))+"}")
	return file
}

// makeDeb builds a package with nothing in it but what the example's first boot
// asks for. Its content is the same each time.
func makeDeb(t testing.TB, path, version string) {
	t.Helper()
	makeDebFor(t, path, version, "amd64")
}

func makeDebFor(t testing.TB, path, version, arch string) {
	t.Helper()
	root := path + ".d"
	defer os.RemoveAll(root)
	if err := os.MkdirAll(filepath.Join(root, "DEBIAN"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"etc/default/prometheus":                "ARGS=\"\"\n",
		"lib/systemd/system/prometheus.service": "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n",
	} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	control := "Package: prometheus\nVersion: " + version + "\nArchitecture: " + arch + "\nMaintainer: nobody <nobody@example.com>\nDescription: empty\n"
	if err := os.WriteFile(filepath.Join(root, "DEBIAN", "control"), []byte(control), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dpkg-deb", "--build", "--root-owner-group", root, path)
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH=1700000000")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
}

// servedDeb is such a package to be served, with its digest beside it.
func servedDeb(t testing.TB, path, version, arch string) {
	t.Helper()
	makeDebFor(t, path, version, arch)
	writeFile(t, path+".sha256", sha256Of(t, path)+"\n")
}

var packageLine = regexp.MustCompile(`(?m)^package: .*$`)

// packageFrom has a bundle take its package from somewhere else.
func packageFrom(t testing.TB, file, source string) {
	t.Helper()
	writeFile(t, file, packageLine.ReplaceAllLiteralString(readFile(t, file), "package: "+source))
}

func sha256Of(t testing.TB, path string) string {
	t.Helper()
	out, err := exec.Command("sha256sum", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	sum, _, _ := strings.Cut(string(out), " ")
	return sum
}
