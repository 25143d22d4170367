package observe

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"amiship/internal/world"
)

// TestReportsThatDoNotCome: each is said so in its place, and none holds the read of the
// change set.
func TestReportsThatDoNotCome(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/good.json":
			fmt.Fprint(w, "found something")
			return
		case "/stalled.json", "/cut.json":
			w.Header().Set("Content-Length", "1000")
			fmt.Fprint(w, "found")
			_ = http.NewResponseController(w).Flush()
		}
		if r.URL.Path == "/long.json" {
			fmt.Fprint(w, strings.Repeat("x", maxReport+1))
			return
		}
		if r.URL.Path != "/cut.json" {
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	}))
	defer srv.Close()
	var errs []world.ChangeError
	for _, name := range []string{"good", "long", "cut", "silent", "stalled"} {
		errs = append(errs, world.ChangeError{Code: "SCAN_ERROR", Message: "see " + srv.URL + "/" + name + ".json"})
	}
	d := world.SetDetails{Changes: []world.Change{{Errors: errs}}}
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	fetchReports(ctx, srv.URL, d)
	for i, want := range []string{"found something", strings.Repeat("x", maxReport) + "… (cut", "not read: unexpected EOF", "not read: ", "not read: "} {
		if got := d.Changes[0].Errors[i].Report; !strings.HasPrefix(got, want) {
			t.Errorf("report %d is %q, want %q", i+1, got, want)
		}
	}
}

// TestReportsFromElsewhere: Marketplace's message chooses the address, so it is read where
// the public can read it, or not at all; and its query, a signature, is shown nowhere.
func TestReportsFromElsewhere(t *testing.T) {
	asked := 0
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, "https://findings.example.com/b?X-Amz-Signature=0815", http.StatusFound)
		case "/here":
			http.Redirect(w, r, "/report?X-Amz-Signature=0815", http.StatusFound)
		case "/around":
			http.Redirect(w, r, "/around?X-Amz-Signature=0815", http.StatusFound)
		case "/report":
			fmt.Fprint(w, "found something")
		default:
			http.NotFound(w, r)
		}
	})
	srv := httptest.NewServer(handler)
	defer srv.Close()
	other := httptest.NewTLSServer(handler)
	defer other.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(other.URL, "https://"), ":")
	const query = "?X-Amz-Signature=0815"
	for name, c := range map[string]struct {
		endpoint, address, want string
		asked                   int
	}{
		"of the endpoint that is configured":  {srv.URL, srv.URL + "/report" + query, "found something", 1},
		"led on within it":                    {srv.URL, srv.URL + "/here" + query, "found something", 2},
		"led to another host":                 {srv.URL, srv.URL + "/away" + query, "not read: " + srv.Listener.Addr().String() + " leads to another host, findings.example.com", 1},
		"led around":                          {srv.URL, srv.URL + "/around" + query, "not read: " + srv.Listener.Addr().String() + " leads from address to address", 4},
		"refused there":                       {srv.URL, srv.URL + "/no" + query, "not read: GET " + srv.URL + "/no?… answers 404 Not Found", 1},
		"the endpoint's, and none configured": {"", srv.URL + "/report" + query, "not read: " + srv.URL + "/report?… is not https", 0},
		"another port of its host":            {srv.URL, other.URL + "/report" + query, "not read: 127.0.0.1 is no address of the public internet", 0},
		"a name of this machine":              {srv.URL, "https://localhost:" + port + "/report" + query, "is no address of the public internet", 0},
		"http":                                {srv.URL, "http://findings.example.com/a" + query, "not read: http://findings.example.com/a?… is not https", 0},
		"the cloud's own service":             {srv.URL, "https://169.254.169.254/latest" + query, "not read: 169.254.169.254 is no address of the public internet", 0},
		"written as IPv6":                     {srv.URL, "https://[::ffff:169.254.169.254]/latest" + query, "is no address of the public internet", 0},
		"with a user":                         {srv.URL, "https://me:0815@example.com/" + query, "not read: example.com is given with a user", 0},
	} {
		t.Run(name, func(t *testing.T) {
			asked = 0
			d := world.SetDetails{Changes: []world.Change{{Errors: []world.ChangeError{{Code: "SCAN_ERROR", Message: "see " + c.address}}}}}
			fetchReports(t.Context(), c.endpoint, d)
			got := d.Changes[0].Errors[0]
			if !strings.Contains(got.Report, c.want) || asked != c.asked {
				t.Errorf("%d requests, report %q; want %d, %q", asked, got.Report, c.asked, c.want)
			}
			if strings.Contains(got.Report+got.Message, "Signature=0815") {
				t.Errorf("the signature is shown: %q", got)
			}
		})
	}
}

// TestPublicAddresses: whatever is of a machine, its networks or its cloud is not public.
func TestPublicAddresses(t *testing.T) {
	for ip, want := range map[string]bool{
		"52.95.110.1": true, "2600:1f18::1": true,
		"127.0.0.1": false, "::1": false, "10.0.0.1": false, "172.16.3.4": false, "192.168.0.1": false, "fd00:ec2::254": false,
		"169.254.169.254": false, "fe80::1": false, "100.64.0.1": false, "0.0.0.0": false, "::": false, "224.0.0.1": false, "255.255.255.255": false,
		"::ffff:10.0.0.1": false, "64:ff9b::a9fe:a9fe": false, "2002:a9fe:a9fe::1": false, "198.18.0.1": false,
	} {
		if got := public(netip.MustParseAddr(ip)); got != want {
			t.Errorf("public(%s) is %v", ip, got)
		}
	}
}
