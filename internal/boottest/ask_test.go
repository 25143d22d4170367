package boottest

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"amiship/internal/release"
)

// server answers a check, and is a machine at its port.
func server(t *testing.T, secure bool, answer http.HandlerFunc) (Machine, int, *httptest.Server) {
	t.Helper()
	s := httptest.NewUnstartedServer(answer)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	addr, ok := s.Listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal(s.Listener.Addr())
	}
	return Machine{ID: "i-1", Address: addr.IP.String(), Host: "ec2-1"}, addr.Port, s
}

// once asks a machine one time.
func once(t *testing.T, m Machine, c release.Check) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	return Test{Hide: hide}.get(ctx, m, URL(m, c), at(m, c))
}

// TestWhatACheckAsks: the request has what the catalog says, and the answer is compared
// with what it wants; what was answered shows.
func TestWhatACheckAsks(t *testing.T) {
	m, port, _ := server(t, false, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/long":
			fmt.Fprint(w, strings.Repeat("x", mostShown), "the end")
		case "/secret":
			fmt.Fprint(w, strings.Repeat("x", mostShown-3)+`{"seats": 5}`)
		default:
			w.Header().Set("Server", "p/1")
			fmt.Fprintf(w, "%s of %s for %s says %s to %s", r.Method, r.Header.Get("X-From"), r.Host, body, r.URL.Path)
		}
	})
	for name, c := range map[string]struct {
		check release.Check
		want  string // "": it passes
	}{
		"a page":            {release.Check{Path: "/", Contains: "GET of  for 127.0.0.1"}, ""},
		"a request":         {release.Check{Path: "/a", Headers: map[string]string{"X-From": "{instance}", "Host": "{host}"}, Body: "hello", Contains: "POST of i-1 for ec2-1 says hello to /a"}, ""},
		"a method":          {release.Check{Path: "/", Method: "PUT", Contains: "PUT of"}, ""},
		"a header":          {release.Check{Path: "/", Answers: map[string]string{"server": "p/"}}, ""},
		"another header":    {release.Check{Path: "/", Answers: map[string]string{"Server": "q/"}}, `answered with the header Server: "p/1", which does not contain "q/": "GET of`},
		"a redirect":        {release.Check{Path: "/moved", Status: 302, Answers: map[string]string{"Location": "/"}}, ""},
		"one that is taken": {release.Check{Path: "/moved", Contains: "to /"}, ""},
		"another status":    {release.Check{Path: "/", Status: 404}, `answered 200 OK, want 404: "GET of`},
		"another text":      {release.Check{Path: "/", Contains: "POST"}, `the answer does not contain "POST": "GET of`},
		"a long one":        {release.Check{Path: "/long", Contains: "y"}, strings.Repeat("x", mostShown) + `…"`},
		"a secret, cut":     {release.Check{Path: "/secret", Contains: "y"}, strings.Repeat("x", mostShown-3) + `[se…"`},
		"an open port":      {release.Check{TCP: port}, ""},
		"a closed port":     {release.Check{TCP: closedPort(t)}, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.check.TCP == 0 {
				c.check.Port = port
			}
			if c.check.Status == 0 {
				c.check.Status = 200
			}
			err := once(t, m, c.check)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // of TCP
}

// TestHTTPS: a certificate that no one vouches for is refused, unless the check accepts any.
func TestHTTPS(t *testing.T) {
	m, port, _ := server(t, true, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.TLS.ServerName) })
	check := release.Check{HTTPS: true, Port: port, Path: "/", Status: 200, Contains: "ec2-1"}
	var name x509.HostnameError
	if err := once(t, m, check); !errors.As(err, &name) {
		t.Errorf("a certificate of another name: %v", err)
	}
	named := check
	named.Headers = map[string]string{"Host": "example.com"}
	var unknown x509.UnknownAuthorityError
	if err := once(t, m, named); !errors.As(err, &unknown) {
		t.Errorf("a certificate of its own: %v", err)
	}
	check.Insecure = true
	if err := once(t, m, check); err != nil {
		t.Error(err)
	}
	if got := URL(m, check); got != fmt.Sprintf("https://127.0.0.1:%d/", port) {
		t.Error(got)
	}
}

// TestRequestsUseNoProxy: an instance is asked directly, whatever the environment says.
func TestRequestsUseNoProxy(t *testing.T) {
	client, closing := clientOf(Machine{}, release.Check{})
	defer closing()
	if transport, ok := client.Transport.(*http.Transport); !ok || transport.Proxy != nil {
		t.Errorf("%+v", client.Transport)
	}
}

// TestSteadyAnswers: an answer is told once when it has stayed the same for a minute.
func TestSteadyAnswers(t *testing.T) {
	start := time.Now()
	var s steady
	told := ""
	for at, answer := range []string{0: "a", 30: "a", 60: "a", 90: "a", 91: "b", 150: "b", 151: "b", 152: "a", 211: "a", 212: "a"} {
		if answer != "" && s.see(answer, start.Add(time.Duration(at)*time.Second)) {
			told += fmt.Sprint(answer, at, " ")
		}
	}
	if told != "a60 b151 a212 " {
		t.Errorf("told %q", told)
	}
	one, other := &unexpected{"answered 502", "at 10:01"}, &unexpected{"answered 502", "at 10:02"}
	if gist(one) != gist(fmt.Errorf("x: %w", other)) || gist(io.EOF) != "EOF" {
		t.Error("the answer's own time makes it another")
	}
}
