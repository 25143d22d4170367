// Package admin is the sandbox's control interface for its operator: the
// clock, the faults, the whole state. It is HTTP on a unix socket inside the
// state directory that only its owner can open; machines and AWS clients
// cannot reach it.
package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Info describes a running sandbox.
type Info struct {
	URL    string    `json:"url"`
	PID    int       `json:"pid"`
	Driver string    `json:"driver"`
	Speed  float64   `json:"speed"`
	Now    time.Time `json:"now"` // by its clock
}

// Account is what a client needs to act as an account.
type Account struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	KeyID     string `json:"key"`
	SecretKey string `json:"secret"`
	Partition string `json:"partition"`
}

// Token is what a token of an OpenID Connect provider is to say.
type Token struct {
	Provider string // URL; empty: the only one whose tokens the sandbox makes
	Subject  string
	Audience string // empty: the provider's first
	For      time.Duration
}

// Handler answers on the socket. Its fields are what it can reach.
type Handler struct {
	Store    *cloud.Store
	Faults   func([]wire.Fault) error
	Info     func() Info
	Token    func(Token) (string, error)
	Shutdown func() // begins to stop the sandbox
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /info", answer(h.info))
	mux.HandleFunc("GET /dump", answer(h.dump))
	mux.HandleFunc("GET /account/{name}", answer(h.account))
	mux.HandleFunc("POST /advance", answer(h.advance))
	mux.HandleFunc("POST /faults", answer(h.faults))
	mux.HandleFunc("POST /token", answer(h.token))
	mux.HandleFunc("POST /shutdown", answer(h.shutdown))
	mux.ServeHTTP(w, r)
}

// answer writes what fn returns as JSON; an error is the client's fault.
func answer[T any](fn func(*http.Request) (T, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		out, err := fn(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out)
	}
}

func (h *Handler) info(*http.Request) (Info, error) { return h.Info(), nil }

func (h *Handler) dump(*http.Request) (Dump, error) { return h.Store.Dump() }

func (h *Handler) advance(r *http.Request) (Info, error) {
	d, err := time.ParseDuration(r.URL.Query().Get("by"))
	if err != nil {
		return Info{}, fmt.Errorf("advance the clock: %w", err)
	}
	if err := h.Store.Advance(d); err != nil {
		return Info{}, err
	}
	return h.Info(), nil
}

func (h *Handler) faults(r *http.Request) (int, error) {
	var list []wire.Fault
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&list); err != nil {
		return 0, fmt.Errorf("set faults: %w", err)
	}
	if err := wire.CheckFaults(list); err != nil {
		return 0, fmt.Errorf("set faults: %w", err)
	}
	err := h.Store.View(func(tx *cloud.Tx) error {
		for i, f := range list {
			for id, a := range cloud.Accounts.All(tx, "") {
				if a.Name == f.Account {
					list[i].Account = id
				}
			}
		}
		return nil
	})
	if err := errors.Join(err, h.Faults(list)); err != nil {
		return 0, fmt.Errorf("set faults: %w", err)
	}
	return len(list), nil
}

func (h *Handler) token(r *http.Request) (string, error) {
	var ask Token
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return h.Token(ask)
}

func (h *Handler) shutdown(*http.Request) (Info, error) {
	info := h.Info()
	h.Shutdown()
	return info, nil
}

// account finds an account by name or id, and its first lasting key.
func (h *Handler) account(r *http.Request) (out Account, err error) {
	name := r.PathValue("name")
	err = h.Store.View(func(tx *cloud.Tx) error {
		var known []string
		for id, a := range cloud.Accounts.All(tx, "") {
			if a.Name == name || id == name {
				out = Account{ID: id, Name: a.Name, Partition: a.Partition.String()}
			}
			known = append(known, a.Name)
		}
		if out.ID == "" {
			slices.Sort(known)
			return fmt.Errorf("the sandbox has no account %q: known are %s", name, strings.Join(known, ", "))
		}
		key, ok := cloud.KeyOf(tx, out.ID)
		if !ok {
			return fmt.Errorf("account %q of the sandbox has no access key", name)
		}
		out.KeyID, out.SecretKey = key.KeyID, key.Secret
		return nil
	})
	return out, err
}

// Dump is the whole state: table, partition, key.
type Dump = map[string]map[string]map[string]json.RawMessage

// Listen opens the socket, in place of one that a killed sandbox left.
func Listen(state string) (net.Listener, error) {
	path := filepath.Join(state, Socket)
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	short, done, err := shorten(state)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := net.Listen("unix", short)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // the caller owns the directory
	return l, os.Chmod(path, 0o600)
}

// Socket is its name in the state directory.
const Socket = "admin.sock"

// shorten gives the socket a name that fits into a socket address (108 bytes),
// however long the path of the state is. The name is good until done.
func shorten(state string) (name string, done func(), err error) {
	dir, err := os.Open(state)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), Socket), func() { _ = dir.Close() }, nil
}
