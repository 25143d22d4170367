// Package sandboxtest starts sandboxes in the process of a test.
//
// Only what starts and ends a sandbox is direct. A test talks to it as users do,
// over HTTP with AWS's clients.
package sandboxtest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"amiship/sandbox"
	"amiship/sandbox/admin"
	"amiship/sandbox/wire"
)

// speed shortens AWS's durations: a copy of eight minutes takes half a second.
const speed = 1000

// Box is a sandbox that runs until its test ends. Its machines answer SSH and run
// nothing.
type Box struct {
	*admin.Client
	URL string
}

// Start starts one with the world that a text describes; empty: the default one.
func Start(t *testing.T, world string) *Box {
	t.Helper()
	cfg := sandbox.Config{Listen: "127.0.0.1:0", State: t.TempDir(), Driver: sandbox.Instant, Speed: speed}
	if world != "" {
		cfg.World = filepath.Join(t.TempDir(), "world.yaml")
		if err := os.WriteFile(cfg.World, []byte(world), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r, w := io.Pipe()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() {
		err := sandbox.Run(ctx, cfg, w, t.Output())
		w.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the sandbox ended with %v", err)
		}
	})
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &Box{Client: admin.Dial(cfg.State), URL: strings.TrimSpace(strings.TrimPrefix(line, "ready "))}
}

// Key is the access key of an account, by name or id.
func (b *Box) Key(t *testing.T, account string) admin.Account {
	t.Helper()
	key, err := b.Account(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Meets sets the faults that calls meet from now on, instead of those before.
func (b *Box) Meets(t *testing.T, faults ...wire.Fault) {
	t.Helper()
	if err := b.SetFaults(t.Context(), faults...); err != nil {
		t.Fatal(err)
	}
}

// Calls are the actions that were called so far, in order, refused ones included, and
// dry runs not; those alone that begin with one of the prefixes, if any is given.
func (b *Box) Calls(t *testing.T, prefixes ...string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.State(), sandbox.CallsFile))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range bytes.Lines(text) {
		var call wire.Logged
		if err := json.Unmarshal(line, &call); err != nil {
			t.Fatal(err)
		}
		if call.Code != "DryRunOperation" && (len(prefixes) == 0 || hasPrefix(call.Action, prefixes)) {
			out = append(out, call.Action)
		}
	}
	return out
}

func hasPrefix(text string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(text, p) {
			return true
		}
	}
	return false
}
