package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"amiship/internal/marketplace"
	"amiship/internal/world"
)

// Limits of reading files with findings: the size of each, and the time for all
// of them.
const (
	maxReport    = 64 << 10 // bytes
	reportWithin = 10 * time.Second
)

// fetchReports reads the URLs that Marketplace gives instead of a message, and takes
// their queries, which are signatures, out of the messages. One that can't be read is
// replaced by the reason. endpoint is Marketplace's, where one is configured.
func fetchReports(ctx context.Context, endpoint string, d world.SetDetails) {
	ctx, cancel := context.WithTimeout(ctx, reportWithin)
	defer cancel()
	client := reportClient{endpoint: origin(endpoint)}
	for _, c := range d.Changes {
		for i, e := range c.Errors {
			at := marketplace.Explain(e.Code, e.Message).Findings
			if at == "" {
				continue
			}
			text, err := client.fetch(ctx, at)
			if err != nil {
				text = "not read: " + err.Error()
			}
			c.Errors[i].Report = text
			c.Errors[i].Message = strings.ReplaceAll(e.Message, at, withoutQuery(at))
		}
	}
}

// reportClient reads addresses that a message names: by https, on the public
// internet, without being led to another host. The Marketplace endpoint that was
// configured may also serve its reports.
type reportClient struct {
	endpoint string // origin of the configured one; empty: AWS's own
}

// errAddress says why an address is not read.
type errAddress string

func (e errAddress) Error() string { return string(e) }

func (r reportClient) fetch(ctx context.Context, address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errAddress("the address is not one")
	}
	if err := r.allowed(u); err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", errAddress("the address is not one")
	}
	client := http.Client{Transport: r.transport(req), CheckRedirect: func(next *http.Request, via []*http.Request) error {
		const most = 3
		switch {
		case origin(next.URL.String()) != origin(address):
			return errAddress(fmt.Sprintf("%s leads to another host, %s", u.Host, next.URL.Host))
		case len(via) > most:
			return errAddress(u.Host + " leads from address to address")
		}
		return nil
	}}
	resp, err := client.Do(req)
	if err != nil {
		return "", bare(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("GET %s answers %s", withoutQuery(address), resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReport+1))
	if len(text) > maxReport {
		return string(text[:maxReport]) + "… (cut at 64 KiB)", nil
	}
	return string(text), err
}

func (r reportClient) allowed(u *url.URL) error {
	switch ip, err := netip.ParseAddr(u.Hostname()); {
	case r.endpoint != "" && origin(u.String()) == r.endpoint:
		return nil
	case u.Scheme != "https":
		return errAddress(withoutQuery(u.String()) + " is not https")
	case u.User != nil:
		return errAddress(u.Host + " is given with a user")
	case err == nil && !public(ip):
		return errAddress(notPublic(ip))
	}
	return nil
}

// transport refuses addresses that are not public when they are dialed, so that no name
// leads to one. A proxy is dialed as it is configured, and resolves names itself.
func (r reportClient) transport(req *http.Request) http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DisableKeepAlives = true
	proxy, err := t.Proxy(req)
	if proxy != nil || err != nil || r.endpoint != "" && origin(req.URL.String()) == r.endpoint {
		return t
	}
	t.DialContext = (&net.Dialer{Control: func(_, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if !public(to.Addr()) {
			return errAddress(notPublic(to.Addr()))
		}
		return nil
	}}).DialContext
	return t
}

func notPublic(ip netip.Addr) string {
	return fmt.Sprintf("%s is no address of the public internet", ip)
}

// public reports whether an address is one that a file for everyone can be at: not of this
// machine, its networks or its cloud's services.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, reserved := range []string{"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15", "240.0.0.0/4", "64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"} {
		if netip.MustParsePrefix(reserved).Contains(ip) {
			return false
		}
	}
	return true
}

// origin is the scheme, host and port of an address: "https://example.com:443". It is
// empty for what is no address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// withoutQuery is an address as it may be shown.
func withoutQuery(address string) string {
	shown, _, cut := strings.Cut(address, "?")
	if cut {
		shown += "?…"
	}
	return shown
}

// bare takes the address out of a failed request's error.
func bare(err error) error {
	var of *url.Error
	if errors.As(err, &of) {
		return of.Err
	}
	return err
}
