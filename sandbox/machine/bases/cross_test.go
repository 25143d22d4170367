package bases

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// other is the architecture that has to be emulated here.
func other() string {
	if runtime.GOARCH == "arm64" {
		return "amd64"
	}
	return "arm64"
}

func TestTwin(t *testing.T) {
	for _, r := range recipes(other()) {
		twin := r.twin()
		if twin.foreign() || twin.suite != r.suite || !r.foreign() {
			t.Errorf("the twin of %s is %+v", r.layer(), twin)
		}
		if r.digest() == twin.digest() {
			t.Errorf("%s has no files of its own for where it is emulated", r.layer())
		}
		for _, in := range r.standIns() {
			if twin := in.twin(); twin.suite != in.suite || twin.standsIn != "" {
				t.Errorf("the twin of what stands in for %s is %+v", r.layer(), twin)
			}
		}
	}
}

// A base whose twin is a stand-in has one itself: programs of one distribution
// do not run on the libraries of another.
func TestStandInOfATwin(t *testing.T) {
	ports := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer ports.Close()
	s := Open(t.TempDir(), quiet(t))
	s.ubuntu = map[string]string{other(): ports.URL}
	jammy := recipes(other())[0]
	standIn := s.path(jammy.twin().standIns()[0])
	keys := filepath.Join(s.dir, "ubuntu-keyring", ubuntuKeyring)
	for _, dir := range []string{standIn, filepath.Dir(keys)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(writeInfo(standIn, info{}), os.WriteFile(keys, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.source(t.Context(), jammy); err == nil || !strings.Contains(err.Error(), "is a stand-in") {
		t.Errorf("with a twin that stands in: %v", err)
	}
	if err := writeInfo(mkdir(t, s.path(jammy.twin())), info{}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.source(t.Context(), jammy); err != nil {
		t.Errorf("with a twin: %v", err)
	}
}

func mkdir(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What a built base says of itself tells how long it took.
func TestPromise(t *testing.T) {
	s := Open(t.TempDir(), quiet(t))
	r := recipes(other())[2]
	if err := writeInfo(mkdir(t, s.path(r)), info{Description: r.describe(), Seconds: 42}); err != nil {
		t.Fatal(err)
	}
	for _, b := range s.List() {
		want := "Debian 12"
		if b.Layer == r.layer() {
			want = "Debian 12, " + other() + " by emulation, built in 42 s"
		}
		if strings.HasPrefix(b.Layer, "base/debian-12/") && b.Description != want {
			t.Errorf("%s is %q, want %q", b.Layer, b.Description, want)
		}
	}
}

func TestAptConfig(t *testing.T) {
	got := aptConfig("/half/work", "arm64", `Acquire "";
Acquire::http::Proxy "http://proxy.example";
Acquire::IndexTargets::deb::DEP-11::MetaKey "x";
`)
	for _, want := range []string{
		"Acquire::http::Proxy \"http://proxy.example\";\n", "APT::Architecture \"arm64\";\n",
		"Dir::State::status \"/half/work/status\";\n", "Dir::Etc::parts \"/dev/null\";\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "DEP-11") {
		t.Errorf("it wants of the archive what packages need not:\n%s", got)
	}
}

// Scripts change what has rights of its own, and the twin's must not change.
func TestLendable(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path, exe, 0o755), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tool := put("tool", 0o755)
	script := filepath.Join(dir, "script")
	if err := errors.Join(os.WriteFile(script, []byte("#!/bin/sh\n"), 0o755), os.Symlink("tool", filepath.Join(dir, "link"))); err != nil {
		t.Fatal(err)
	}
	var is unix.Stat_t
	if err := unix.Lstat(tool, &is); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"dpkg": put("dpkg-query", 0o755), "ldconfig": put("ldconfig", 0o755), "a script": script,
		"a link": filepath.Join(dir, "link"), "none": filepath.Join(dir, "none"),
	} {
		if lendable(path, path) {
			t.Errorf("%s would be lent", name)
		}
	}
	if lendable(tool, tool) != (is.Uid == 0 && is.Gid == 0) {
		t.Error("a plain program of root's is lent, and no other")
	}
	if path := put("suid", 0o755|os.ModeSetuid); lendable(path, path) {
		t.Error("a set-user-ID program would be lent")
	}
}
