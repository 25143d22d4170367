package boottest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"amiship/internal/release"
)

// at fills in what is known only once the instance runs.
func at(m Machine, c release.Check) release.Check {
	fill := strings.NewReplacer("{host}", m.Host, "{address}", m.Address, "{instance}", m.ID).Replace
	c.Path, c.Run, c.Contains, c.Body = fill(c.Path), fill(c.Run), fill(c.Contains), fill(c.Body)
	c.Headers, c.Answers = filled(c.Headers, fill), filled(c.Answers, fill)
	return c
}

func filled(texts map[string]string, fill func(string) string) map[string]string {
	out := map[string]string{}
	for name, text := range texts {
		out[name] = fill(text)
	}
	return out
}

// URL is what a check from outside connects to.
func URL(m Machine, c release.Check) string {
	return fmt.Sprintf("%s://%s%s", c.Scheme(), net.JoinHostPort(m.Address, strconv.Itoa(c.FromOutside())), at(m, c).Path)
}

// Ask polls an instance from outside until the answer is as expected, or ctx
// ends: instances take a while to configure themselves. The error is what was
// wrong with the last answer.
func Ask(ctx context.Context, every time.Duration, m Machine, c release.Check) error {
	return Test{Poll: every}.ask(ctx, m, c)
}

// ask is Ask, and tells of an answer that stays the same.
func (t Test) ask(ctx context.Context, m Machine, c release.Check) error {
	url, same := URL(m, c), steady{}
	c = at(m, c)
	err := until(ctx, t.Poll, func() error {
		err := t.get(ctx, m, url, c)
		if t.Saw != nil && ctx.Err() == nil {
			t.Saw(fmt.Sprintf("%s %s", c, orElse(gistOf(err), "passes")))
		}
		if err != nil && ctx.Err() == nil && same.see(gist(err), time.Now()) {
			t.tell("%s: %s: for %s: %v; the test goes on to its limit", m.ID, c, steadyAfter, err)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("%s: %w", url, err)
	}
	return nil
}

func (t Test) tell(format string, args ...any) {
	if t.Tell != nil {
		t.Tell(fmt.Sprintf(format, args...))
	}
}

// steadyAfter is how long an answer stays the same before it is told.
const steadyAfter = time.Minute

// steady notes how long an answer has been the same.
type steady struct {
	text  string
	since time.Time
	told  bool
}

// see takes an answer, and reports whether to tell of it: once, when it has been the same
// for steadyAfter.
func (s *steady) see(text string, now time.Time) bool {
	if s.since.IsZero() || text != s.text {
		*s = steady{text: text, since: now}
	}
	if s.told || now.Sub(s.since) < steadyAfter {
		return false
	}
	s.told = true
	return true
}

// unexpected is an answer that is not as expected.
type unexpected struct{ why, body string }

func (u *unexpected) Error() string {
	if u.body == "" {
		return u.why
	}
	return fmt.Sprintf("%s: %q", u.why, u.body)
}

// gist is what is wrong with an answer, without the answer, which may hold the time.
func gist(err error) string {
	var u *unexpected
	if errors.As(err, &u) {
		return u.why
	}
	return err.Error()
}

// gistOf is what is wrong with an answer, and how the answer begins; empty: nothing is.
func gistOf(err error) string {
	const most = 60 // characters
	if err == nil {
		return ""
	}
	text := []rune(err.Error())
	if len(text) > most {
		text = append(text[:most], '…')
	}
	return string(text)
}

const (
	maxAnswer     = 1 << 20          // bytes that are read of an answer
	answersWithin = 10 * time.Second // or it is asked again
)

func (t Test) get(ctx context.Context, m Machine, url string, c release.Check) error {
	ctx, cancel := context.WithTimeout(ctx, answersWithin)
	defer cancel()
	if c.TCP > 0 {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(m.Address, strconv.Itoa(c.TCP)))
		if err != nil {
			return err
		}
		return conn.Close()
	}
	req, err := http.NewRequestWithContext(ctx, c.Verb(), url, strings.NewReader(c.Body))
	if err != nil {
		return err
	}
	for name, text := range c.Headers {
		req.Header.Set(name, text)
		if strings.EqualFold(name, "Host") {
			req.Host = text
		}
	}
	client, closing := clientOf(m, c)
	defer closing()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	return t.judge(c, resp, string(body))
}

// judge says what of an answer is not as expected.
func (t Test) judge(c release.Check, resp *http.Response, body string) error {
	wrong := func(format string, args ...any) error {
		return &unexpected{fmt.Sprintf(format, args...), t.begin(body)}
	}
	if resp.StatusCode != c.Status {
		return wrong("answered %s, want %d", resp.Status, c.Status)
	}
	for name, want := range c.Answers {
		if got := resp.Header.Get(name); !strings.Contains(got, want) {
			return wrong("answered with the header %s: %q, which does not contain %q", name, t.hide(got), want)
		}
	}
	if !strings.Contains(body, c.Contains) {
		return wrong("the answer does not contain %q", c.Contains)
	}
	return nil
}

// clientOf makes a client for one request to an instance: no proxy is between, a
// certificate is the one of the name that the instance is called by, and a redirect is
// followed unless it is what the check wants.
func clientOf(m Machine, c release.Check) (client *http.Client, closing func()) {
	name := m.Host
	for header, text := range c.Headers {
		if strings.EqualFold(header, "Host") {
			name = text
		}
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		ServerName: name, InsecureSkipVerify: c.Insecure, //nolint:gosec // the catalog asks for it
	}}
	client = &http.Client{Transport: transport}
	if c.Status >= 300 && c.Status < 400 {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return client, transport.CloseIdleConnections
}

// mostShown is how many characters are shown of an answer.
const mostShown = 500

// begin is the beginning of an answer, without secrets, on one line.
func (t Test) begin(text string) string {
	shown := []rune(strings.Join(strings.Fields(t.hide(text)), " "))
	if len(shown) > mostShown {
		return string(shown[:mostShown]) + "…"
	}
	return string(shown)
}

// hide redacts secrets.
func (t Test) hide(text string) string {
	if t.Hide == nil {
		return text
	}
	return t.Hide(text)
}
