package sandbox

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestTellsAddresses: a client is told its own address; whatever else it asks goes on.
func TestTellsAddresses(t *testing.T) {
	rest := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for name, c := range map[string]struct {
		method, path, from string
		status             int
		want               string
	}{
		"IPv4":          {"GET", addressPath, "127.0.0.1:4711", 200, "127.0.0.1\n"},
		"IPv6":          {"GET", addressPath, "[::1]:4711", 200, "::1\n"},
		"not to a POST": {"POST", addressPath, "127.0.0.1:4711", http.StatusTeapot, ""},
		"AWS's calls":   {"GET", "/", "127.0.0.1:4711", http.StatusTeapot, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := httptest.NewRequest(c.method, c.path, nil), httptest.NewRecorder()
			r.RemoteAddr = c.from
			tellingAddresses(rest).ServeHTTP(w, r)
			if w.Code != c.status || w.Body.String() != c.want {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, c.status, c.want)
			}
		})
	}
}
