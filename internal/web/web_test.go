package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"amiship/internal/view"
	"amiship/internal/web/webtest"
)

func served(t *testing.T, v view.View, a Access) (*httptest.Server, *Watch) {
	t.Helper()
	w := NewWatch("thing", func(context.Context) (view.View, error) { return v, nil }, error.Error)
	w.Read(t.Context())
	s := httptest.NewServer(Handler(a, w))
	t.Cleanup(s.Close)
	return s, w
}

func get(t *testing.T, method, url, host string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}

// TestWhoMayAsk: it shows only, under its own name, and to the proxy only if there is one.
func TestWhoMayAsk(t *testing.T) {
	s, _ := served(t, webtest.Troubled(), Access{Hosts: []string{"amis.example.com"}})
	for _, c := range []struct {
		method, path, host string
		want               int
	}{
		{"GET", "/", "", 200},
		{"HEAD", "/", "", 200},
		{"GET", "/", "localhost:1", 200},
		{"GET", "/", "[::1]:8090", 200},
		{"GET", "/", "AMIS.example.com", 200},
		{"GET", "/", "evil.example.com", 421},
		{"GET", "/metrics", "evil.example.com", 421},
		{"POST", "/", "", 405},
		{"DELETE", "/status.json", "", 405},
		{"OPTIONS", "/", "", 405},
		{"GET", "/nothing", "", 404},
		{"GET", "/release/none", "", 404},
		{"GET", "/release/..%2f..%2fetc%2fpasswd", "", 404},
		{"GET", "/status.json", "", 200},
		{"GET", "/healthz", "", 200},
		{"GET", "/style.css", "", 200},
		{"GET", "/app.js", "", 200},
		{"GET", "/icon-stopped.svg", "", 200},
	} {
		answer, body := get(t, c.method, s.URL+c.path, c.host)
		if answer.StatusCode != c.want {
			t.Errorf("%s %s of %q: %d %s, want %d", c.method, c.path, c.host, answer.StatusCode, body, c.want)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q", c.method, c.path, name, got)
			}
		}
	}
	proxied, _ := served(t, webtest.Troubled(), Access{Proxies: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}})
	if answer, _ := get(t, "GET", proxied.URL+"/", ""); answer.StatusCode != http.StatusForbidden {
		t.Errorf("a connection past the proxy: %d", answer.StatusCode)
	}
}

var (
	inline   = regexp.MustCompile(`(?i)<[^>]*\s(style|on[a-z]+)=|<style|<script(?:>| [^>]*>[^<])`)
	anywhere = regexp.MustCompile(`(?:src|href)="(?:https?:)?//`)
)

// TestNothingInline: nothing of a page needs what its policy forbids, and names from AWS are
// text, whatever is in them.
func TestNothingInline(t *testing.T) {
	s, _ := served(t, webtest.Troubled(), Access{})
	for _, path := range []string{"/", "/release/v1.2.0"} {
		_, body := get(t, "GET", s.URL+path, "")
		if found := inline.FindString(body); found != "" {
			t.Errorf("%s has %s", path, found)
		}
		if found := anywhere.FindString(body); found != "" {
			t.Errorf("%s of a sandbox leads to %s", path, found)
		}
		if strings.Contains(body, webtest.Script) || !strings.Contains(body, "&lt;script&gt;") {
			t.Errorf("%s does not escape what AWS says", path)
		}
	}
}

