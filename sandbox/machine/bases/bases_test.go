package bases

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func quiet(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func TestParseArchives(t *testing.T) {
	const lines = `Debian|Debian|http://mirror.example/debian/|/etc/a.sources:1
Debian|Debian|http://mirror.example/debian/|/etc/a.sources:1
Debian|Debian-Security|http://mirror.example/security|/etc/a.sources:2
Other|Other|file:/srv/packages|/etc/b.list:7
`
	got := parseArchives(lines, func(entry string) string { return entry })
	want := []archive{
		{"Debian", "Debian", "http://mirror.example/debian", "/etc/a.sources:1"},
		{"Debian", "Debian-Security", "http://mirror.example/security", "/etc/a.sources:2"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(archive{})); diff != "" {
		t.Error(diff)
	}
	r := recipes("amd64")[2]
	src := debianSource(r, want)
	lists := []string{
		"deb http://mirror.example/debian bookworm main",
		"deb http://mirror.example/debian bookworm-updates main",
		"deb http://mirror.example/security bookworm-security main",
	}
	if diff := cmp.Diff(lists, src.lines); diff != "" {
		t.Error(diff)
	}
}

func TestSignedBy(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a.sources": "Types: deb\nSigned-By: /keys/one.gpg\n\nTypes: deb\nURIs: http://x\nSigned-By:\n -----BEGIN PGP\n",
		"b.list":    "# a comment\ndeb [arch=amd64 signed-by=/keys/two.gpg] http://x y main\ndeb http://x y main\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for entry, want := range map[string]string{
		"a.sources:1": "/keys/one.gpg", "a.sources:2": "", "b.list:2": "/keys/two.gpg",
		"b.list:3": "", "b.list:9": "", "none:1": "", "b.list:x": "",
	} {
		if got := signedBy(filepath.Join(dir, entry)); got != want {
			t.Errorf("%s: %q, want %q", entry, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	for layer, want := range map[string]string{
		"base/ubuntu-22.04/amd64": "", "base/debian-12/arm64": "",
		"base/plan9/amd64": "no base is named plan9", "snap-1": "names no base", "base/debian-12": "names no base",
	} {
		_, err := find(layer)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", layer, err, want)
		}
	}
	s := Open(t.TempDir(), quiet(t))
	if !s.Has("base/debian-12/amd64") || !s.Has("base/debian-12/arm64") || s.Has("base/plan9/amd64") || s.Has("base/debian-12/vax") {
		t.Error("Has: amd64 and arm64 can be built, plan9 and vax cannot")
	}
	if _, err := s.Prepare(t.Context(), "base/debian-12/vax"); err == nil || !strings.Contains(err.Error(), "for vax cannot be built") {
		t.Errorf("prepare a base for a VAX: %v", err)
	}
}

// Where Ubuntu's archive does not answer, Debian stands in and says so.
func TestStandIn(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	defer gone.Close()
	s := Open(t.TempDir(), quiet(t))
	s.ubuntu = map[string]string{"amd64": gone.URL, "arm64": gone.URL}
	r, src, err := s.choose(t.Context(), recipes("amd64")[0])
	if err != nil {
		t.Fatal(err)
	}
	if r.suite != "bookworm" || r.user != "ubuntu" || r.name != "ubuntu-22.04" || len(src.lines) < 2 {
		t.Errorf("the stand-in is %+v from %+v", r, src)
	}
	const want = "Debian 12 replaces Ubuntu 22.04"
	if r.describe() != want {
		t.Errorf("it says it is %q", r.describe())
	}

	// Once it is built, the list says so too, and it is what Prepare returns.
	dir := s.path(r)
	if err := errors.Join(os.MkdirAll(dir, 0o755), writeInfo(dir, info{Description: r.describe()})); err != nil {
		t.Fatal(err)
	}
	if got := s.List()[0]; got.Layer != "base/ubuntu-22.04/amd64" || got.Description != want {
		t.Errorf("listed as %+v", got)
	}
	if got, err := s.Prepare(t.Context(), "base/ubuntu-22.04/amd64"); err != nil || got != filepath.Join(dir, "root") {
		t.Errorf("prepared: %s, %v", got, err)
	}
}

func TestOneBuilderAtATime(t *testing.T) {
	s := Open(t.TempDir(), quiet(t))
	r := recipes("amd64")[0]
	first, err := s.lock(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := s.lock(ctx, r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second builder: %v", err)
	}
	first.Close()
	second, err := s.lock(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
}

func TestFetchBelievesTheDigestOnly(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("keys")) }))
	defer srv.Close()
	const sum = "28ea4c2a9e6ac1a52ea0b7b2e2d7a3f3a9a3f6d6c2d3a5a1f0f0f0f0f0f0f0f0"
	if _, err := fetch(t.Context(), srv.URL, sum); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("other bytes: %v", err)
	}
}

// A recipe is told from a changed one, or bases would not be built again.
func TestDigest(t *testing.T) {
	r := recipes("amd64")[0]
	other := r
	other.packages = append([]string{"vim"}, r.packages...)
	if r.digest() == other.digest() || r.digest() != recipes("amd64")[0].digest() {
		t.Errorf("digests: %s, %s", r.digest(), other.digest())
	}
}
