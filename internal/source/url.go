package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"os"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"amiship/internal/release"
)

const (
	tries     = 3       // of a download that broke off or stalled, or a server in trouble
	maxDigest = 1 << 20 // bytes of a file with digests
)

// fromURL downloads a package whose digest is known beforehand.
func (s *Store) fromURL(ctx context.Context, c cache, p release.Package) (string, string, error) {
	u, err := url.Parse(p.URL)
	if err != nil {
		return "", "", err
	}
	digest, err := s.expected(ctx, p)
	if err != nil {
		return "", "", err
	}
	if digest == "" {
		return "", "", fmt.Errorf("package %s: no SHA-256 is known for it", plain(p.URL))
	}
	name := path.Base(u.Path)
	if found, ok := c.find(name, digest); ok {
		return found, digest, nil
	}
	return c.keep(name, digest, func(to *os.File) error {
		return s.get(ctx, p, s.packageAt(p, name), func(body io.Reader) error {
			if err := restart(to); err != nil {
				return err
			}
			_, err := io.Copy(to, body)
			return err
		})
	})
}

// packageAt is a package to read.
func (s *Store) packageAt(p release.Package, name string) target {
	t := target{address: p.URL, name: name, most: p.MaxBytes, field: "package.max_size", tell: s.Notice}
	if t.most == 0 {
		t.most = math.MaxInt64
	}
	return t
}

// restart empties a file that an earlier try has begun.
func restart(f *os.File) error {
	_, err := f.Seek(0, io.SeekStart)
	return errors.Join(err, f.Truncate(0))
}

// expected returns the digest that a package must have; "" if none is known.
func (s *Store) expected(ctx context.Context, p release.Package) (string, error) {
	if p.SHA256 != "" || p.SHA256URL == "" {
		return p.SHA256, nil
	}
	var text []byte
	err := s.get(ctx, p, target{address: p.SHA256URL, most: maxDigest}, func(body io.Reader) (err error) {
		text, err = io.ReadAll(body)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("the package's SHA-256: %w", err)
	}
	name := path.Base(p.File)
	if u, err := url.Parse(p.URL); err == nil && p.URL != "" {
		name = path.Base(u.Path)
	}
	digest, err := findDigest(string(text), name)
	if err != nil {
		return "", fmt.Errorf("%s: %w", plain(p.SHA256URL), err)
	}
	return digest, nil
}

var digestLine = regexp.MustCompile(`^([0-9a-fA-F]{64})(?:[ \t]+[ *]?(\S.*))?$`)

// findDigest reads what sha256sum writes: "HEX  NAME" lines, or a digest alone.
func findDigest(text, name string) (string, error) {
	var all []string
	for line := range strings.Lines(text) {
		m := digestLine.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			continue
		}
		if m[2] != "" && path.Base(m[2]) == name {
			return strings.ToLower(m[1]), nil
		}
		all = append(all, m[1])
	}
	if len(all) == 1 && len(strings.Fields(text)) <= 2 {
		return strings.ToLower(all[0]), nil
	}
	return "", fmt.Errorf("holds no SHA-256 of %s", name)
}

// target is an address to read.
type target struct {
	address, name string
	most          int64  // bytes that are taken
	field         string // of the catalog, that most comes from
	tell          func(Download)
}

// begin is a try to read it.
func (t target) begin() *transfer {
	tr := &transfer{name: t.name, most: t.most, field: t.field, tell: t.tell}
	if tr.tell == nil {
		tr.tell = func(Download) {}
	}
	tr.size.Store(-1)
	return tr
}

// get reads an address, a few times if the server or the network is in trouble.
func (s *Store) get(ctx context.Context, p release.Package, t target, read func(io.Reader) error) error {
	header, err := headers(ctx, p, t.address)
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		again, err := s.getOnce(ctx, p, t, header, read)
		if err == nil || !again || try == tries || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(try) * time.Second):
		}
	}
}

// headers are the secrets that go with a package's address, and with others on
// the same host only.
func headers(ctx context.Context, p release.Package, address string) (http.Header, error) {
	header := http.Header{}
	if !sameHost(p.URL, address) {
		return header, nil
	}
	for name, secret := range p.Headers {
		value, err := Secret(ctx, secret)
		if err != nil {
			return nil, fmt.Errorf("header %s: %w", name, err)
		}
		header.Set(name, string(value))
	}
	return header, nil
}

func sameHost(a, b string) bool {
	x, err := url.Parse(a)
	y, err2 := url.Parse(b)
	return err == nil && err2 == nil && x.Scheme == y.Scheme && x.Host == y.Host
}

// getOnce reads an address; again says whether another try may help.
func (s *Store) getOnce(ctx context.Context, p release.Package, t target, header http.Header, read func(io.Reader) error) (again bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.address, nil)
	if err != nil {
		cancel(nil)
		return false, err
	}
	req.Header = header.Clone()
	tr := t.begin()
	var watching sync.WaitGroup
	watching.Go(func() { tr.watch(ctx, cancel) })
	defer watching.Wait() // nothing is told of a download that has ended
	defer cancel(nil)
	res, err := s.follows(t.address, header).Do(req)
	if err != nil {
		return true, fmt.Errorf("get %s: %w", plain(t.address), because(ctx, err))
	}
	defer res.Body.Close()
	if err := status(res, p, t.address); err != nil {
		return res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests, err
	}
	body, err := tr.body(res)
	if err == nil {
		err = read(body)
	}
	if err != nil {
		var large *TooLargeError
		return !errors.As(err, &large), fmt.Errorf("get %s: %w", plain(t.address), because(ctx, err))
	}
	return false, nil
}

// follows is a client that follows redirections. A store elsewhere, to which packages
// are often redirected, has no business with our tokens.
func (s *Store) follows(address string, header http.Header) *http.Client {
	client := http.Client{}
	if s.HTTP != nil {
		client = *s.HTTP
	}
	client.CheckRedirect = func(to *http.Request, via []*http.Request) error {
		if len(via) > 10 {
			return errors.New("more than 10 redirections")
		}
		if !sameHost(address, to.URL.String()) {
			for name := range header {
				to.Header.Del(name)
			}
		}
		return nil
	}
	return &client
}

// status says what an answer other than 200 means.
func status(res *http.Response, p release.Package, address string) error {
	what := fmt.Sprintf("get %s: %s", plain(address), res.Status)
	switch {
	case res.StatusCode == http.StatusOK:
		return nil
	case res.StatusCode == http.StatusNotFound:
		return fmt.Errorf("%s: there is no such package, or not for these credentials", what)
	case res.StatusCode != http.StatusUnauthorized && res.StatusCode != http.StatusForbidden:
		return errors.New(what)
	case len(p.Headers) == 0 || !sameHost(p.URL, address):
		return fmt.Errorf("%s: it wants credentials, and none are sent", what)
	}
	return fmt.Errorf("%s: not accepted: %s", what, strings.Join(names(p.Headers), ", "))
}

// plain is an address without what may be secret in it.
func plain(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "(an address that cannot be read)"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// withoutURL drops the address that net/http repeats, with its query.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
