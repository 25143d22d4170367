//go:build browser

package web

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"amiship/internal/view"
	"amiship/internal/web/webtest"
)

var (
	axe   = flag.String("axe", "", "axe.min.js of axe-core")
	shots = flag.String("shots", "", "write screenshots into this directory")
)

// tab is a page of Chromium that looks at a server; everything that it says or asks for is
// noted.
type tab struct {
	*testing.T
	ctx    context.Context
	server *httptest.Server
	watch  *Watch

	mu   sync.Mutex
	view view.View
	said []string
}

// open looks at a view, beside those of others.
func open(t *testing.T, v view.View, others ...*Watch) *tab {
	t.Helper()
	b := &tab{T: t, view: v}
	b.watch = NewWatch("thing", func(context.Context) (view.View, error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.view, nil
	}, error.Error)
	b.watch.Read(t.Context())
	b.server = httptest.NewServer(Handler(Access{}, append([]*Watch{b.watch}, others...)...))
	t.Cleanup(b.server.CloseClientConnections)
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true))
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), opts...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	b.ctx = ctx
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	console := chromedp.Console(ctx)
	go func() {
		for m, err := range console {
			if err != nil {
				return
			}
			b.note("console: " + m.Text)
		}
	}()
	return b
}

func (b *tab) note(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.said = append(b.said, text)
}

// hear notes requests to any other host.
func (b *tab) hear(ev any) {
	if r, ok := ev.(*network.EventRequestWillBeSent); ok {
		if u, err := url.Parse(r.Request.URL); err != nil || "http://"+u.Host != b.server.URL && u.Scheme != "data" {
			b.note("request to " + r.Request.URL)
		}
	}
}

func (b *tab) quiet() {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.said) > 0 {
		b.Errorf("%s", strings.Join(b.said, "\n"))
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

// look sets the width and the color scheme, and goes to a page.
func (b *tab) look(width int64, scheme, path string) {
	b.Helper()
	b.do(chromedp.EmulateViewport(width, 900))
	_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	if err != nil {
		b.Fatal(err)
	}
	b.do(chromedp.Navigate(b.server.URL + path))
}

// eval is the value of an expression of JavaScript, which may be a promise.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%.200s: %v", expression, err)
	}
	return out
}

// until waits for an expression to be true.
func (b *tab) until(within time.Duration, what, expression string) {
	b.Helper()
	for end := time.Now().Add(within); !eval[bool](b, expression); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			b.Fatalf("after %s: not %s", within, what)
		}
	}
}

// contrast finds texts whose color is too near to what is behind them (WCAG 2, 1.4.3: 4.5, or
// 3 for large text), as text@ratio.
const contrast = `(() => {
  const parse = (c) => { const m = c.match(/[\d.]+/g).map(Number); return { r: m[0], g: m[1], b: m[2], a: m.length > 3 ? m[3] : 1 }; };
  const over = (f, b) => ({ r: f.r * f.a + b.r * (1 - f.a), g: f.g * f.a + b.g * (1 - f.a), b: f.b * f.a + b.b * (1 - f.a), a: 1 });
  const lum = ({ r, g, b }) => { const [x, y, z] = [r, g, b].map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * x + .7152 * y + .0722 * z; };
  const behind = (e) => { const all = []; for (; e; e = e.parentElement) all.push(parse(getComputedStyle(e).backgroundColor)); return all.reverse().reduce((b, f) => over(f, b), { r: 255, g: 255, b: 255, a: 1 }); };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const n = walk.currentNode, e = n.parentElement;
    if (!n.data.trim() || !e.checkVisibility() || e.closest(".sr, .skip, script")) continue;
    const s = getComputedStyle(e), svg = e.closest("svg");
    const bg = behind(e), fg = over(parse(svg ? s.fill : s.color), bg);
    const [a, b] = [lum(fg), lum(bg)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
    const px = parseFloat(s.fontSize), large = px >= 24 || px >= 18.66 && Number(s.fontWeight) >= 700;
    if (ratio < (large ? 3 : 4.5)) bad.push(n.data.trim().slice(0, 40) + "@" + ratio.toFixed(2));
  }
  return [...new Set(bad)];
})()`

// TestPages: at every width and in both schemes no page scrolls sideways, is hard to read or
// to use, says anything on the console, or asks another host.
func TestPages(t *testing.T) {
	source, err := os.ReadFile(*axe)
	if err != nil {
		t.Fatalf("-axe: %v: make browser fetches it", err)
	}
	open(t, webtest.Troubled()).judge(source, map[string]string{"project": "/", "release": "/release/v1.2.0"})
	unread := NewWatch("unread", func(context.Context) (view.View, error) { return view.View{}, errors.New("there are no credentials") }, error.Error)
	unread.Read(t.Context())
	other := NewWatch("other", func(context.Context) (view.View, error) { return webtest.Troubled(), nil }, error.Error).Named("other@gov")
	other.Read(t.Context())
	open(t, webtest.Troubled(), other, unread).judge(source, map[string]string{"projects": "/", "one-project": "/p/other@gov/"})
}

