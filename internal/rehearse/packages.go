package rehearse

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path"
	"strings"
	"time"
)

// packageServer gives packages away over HTTP on loopback, each with its SHA-256
// in a file beside it, to those who send the headers that the real server wants.
type packageServer struct {
	url     string
	headers map[string]string // what each request must have
	files   map[string]served // by path of the address
	listen  net.Listener
	http    *http.Server
}

type served struct{ file, sha256 string }

// newPackageServer takes a free port; serve begins to answer.
func newPackageServer() (*packageServer, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve stand-ins: %w", err)
	}
	s := &packageServer{url: "http://" + l.Addr().String(), files: map[string]served{}, listen: l}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	return s, nil
}

// pathOf returns the path of an address on this server.
func (s *packageServer) pathOf(address string) (string, bool) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme+"://"+u.Host != s.url || strings.HasSuffix(u.Path, "/") {
		return "", false
	}
	return u.Path, true
}

// add puts a file at a path of the server, as it is now.
func (s *packageServer) add(at, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, f); err != nil {
		return err
	}
	s.files[at] = served{file: file, sha256: fmt.Sprintf("%x", digest.Sum(nil))}
	return nil
}

// serve answers until close. Nothing is added from now on.
func (s *packageServer) serve() { go func() { _ = s.http.Serve(s.listen) }() }

func (s *packageServer) close() error { return errors.Join(s.http.Close(), closed(s.listen)) }

// closed closes what may be closed already.
func closed(l net.Listener) error {
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func (s *packageServer) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !s.admits(req.Header) {
		http.Error(w, "401 the headers of the catalog's package are missing, or have other values", http.StatusUnauthorized)
		return
	}
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		http.Error(w, "405 packages can be read", http.StatusMethodNotAllowed)
		return
	}
	if f, ok := s.files[req.URL.Path]; ok {
		http.ServeFile(w, req, f.file)
		return
	}
	if at, ok := strings.CutSuffix(req.URL.Path, ".sha256"); ok && s.files[at].file != "" {
		fmt.Fprintf(w, "%s  %s\n", s.files[at].sha256, path.Base(at))
		return
	}
	http.NotFound(w, req)
}

func (s *packageServer) admits(h http.Header) bool {
	for name, want := range s.headers {
		if subtle.ConstantTimeCompare([]byte(h.Get(name)), []byte(want)) != 1 {
			return false
		}
	}
	return true
}