// TestEverythingIsShown: what is wrong in a view is on its page, with what to type.
func TestEverythingIsShown(t *testing.T) {
	v := webtest.Troubled()
	s, _ := served(t, v, Access{})
	_, body := get(t, "GET", s.URL+"/", "")
	for _, want := range []string{
		v.Headline, "sandbox", "eu-south-1 does not answer", "quota: eu-west-1, us-east-1", "amiship unblock quota/eu-west-1 raise", "withdrawn", "adopted",
		"left over", "amiship sweep", "could not be read", "changes are paused",
	} {
		if !strings.Contains(strings.ToLower(body), strings.ToLower(strings.ReplaceAll(want, "'", "&#39;"))) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, b := range v.Blockers {
		for _, r := range b.Remedies {
			if r.Command != "" && !r.Words && strings.Count(body, "<code>"+r.Command+"</code>") != 1 {
				t.Errorf("%s: %s is not there once", b.ID, r.Command)
			}
		}
	}
}

// TestEmpty: a page without releases, before the first read, and without credentials says what
// to type.
func TestEmpty(t *testing.T) {
	s, _ := served(t, webtest.Empty(), Access{})
	if _, body := get(t, "GET", s.URL+"/", ""); !strings.Contains(body, "amiship plan TAG") {
		t.Error("an empty project does not say what to type")
	}
	w := NewWatch("thing", func(context.Context) (view.View, error) { return view.View{}, errors.New("no credentials") }, func(err error) string {
		return err.Error() + ": set AWS_PROFILE."
	})
	bare := httptest.NewServer(Handler(Access{}, w))
	defer bare.Close()
	if _, body := get(t, "GET", bare.URL+"/", ""); !strings.Contains(body, "AWS is being read") {
		t.Error("before the first read it does not say so")
	}
	w.Read(t.Context())
	answer, body := get(t, "GET", bare.URL+"/", "")
	if answer.StatusCode != 200 || !strings.Contains(body, "set AWS_PROFILE.") {
		t.Errorf("without credentials: %d, and not what to type", answer.StatusCode)
	}
	for path, want := range map[string]int{"/healthz": 503, "/status.json": 503, "/metrics": 200} {
		if answer, body := get(t, "GET", bare.URL+path, ""); answer.StatusCode != want {
			t.Errorf("%s: %d %s", path, answer.StatusCode, body)
		}
	}
}

// TestTroubleKeepsTheView: a read that fails leaves what was read before, with its age.
func TestTroubleKeepsTheView(t *testing.T) {
	var fail error
	v := webtest.Troubled()
	w := NewWatch("thing", func(context.Context) (view.View, error) { return v, fail }, error.Error)
	w.Read(t.Context())
	fail = errors.New("AWS does not answer")
	w.Read(t.Context())
	s := httptest.NewServer(Handler(Access{}, w))
	defer s.Close()
	_, body := get(t, "GET", s.URL+"/", "")
	if !strings.Contains(body, "AWS does not answer") || !strings.Contains(body, v.Releases[0].Tag) || !strings.Contains(body, `class="fresh stale"`) {
		t.Error("it does not show both the trouble and the last view")
	}
	if answer, _ := get(t, "GET", s.URL+"/healthz", ""); answer.StatusCode != 503 {
		t.Errorf("/healthz: %d", answer.StatusCode)
	}
	_, metrics := get(t, "GET", s.URL+"/metrics", "")
	if !strings.Contains(metrics, `amiship_read_up{project="thing"} 0`) {
		t.Error("the metrics do not show it")
	}
}

// TestUnreadAssessments: what could not be read is said, and is no number.
func TestUnreadAssessments(t *testing.T) {
	v := webtest.Troubled()
	v.Listings[0].Assessed, v.Listings[0].Unassessed = nil, "AccessDenied: no securityhub"
	s, _ := served(t, v, Access{})
	_, html := get(t, "GET", s.URL+"/", "")
	if _, metrics := get(t, "GET", s.URL+"/metrics", ""); strings.Contains(metrics, "failed_assessments") || !strings.Contains(html, "assessments could not be read: AccessDenied") {
		t.Errorf("the metrics:\n%s", metrics)
	}
}

// TestMetricsAreReadByPrometheus' own parser, whatever a name has in it.
func TestMetricsAreReadByPrometheus(t *testing.T) {
	v := webtest.Troubled()
	v.Project = `a "thing" of C:\x` + "\nand more"
	v.Listings[0].Name = webtest.Script
	s, _ := served(t, v, Access{})
	answer, text := get(t, "GET", s.URL+"/metrics", "")
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if got := expfmt.ResponseFormat(answer.Header).FormatType(); got != expfmt.TypeTextPlain {
		t.Errorf("it is served as %s", answer.Header.Get("Content-Type"))
	}
	names := map[string]bool{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				names[l.GetName()+" "+l.GetValue()] = true
			}
		}
	}
	if len(families) < 12 || !names["project "+v.Project] || !names["listing "+webtest.Script] {
		t.Errorf("%d families, labels %v", len(families), names)
	}
}

// TestNoCallMoreForViewers: AWS is read for all viewers at once, at the pace that fits.
func TestNoCallMoreForViewers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reads atomic.Int64
		var pending atomic.Bool
		w := NewWatch("thing", func(context.Context) (view.View, error) {
			reads.Add(1)
			v := webtest.Empty()
			if pending.Load() {
				v.Releases = []view.Release{{Tag: "v1", State: view.Open, Waits: []view.Wait{{On: "copy"}}}}
			}
			return v, nil
		}, error.Error)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go w.Run(ctx)
		after := func(d time.Duration, want int64, when string) {
			t.Helper()
			before := reads.Load()
			time.Sleep(d)
			synctest.Wait()
			if got := reads.Load() - before; got != want {
				t.Errorf("%s: %d reads in %s, want %d", when, got, d, want)
			}
		}
		synctest.Wait()
		after(20*time.Minute+time.Second, 4, "nobody watches")
		var leave []func()
		for range 20 {
			_, l := w.join()
			leave = append(leave, l)
		}
		time.Sleep(2 * time.Minute)
		after(10*time.Minute, 10, "twenty watch")
		pending.Store(true)
		time.Sleep(2 * time.Minute)
		after(10*time.Minute, 60, "something is pending")
		for _, l := range leave {
			l()
		}
		time.Sleep(10 * time.Minute)
		after(20*time.Minute, 4, "all have gone")
	})
}

