package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"amiship/internal/view"
)

//go:embed style.css app.js
var assets embed.FS

// Access says who may ask.
type Access struct {
	// Hosts are the names by which browsers may address it, besides those of loopback: any
	// other is a name that someone has pointed here.
	Hosts []string
	// Proxies are the only ones that connections may come from; none: anyone who can reach it.
	Proxies []netip.Prefix
}

// Handler serves what watches read: pages, views as JSON, metrics, and events that say that
// something has changed. It takes GET and HEAD alone. Several watches have a page that shows
// all of them, and each its own below /p/NAME/.
func Handler(a Access, watches ...*Watch) http.Handler {
	if len(watches) == 1 {
		w := watches[0]
		return guarded(project{server{w.join}, w.page}.pages(), a)
	}
	return guarded(newFleet(watches).pages(), a)
}

// project serves the pages of one.
type project struct {
	server
	page func() page // what is drawn from now
}

func (s project) pages() *http.ServeMux {
	mux := s.common()
	mux.HandleFunc("/{$}", s.draw(func(p page, r *http.Request) ([]byte, bool, error) {
		html, err := p.dashboard(r.Context())
		return html, true, err
	}))
	mux.HandleFunc("/release/{tag}", s.draw(func(p page, r *http.Request) ([]byte, bool, error) {
		p.Root = "../"
		return p.release(r.Context(), r.PathValue("tag"))
	}))
	mux.HandleFunc("/status.json", s.status)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { health(w, r, s.page()) })
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, r *http.Request) {
		send(w, r, http.StatusOK, textFormat, metrics(s.page()))
	})
	return mux
}

// server is what pages of any kind have.
type server struct {
	join func() (changed <-chan struct{}, leave func())
}

// common serves events and assets.
func (s server) common() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/events", s.events)
	for _, name := range []string{"style.css", "app.js"} {
		mux.HandleFunc("/"+name, asset(name))
	}
	for _, level := range []view.Level{view.OK, view.Working, view.Warn, view.Stopped} {
		mux.HandleFunc("/icon-"+string(level)+".svg", func(w http.ResponseWriter, r *http.Request) {
			send(w, r, http.StatusOK, "image/svg+xml", Icon(level))
		})
	}
	return mux
}

// draw serves what is drawn of the newest view.
func (s project) draw(draw func(page, *http.Request) ([]byte, bool, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		html, ok, err := draw(s.page(), r)
		switch {
		case err != nil:
			http.Error(w, "the page could not be drawn", http.StatusInternalServerError)
		case !ok:
			send(w, r, http.StatusNotFound, "text/plain; charset=utf-8", []byte("There is no such release. / lists them.\n"))
		default:
			send(w, r, http.StatusOK, "text/html; charset=utf-8", html)
		}
	}
}

func (s project) status(w http.ResponseWriter, r *http.Request) {
	p := s.page()
	if p.View.Read.At.IsZero() {
		unread(w, r, p)
		return
	}
	if p.Trouble != "" {
		p.View.Errors = append(slices.Clone(p.View.Errors), p.Trouble)
	}
	asJSON(w, r, p.View)
}

// unread answers for a program that AWS was not read yet.
func unread(w http.ResponseWriter, r *http.Request, p page) {
	send(w, r, http.StatusServiceUnavailable, "application/json", fmt.Appendf(nil, `{"schema":%d,"errors":[%q]}`+"\n", view.Schema, p.headline()))
}

func asJSON(w http.ResponseWriter, r *http.Request, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "the view could not be written", http.StatusInternalServerError)
		return
	}
	send(w, r, http.StatusOK, "application/json", append(text, '\n'))
}

// health says whether AWS could be read for all pages.
func health(w http.ResponseWriter, r *http.Request, pages ...page) {
	for _, p := range pages {
		if p.View.Read.At.IsZero() || p.Trouble != "" {
			send(w, r, http.StatusServiceUnavailable, "text/plain; charset=utf-8", []byte(p.headline()+" "+p.Trouble+"\n"))
			return
		}
	}
	send(w, r, http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n"))
}

// alive is how often a viewer hears that the server is there.
const alive = 5 * time.Second

// events tells a viewer that something has changed, until it goes. A viewer that takes
// nothing is dropped, and holds up no other.
func (s server) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	changed, leave := s.join()
	defer leave()
	out := http.NewResponseController(w)
	tick := time.NewTicker(alive)
	defer tick.Stop()
	for event := "alive"; ; {
		_ = out.SetWriteDeadline(time.Now().Add(alive)) // where it can't be set, the server's own holds
		if _, err := fmt.Fprintf(w, "event: %s\ndata:\n\n", event); err != nil {
			return
		}
		if out.Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-changed:
			event = "change"
		case <-tick.C:
			event = "alive"
		}
	}
}

func asset(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, err := assets.ReadFile(name)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		kind := "text/css; charset=utf-8"
		if strings.HasSuffix(name, ".js") {
			kind = "text/javascript; charset=utf-8"
		}
		send(w, r, http.StatusOK, kind, text)
	}
}

// Icon is the tab's, by level: a sign of its own shape and color each.
func Icon(l view.Level) []byte {
	shape := map[view.Level]string{
		view.OK:      `<circle cx="8" cy="8" r="7" fill="#0e6b43"/><path d="M4.5 8.2l2.4 2.4 4.6-5" stroke="#fff" stroke-width="2" fill="none"/>`,
		view.Working: `<circle cx="8" cy="8" r="7" fill="#0a5ab4"/><path d="M4 8h7M8 4.8L11.2 8 8 11.2" stroke="#fff" stroke-width="2" fill="none"/>`,
		view.Warn:    `<path d="M8 1l7.4 13.5H.6z" fill="#b36b00"/><path d="M8 6v4.2M8 11.6v1.6" stroke="#fff" stroke-width="2"/>`,
		view.Stopped: `<rect x="1" y="1" width="14" height="14" rx="2" fill="#a92019"/><path d="M5 5l6 6M11 5l-6 6" stroke="#fff" stroke-width="2"/>`,
	}[l]
	return []byte(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">` + shape + `</svg>`)
}

// send answers, compressed where the viewer takes that, and with nothing where it has the same.
func send(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-cache")
	h.Add("Vary", "Accept-Encoding")
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h.Set("ETag", tag)
	if status == http.StatusOK && r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body) // into memory
		_ = z.Close()
		body = b.Bytes()
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // a viewer that has gone
	}
}

const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guarded answers those who may ask, and with headers that let a page do nothing but show.
func guarded(next http.Handler, a Access) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		switch {
		case !a.admits(r.RemoteAddr):
			http.Error(w, "connections come through the proxy only", http.StatusForbidden)
		case !a.names(r.Host):
			http.Error(w, "this server has another name: amiship serve --host NAME adds one", http.StatusMisdirectedRequest)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "it only shows: GET and HEAD", http.StatusMethodNotAllowed)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func (a Access) admits(remote string) bool {
	if len(a.Proxies) == 0 {
		return true
	}
	at, err := netip.ParseAddrPort(remote)
	return err == nil && slices.ContainsFunc(a.Proxies, func(p netip.Prefix) bool { return p.Contains(at.Addr().Unmap()) })
}

// names reports whether a Host is one of the server's names, at any port.
func (a Access) names(host string) bool {
	u := url.URL{Host: host}
	name := u.Hostname()
	if name == "localhost" {
		return true
	}
	if ip := net.ParseIP(name); ip != nil && ip.IsLoopback() {
		return true
	}
	return slices.ContainsFunc(a.Hosts, func(h string) bool { return strings.EqualFold(h, name) })
}
