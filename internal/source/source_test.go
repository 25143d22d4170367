package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"amiship/internal/release"
)

// deb builds a Debian package with nothing in it, and returns its bytes.
func deb(t *testing.T, version, arch string) []byte {
	t.Helper()
	dir := t.TempDir()
	control := fmt.Sprintf("Package: product\nVersion: %s\nArchitecture: %s\nMaintainer: Nobody <nobody@example.com>\nDescription: a test\n", version, arch)
	if err := os.MkdirAll(filepath.Join(dir, "root/DEBIAN"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "root/DEBIAN/control"), []byte(control), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "product.deb")
	if out, err := exec.CommandContext(t.Context(), "dpkg-deb", "--build", filepath.Join(dir, "root"), file).CombinedOutput(); err != nil {
		t.Fatalf("dpkg-deb: %v\n%s", err, out)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// server answers for a package and its digest; asked counts the downloads.
type server struct {
	*httptest.Server
	asked atomic.Int32
}

func serve(t *testing.T, content []byte) *server {
	s := &server{}
	mux := http.NewServeMux()
	mux.HandleFunc("/product.deb", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("JOB-TOKEN") != "token-0815" {
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		s.asked.Add(1)
		_, _ = w.Write(content)
	})
	mux.HandleFunc("/product.deb.sha256", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "%s  product.deb\n", Digest(content))
	})
	mux.HandleFunc("/short.deb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content[:len(content)/2])
	})
	s.Server = httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

func (s *server) pkg(file string, content []byte) release.Package {
	return release.Package{
		URL: s.URL + file, SHA256: Digest(content), Version: "17.5.0", Arch: "amd64",
		Headers: map[string]release.Secret{"JOB-TOKEN": {Env: "TEST_JOB_TOKEN"}},
	}
}

func TestFetchURL(t *testing.T) {
	t.Setenv("TEST_JOB_TOKEN", "token-0815")
	content := deb(t, "17.5.0-ee.0", "amd64")
	s, store := serve(t, content), &Store{Dir: t.TempDir()}
	p := s.pkg("/product.deb", nil)
	p.SHA256, p.SHA256URL = "", s.URL+"/product.deb.sha256"
	for range 2 {
		f, err := store.Fetch(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := hashFile(f.Path); err != nil || got != f.SHA256 || f.Version != "17.5.0-ee.0" || f.Arch != "amd64" {
			t.Errorf("got %+v, %v", f, err)
		}
	}
	if n := s.asked.Load(); n != 1 {
		t.Errorf("downloaded %d times, want once", n)
	}
}

func TestFetchDistrustsTheCache(t *testing.T) {
	t.Setenv("TEST_JOB_TOKEN", "token-0815")
	content := deb(t, "17.5.0", "amd64")
	s, store := serve(t, content), &Store{Dir: t.TempDir()}
	f, err := store.Fetch(t.Context(), s.pkg("/product.deb", content))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Fetch(t.Context(), s.pkg("/product.deb", content)); err != nil || s.asked.Load() != 2 {
		t.Errorf("got %v after %d downloads, want a second one", err, s.asked.Load())
	}
}

func TestFetchRefuses(t *testing.T) {
	content := deb(t, "17.5.0", "amd64")
	s := serve(t, content)
	for name, c := range map[string]struct {
		pkg   release.Package
		token string
		want  string
	}{
		"a wrong digest":         {s.pkg("/product.deb", []byte("other")), "token-0815", "its SHA-256 is " + Digest(content)},
		"a download cut short":   {s.pkg("/short.deb", content), "token-0815", "unexpected EOF"},
		"a wrong secret":         {s.pkg("/product.deb", content), "wrong", "401 Unauthorized: not accepted: JOB-TOKEN from environment variable TEST_JOB_TOKEN"},
		"no secret":              {s.pkg("/product.deb", content), "", "header JOB-TOKEN: environment variable TEST_JOB_TOKEN: has no value"},
		"what is not there":      {s.pkg("/nothing.deb", content), "token-0815", "404 Not Found"},
		"another version":        {with(s.pkg("/product.deb", content), "17.6.0", "amd64"), "token-0815", "its version is 17.5.0, not 17.6.0"},
		"another architecture":   {with(s.pkg("/product.deb", content), "17.5.0", "arm64"), "token-0815", "its architecture is amd64, not arm64"},
		"a package without hash": {s.pkg("/product.deb", nil), "token-0815", "no SHA-256 is known for it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TEST_JOB_TOKEN", c.token)
			dir := t.TempDir()
			_, err := (&Store{Dir: dir}).Fetch(t.Context(), c.pkg)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if left, _ := filepath.Glob(filepath.Join(dir, "partial-*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if err != nil && strings.Contains(err.Error(), "0815") {
				t.Errorf("the token shows in %v", err)
			}
		})
	}
}