// TestThrottledReadsLess: while AWS refuses reads for their rate, it is read less often.
func TestThrottledReadsLess(t *testing.T) {
	v := webtest.Empty()
	v.Unread = []view.Unread{{What: "eu-west-1", Why: "RequestLimitExceeded", Throttled: true}}
	w := NewWatch("thing", func(context.Context) (view.View, error) { return v, nil }, error.Error)
	w.Read(t.Context())
	once := w.pace()
	w.Read(t.Context())
	if twice := w.pace(); once != 2*whileAlone || twice != 4*whileAlone {
		t.Errorf("paces %s and %s", once, twice)
	}
	if p := w.page(); len(p.View.Notes) == 0 || !strings.Contains(p.View.Notes[0], "less often") {
		t.Errorf("it does not say so: %v", p.View.Notes)
	}
}

// TestSlowViewer: a viewer that takes nothing holds up no other.
func TestSlowViewer(t *testing.T) {
	s, w := served(t, webtest.Troubled(), Access{})
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := http.DefaultTransport.RoundTrip(r) // and its body is never read
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Body.Close()
	for range 1000 {
		w.Read(t.Context())
	}
	if answer, _ := get(t, "GET", s.URL+"/", ""); answer.StatusCode != 200 {
		t.Errorf("another viewer gets %d", answer.StatusCode)
	}
}

// TestLargePageIsSmall: a project of years is less than 60 kB on the way.
func TestLargePageIsSmall(t *testing.T) {
	s, _ := served(t, webtest.Large(6, 34, 50, 3), Access{})
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || len(body) > 60_000 || len(body) < 1000 || answer.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("%d bytes, %v, %s", len(body), err, answer.Header.Get("Content-Encoding"))
	}
}

// BenchmarkPage draws the page of a project of years.
func BenchmarkPage(b *testing.B) {
	p := page{View: webtest.Large(6, 34, 50, 3)}
	p.Now = p.View.Read.At
	for b.Loop() {
		if _, err := p.dashboard(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzRequests: no request makes the server fail, or tell anything but what it shows.
func FuzzRequests(f *testing.F) {
	f.Add("GET", "/", "localhost", "gzip")
	f.Add("POST", "/release/%2e%2e", "x", "")
	f.Add("GET", "/release/v1.2.0?x=<script>", "127.0.0.1", "br")
	w := NewWatch("thing", func(context.Context) (view.View, error) { return webtest.Troubled(), nil }, error.Error)
	w.Read(f.Context())
	h := Handler(Access{}, w)
	f.Fuzz(func(t *testing.T, method, target, host, accept string) {
		if strings.HasPrefix(target, "/events") {
			return // it ends with its viewer
		}
		r, err := http.NewRequestWithContext(t.Context(), method, "http://localhost/", nil)
		if err != nil {
			return
		}
		if r.URL, err = r.URL.Parse(target); err != nil {
			return
		}
		r.Host = host
		r.Header.Set("Accept-Encoding", accept)
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if answer.Code >= 500 || answer.Code < 200 {
			t.Errorf("%s %s: %d", method, target, answer.Code)
		}
	})
}

// TestFiles: the pages as files are whole, and the customers' one has nothing private.
func TestFiles(t *testing.T) {
	v := webtest.Troubled()
	files, err := Files(t.Context(), v, false)
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`(?:href|src)="([^"#]+)"`)
	for name, text := range files {
		if !strings.HasSuffix(name, ".html") {
			continue
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if files[m[1]] == nil {
				t.Errorf("%s leads to %s, which is not there", name, m[1])
			}
		}
	}
	public, err := Files(t.Context(), v, true)
	if err != nil {
		t.Fatal(err)
	}
	html := string(public["index.html"])
	for _, r := range v.Releases {
		for _, a := range r.AMIs {
			if has := a.ID != "" && strings.Contains(html, ">"+a.ID+"<"); has != (a.State == view.Public) {
				t.Errorf("%s of %s in %s, %s: on the page %v", a.ID, r.Tag, a.Region, a.State, has)
			}
		}
	}
	for _, secret := range []string{v.AWS.Account, v.AWS.Caller, "unblock", "paid", "prod-"} {
		if strings.Contains(html, secret) {
			t.Errorf("the customers' page has %q", secret)
		}
	}
}