// judge looks at pages at every width and in both schemes.
func (b *tab) judge(axe []byte, pages map[string]string) {
	t := b.T
	t.Helper()
	for _, width := range []int64{320, 390, 1440} {
		for _, scheme := range []string{"light", "dark"} {
			for name, path := range pages {
				where := fmt.Sprintf("%s-%d-%s", name, width, scheme)
				b.look(width, scheme, path)
				if wide := eval[int](b, "document.documentElement.scrollWidth"); wide > int(width) {
					t.Errorf("%s is %d wide", where, wide)
				}
				if bad := eval[[]string](b, contrast); len(bad) > 0 {
					t.Errorf("%s: contrast of %q", where, bad)
				}
				eval[any](b, string(axe)+"; true")
				found := eval[string](b, `axe.run(document, {resultTypes: ["violations"]}).then((r) => JSON.stringify(r.violations.map((v) => v.id + ": " + v.help + ": " + v.nodes.map((n) => n.html).join(" "))))`)
				var violations []string
				if err := json.Unmarshal([]byte(found), &violations); err != nil || len(violations) > 0 {
					t.Errorf("%s: %v %s", where, err, strings.Join(violations, "\n"))
				}
				b.shoot(where)
			}
		}
	}
	b.quiet()
}

func (b *tab) shoot(name string) {
	b.Helper()
	if *shots == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o644)
	}
	if err != nil {
		b.Error(err)
	}
}

// TestTabReachesEveryControl in the order of the page.
func TestTabReachesEveryControl(t *testing.T) {
	b := open(t, webtest.Troubled())
	for _, width := range []int64{390, 1440} {
		b.look(width, "light", "/")
		eval[any](b, `window.controls = [...document.querySelectorAll("a[href], button, summary, [tabindex]")].filter((e) => e.checkVisibility()); true`)
		n := eval[int](b, "controls.length")
		if n < 10 {
			t.Fatalf("%d controls", n)
		}
		for i := range n {
			b.do(chromedp.KeyEvent(kb.Tab))
			if at := eval[int](b, "controls.indexOf(document.activeElement)"); at != i {
				t.Fatalf("width %d: the Tab key number %d leads to control %d: %s", width, i, at, eval[string](b, "document.activeElement.outerHTML"))
			}
		}
	}
	b.quiet()
}

// TestUpdateKeepsWhereOneIs: what has changed is shown, and focus, selection, opened details
// and scroll position stay.
func TestUpdateKeepsWhereOneIs(t *testing.T) {
	b := open(t, webtest.Troubled())
	b.look(1440, "light", "/")
	b.until(10*time.Second, "connected", `performance.getEntriesByName(new URL("events", location.href)).length >= 0 && document.documentElement.hasAttribute("data-live")`)
	eval[any](b, `(() => {
	  const d = [...document.querySelectorAll("details:not([open])")][0]; d.open = true; d.id = "";
	  window.details = d;
	  window.focused = document.querySelector("#blockers [data-copy]"); focused.focus({preventScroll: true});
	  window.scrollTo(0, 300);
	  window.anchor = document.querySelector("#quota h2");
	  window.top0 = anchor.getBoundingClientRect().top;
	  const text = document.querySelector("#history caption ~ tbody th a").firstChild;
	  getSelection().setBaseAndExtent(text, 0, text, text.length);
	})()`)
	selected := eval[string](b, "getSelection().toString()")
	b.mu.Lock()
	b.view.Quotas = append([]view.Quota{}, b.view.Quotas...)
	b.view.Quotas[0].Used = 4711
	b.view.Headline = "Something has changed."
	b.mu.Unlock()
	b.watch.Read(t.Context())
	b.until(10*time.Second, "updated", `document.querySelector("h1").textContent.includes("Something has changed.") && document.querySelector("#quota").textContent.includes("4711 used")`)
	for what, expression := range map[string]string{
		"the focus":      "document.activeElement === focused && focused.isConnected",
		"the details":    "details.open && details.isConnected",
		"the scroll":     "anchor.isConnected && Math.abs(anchor.getBoundingClientRect().top - top0) < 2",
		"the selection":  fmt.Sprintf("getSelection().toString() === %q", selected),
		"the tab's name": `document.title.startsWith("Something has changed.")`,
	} {
		if !eval[bool](b, expression) {
			t.Errorf("an update loses %s", what)
		}
	}
	b.quiet()
}

// TestOfflineIsSeen within 15 s, and that it is over.
func TestOfflineIsSeen(t *testing.T) {
	b := open(t, webtest.Troubled())
	b.look(1440, "light", "/")
	address := b.server.Listener.Addr().String()
	b.server.CloseClientConnections()
	b.server.Listener.Close()
	b.until(15*time.Second, "seen that the server is gone", `document.getElementById("fresh").classList.contains("stale")`)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	again := &http.Server{Handler: Handler(Access{}, b.watch), ReadHeaderTimeout: time.Second}
	go again.Serve(listener)
	defer again.Close()
	b.until(30*time.Second, "seen that the server is back", `!document.getElementById("fresh").classList.contains("stale")`)
}

// TestWithoutJavaScript: all facts are there.
func TestWithoutJavaScript(t *testing.T) {
	b := open(t, webtest.Troubled())
	if _, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
		t.Fatal(err)
	}
	b.look(1440, "light", "/")
	text := eval[string](b, "document.body.innerText")
	for _, want := range []string{"v1.2.0", "quota: eu-west-1, us-east-1", "12 used, 4 reserved", "99 of 100 versions", "withdrawn", "2026-11-29 12:00 UTC"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not there", want)
		}
	}
	if eval[int](b, `[...document.querySelectorAll("button")].filter((e) => e.checkVisibility()).length`) != 0 {
		t.Error("there are buttons that do nothing")
	}
}