func with(p release.Package, version, arch string) release.Package {
	p.Version, p.Arch = version, arch
	return p
}

func TestTokensStayOnTheirHost(t *testing.T) {
	t.Setenv("TEST_JOB_TOKEN", "token-0815")
	content := deb(t, "17.5.0", "amd64")
	leaked := make(chan string, 1)
	bucket := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leaked <- r.Header.Get("JOB-TOKEN")
		_, _ = w.Write(content)
	}))
	defer bucket.Close()
	front := httptest.NewServer(http.RedirectHandler(bucket.URL+"/product.deb?signature=abc", http.StatusFound))
	defer front.Close()
	p := (&server{Server: front}).pkg("/product.deb", content)
	if _, err := (&Store{Dir: t.TempDir()}).Fetch(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if got := <-leaked; got != "" {
		t.Errorf("the bucket was sent %q", got)
	}
}

func TestFetchFile(t *testing.T) {
	content := deb(t, "1.0-1", "all")
	file := filepath.Join(t.TempDir(), "product.deb")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	store := &Store{Dir: t.TempDir()}
	f, err := store.Fetch(t.Context(), release.Package{File: file, Version: "1.0", Arch: "arm64"})
	if err != nil || f.SHA256 != Digest(content) || f.Arch != "all" {
		t.Errorf("got %+v, %v", f, err)
	}
	var wrong *MismatchError
	if _, err := store.Fetch(t.Context(), release.Package{File: file, SHA256: strings.Repeat("0", 64)}); !errors.As(err, &wrong) {
		t.Errorf("got %v, want a *MismatchError", err)
	}
	if _, err := store.Fetch(t.Context(), release.Package{File: file + "x"}); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("got %v", err)
	}
}

func TestFindDigest(t *testing.T) {
	hex := strings.Repeat("ab", 32)
	for name, c := range map[string]struct{ text, want string }{
		"alone":                {hex, hex},
		"with its name":        {hex + "  product.deb\n", hex},
		"in binary mode":       {strings.ToUpper(hex) + " *product.deb\n", hex},
		"among others":         {strings.Repeat("0", 64) + "  a\n" + hex + "  ./product.deb\n", hex},
		"of others only":       {strings.Repeat("0", 64) + "  a\n" + hex + "  b\n", ""},
		"a page of some proxy": {"<html>" + hex + "</html>", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := findDigest(c.text, "product.deb")
			if got != c.want || (err != nil) != (c.want == "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestFits(t *testing.T) {
	for _, c := range []struct {
		version, want string
		fits          bool
	}{
		{"2.42.0+ds-5+deb12u1", "2.42.0", true},
		{"2.42.0+ds-5+deb12u1", "2.42.0+ds", true},
		{"2.42.0+ds-5+deb12u1", "2.42.0+ds-5+deb12u1", true},
		{"2.42.0+ds-5+deb12u1", "2.42", false},
		{"1:17.5.0-ee.0", "17.5.0", true},
		{"1:17.5.0-ee.0", "1:17.5.0-ee.0", true},
		{"17.5.0", "17.5.0", true},
		{"2.42.0-rc1", "2.42.0", true}, // a revision; a release candidate is written 2.42.0~rc1
		{"2.42.0~rc1-1", "2.42.0", false},
	} {
		if got := fits(c.version, c.want); got != c.fits {
			t.Errorf("fits(%s, %s) = %v", c.version, c.want, got)
		}
	}
}

func TestSecret(t *testing.T) {
	file := filepath.Join(t.TempDir(), "license")
	if err := os.WriteFile(file, []byte("BEGIN\nEND\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_SECRET", "value\n")
	t.Setenv("TEST_EMPTY", " \n")
	for name, c := range map[string]struct {
		secret    release.Secret
		want, err string
	}{
		"from the environment":     {release.Secret{Env: "TEST_SECRET"}, "value", ""},
		"from a file":              {release.Secret{File: file}, "BEGIN\nEND\n", ""},
		"from a command":           {release.Secret{Command: []string{"echo", "value"}}, "value", ""},
		"empty":                    {release.Secret{Env: "TEST_EMPTY"}, "", "environment variable TEST_EMPTY: has no value"},
		"from a command that ends": {release.Secret{Command: []string{"false"}}, "", "command false: exit status 1"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Secret(t.Context(), c.secret)
			if string(got) != c.want || (c.err != "") != (err != nil) || err != nil && err.Error() != c.err {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestFetchStops(t *testing.T) {
	t.Setenv("TEST_JOB_TOKEN", "token-0815")
	ctx, cancel := context.WithCancel(t.Context())
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		http.Error(w, "busy", http.StatusServiceUnavailable)
	}))
	defer busy.Close()
	p := (&server{Server: busy}).pkg("/product.deb", []byte("x"))
	if _, err := (&Store{Dir: t.TempDir()}).Fetch(ctx, p); err == nil {
		t.Error("got no error")
	}
}
