package rehearse

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiship/internal/release"
	"amiship/internal/source"
)

const token = "a-token"

// served starts a server with one package; it returns the package's file.
func serving(t *testing.T) (*packageServer, string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "product_1_all.bin")
	if err := os.WriteFile(file, []byte("a package"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := newPackageServer()
	if err != nil {
		t.Fatal(err)
	}
	s.headers = map[string]string{"JOB-TOKEN": token}
	if err := s.add("/dir/product_1_all.bin", file); err != nil {
		t.Fatal(err)
	}
	s.serve()
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s, file
}

func request(t *testing.T, method, url, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("JOB-TOKEN", token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestPackageServer(t *testing.T) {
	s, _ := serving(t)
	digest := fmt.Sprintf("%x  product_1_all.bin\n", sha256.Sum256([]byte("a package")))
	for name, c := range map[string]struct {
		method, path, token string
		status              int
		body                string
	}{
		"the package":      {"GET", "/dir/product_1_all.bin", token, 200, "a package"},
		"its digest":       {"GET", "/dir/product_1_all.bin.sha256", token, 200, digest},
		"no token":         {"GET", "/dir/product_1_all.bin", "", 401, ""},
		"another token":    {"GET", "/dir/product_1_all.bin", token + "s", 401, ""},
		"no token, digest": {"GET", "/dir/product_1_all.bin.sha256", "", 401, ""},
		"no token, absent": {"GET", "/nothing", "", 401, ""},
		"absent":           {"GET", "/nothing", token, 404, ""},
		"absent, digest":   {"GET", "/nothing.sha256", token, 404, ""},
		"another place":    {"GET", "/product_1_all.bin", token, 404, ""},
		"the directory":    {"GET", "/dir/", token, 404, ""},
		"a way out":        {"GET", "/dir/../../../etc/passwd", token, 404, ""},
		"writing":          {"PUT", "/dir/product_1_all.bin", token, 405, ""},
	} {
		t.Run(name, func(t *testing.T) {
			status, body := request(t, c.method, s.url+c.path, c.token)
			if status != c.status || c.body != "" && body != c.body {
				t.Errorf("answered %d %q, want %d %q", status, body, c.status, c.body)
			}
			if strings.Contains(body, token) {
				t.Errorf("the answer shows the token: %s", body)
			}
		})
	}
}

func TestPackageServerIsOnLoopbackOnly(t *testing.T) {
	s, _ := serving(t)
	if at := s.listen.Addr().(*net.TCPAddr); !at.IP.IsLoopback() {
		t.Errorf("listens at %s", at)
	}
}

func TestPackageServerEnds(t *testing.T) {
	s, err := newPackageServer()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Errorf("before it has served: %v", err)
	}
	if _, err := net.Dial("tcp", s.listen.Addr().String()); err == nil {
		t.Error("it still listens")
	}
}

func TestPathOf(t *testing.T) {
	s, _ := serving(t)
	for address, want := range map[string]string{
		s.url + "/a/b%2B1.deb":          "/a/b+1.deb",
		s.url + "/a/":                   "",
		s.url + "1/a.deb":               "",
		"https://example.com/a.deb":     "",
		"http://127.0.0.1:1/a.deb":      "",
		"http://[::1/a.deb":             "",
		strings.ToUpper(s.url) + "/a.d": "/a.d",
	} {
		got, ok := s.pathOf(address)
		if got != want || ok != (want != "") {
			t.Errorf("pathOf(%s) is %q, want %q", address, got, want)
		}
	}
}

// TestPackagesAreRefused as the release does it, with what its own fetching says.
func TestPackagesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		secret release.Secret
		spoil  func(t *testing.T, file string)
		want   string
	}{
		"whole":      {secret: release.Secret{Command: []string{"echo", token}}},
		"truncated":  {release.Secret{Command: []string{"echo", token}}, func(t *testing.T, f string) { rewrite(t, f, "a pack") }, "its SHA-256 is"},
		"changed":    {release.Secret{Command: []string{"echo", token}}, func(t *testing.T, f string) { rewrite(t, f, "b package") }, "its SHA-256 is"},
		"gone":       {release.Secret{Command: []string{"echo", token}}, func(t *testing.T, f string) { rewrite(t, f, "") }, "404 Not Found"},
		"old token":  {release.Secret{Command: []string{"echo", "old"}}, nil, "401 Unauthorized: not accepted: JOB-TOKEN"},
		"no headers": {release.Secret{}, nil, "401 Unauthorized: it wants credentials, and none are sent"},
	} {
		t.Run(name, func(t *testing.T) {
			s, file := serving(t)
			if c.spoil != nil {
				c.spoil(t, file)
			}
			address := s.url + "/dir/product_1_all.bin"
			p := release.Package{URL: address, SHA256URL: address + ".sha256"}
			if !c.secret.IsZero() {
				p.Headers = map[string]release.Secret{"JOB-TOKEN": c.secret}
			}
			_, err := (&source.Store{Dir: t.TempDir()}).Fetch(t.Context(), p)
			if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("fetched with %v, want %s", err, c.want)
			}
		})
	}
}

// rewrite changes a file; to nothing is to remove it.
func rewrite(t *testing.T, file, text string) {
	t.Helper()
	err := os.Remove(file)
	if text != "" {
		err = errors.Join(err, os.WriteFile(file, []byte(text), 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
}
