package scenarios

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// packageServer serves the files of a bundle.
type packageServer struct {
	dir string

	mu   sync.Mutex
	loss string // what becomes of the next answer; empty: it comes
}

// servePackages has a catalog get its package from a server, if it has it from a file.
func servePackages(t *testing.T, file string) *packageServer {
	t.Helper()
	s := &packageServer{dir: filepath.Dir(file)}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	writeFile(t, file, strings.Replace(readFile(t, file), "package: {file: prometheus.deb,", `package: {url: "`+srv.URL+`/prometheus.deb",`, 1))
	return s
}

// lose says what becomes of the next answer.
func (s *packageServer) lose(how string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loss = how
}

func (s *packageServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	how := s.loss
	s.loss = ""
	s.mu.Unlock()
	content, err := os.ReadFile(filepath.Join(s.dir, filepath.Base(r.URL.Path)))
	switch {
	case err != nil:
		http.NotFound(w, r)
	case how == "":
		_, _ = w.Write(content)
	default:
		loseAnswer(w, r, content, how)
	}
}

// loseAnswer sends what comes of an answer that is silent, stalled or cut.
func loseAnswer(w http.ResponseWriter, r *http.Request, content []byte, how string) {
	if how != "silent" {
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content[:len(content)/2])
		_ = http.NewResponseController(w).Flush()
	}
	if how != "cut" {
		<-r.Context().Done()
	}
	panic(http.ErrAbortHandler)
}
