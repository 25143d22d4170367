package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"amiship/sandbox/wire"
)

// ErrNotRunning is returned when nothing answers on the state's socket.
var ErrNotRunning = errors.New("no sandbox is running on it")

// Client talks to the sandbox that runs on a state directory.
type Client struct {
	state string
	http  http.Client
}

// Dial does not connect yet.
func Dial(state string) *Client {
	c := &Client{state: state}
	c.http.Transport = &http.Transport{DisableKeepAlives: true, DialContext: c.connect}
	return c
}

// State is the directory that it was dialled with.
func (c *Client) State() string { return c.state }

func (c *Client) connect(ctx context.Context, _, _ string) (net.Conn, error) {
	name, done, err := shorten(c.state)
	if err != nil {
		return nil, ErrNotRunning
	}
	defer done()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", name)
	if err != nil {
		return nil, ErrNotRunning
	}
	return conn, nil
}

// Info describes the sandbox.
func (c *Client) Info(ctx context.Context) (Info, error) {
	return get[Info](ctx, c, "GET", "/info", nil)
}

// Dump returns everything in the sandbox's store.
func (c *Client) Dump(ctx context.Context) (Dump, error) {
	return get[Dump](ctx, c, "GET", "/dump", nil)
}

// Account returns the keys of an account, by name or id.
func (c *Client) Account(ctx context.Context, name string) (Account, error) {
	return get[Account](ctx, c, "GET", "/account/"+url.PathEscape(name), nil)
}

// Advance moves the sandbox's clock forward.
func (c *Client) Advance(ctx context.Context, d time.Duration) (Info, error) {
	return get[Info](ctx, c, "POST", "/advance?by="+d.String(), nil)
}

// SetFaults replaces the faults that requests meet; none clears them.
func (c *Client) SetFaults(ctx context.Context, list ...wire.Fault) error {
	if list == nil {
		list = []wire.Fault{}
	}
	body, err := json.Marshal(list)
	if err != nil {
		return err
	}
	_, err = get[int](ctx, c, "POST", "/faults", body)
	return err
}

// Token makes a token of an OpenID Connect provider of the sandbox's world.
func (c *Client) Token(ctx context.Context, ask Token) (string, error) {
	body, err := json.Marshal(ask)
	if err != nil {
		return "", err
	}
	return get[string](ctx, c, "POST", "/token", body)
}

// Shutdown asks the sandbox to stop, and waits until it has: its machines may
// take seconds.
func (c *Client) Shutdown(ctx context.Context) error {
	if _, err := get[Info](ctx, c, "POST", "/shutdown", nil); err != nil {
		return err
	}
	return untilFree(ctx, c.state)
}

func get[T any](ctx context.Context, c *Client, method, path string, body []byte) (out T, err error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://sandbox"+path, bytes.NewReader(body))
	if err != nil {
		return out, err
	}
	resp, err := c.http.Do(req)
	if errors.Is(err, ErrNotRunning) {
		return out, fmt.Errorf("sandbox state %s: %w", c.state, ErrNotRunning)
	}
	if err != nil {
		return out, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return out, errors.New(strings.TrimSpace(string(text)))
	}
	return out, json.NewDecoder(resp.Body).Decode(&out)
}
