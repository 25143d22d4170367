package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// killer counts the calls that change something, and kills the run before or after
// one of them has its effect. None gets through after that one.
type killer struct {
	*counter

	mu    sync.Mutex
	nth   int  // which call; 0: none
	after bool // the call has its effect, its answer is lost
	names []string
}

func newKiller(t *testing.T, target string) (k *killer, via string) {
	t.Helper()
	return killerOf(t, target, changes)
}

// killerOf counts the calls that here tells.
func killerOf(t *testing.T, target string, here func(*http.Request, []byte) bool) (k *killer, via string) {
	t.Helper()
	k = &killer{}
	k.counter, via = newCounter(t, target, here, k.lets)
	return k, via
}

// changes reports whether a call changes something. Of the Recycle Bin only rules are
// read, by paths.
func changes(r *http.Request, body []byte) bool {
	if bytes.Contains(body, []byte("DryRun=true")) || r.URL.Path == "/list-rules" || strings.HasPrefix(r.URL.Path, "/rules/") {
		return false
	}
	name := action(r, body)
	return !slices.ContainsFunc([]string{"Describe", "Get", "List"}, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

// lets is the deed: it lets a call through unless it is the one, or comes after it.
func (k *killer) lets(c *counter, w http.ResponseWriter, r *http.Request, body []byte) {
	k.mu.Lock()
	k.names = append(k.names, action(r, body))
	n, nth, after := len(k.names), k.nth, k.after
	k.mu.Unlock()
	switch {
	case nth == 0 || n < nth:
		c.hand(w, r, body)
	case n > nth:
		panic(http.ErrAbortHandler)
	case after:
		killedAfter(c, w, r, body)
	default:
		killedBefore(c, w, r, body)
	}
}

// killAt runs a command that is killed at one of its calls.
func (k *killer) killAt(t *testing.T, cmd *exec.Cmd, nth int, after bool) (code int, out string) {
	t.Helper()
	return k.startAt(t, cmd, nth, after)()
}

// startAt is killAt, which ends when the returned function is called.
func (k *killer) startAt(t *testing.T, cmd *exec.Cmd, nth int, after bool) (end func() (code int, out string)) {
	t.Helper()
	k.mu.Lock()
	k.nth, k.after = nth, after
	k.mu.Unlock()
	return k.start(t, cmd)
}

// calls are the names of those that have come.
func (k *killer) calls() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.names)
}

// killed reports whether the call came.
func (k *killer) killed() bool { return k.nth > 0 && len(k.calls()) >= k.nth }

func action(r *http.Request, body []byte) string {
	if target := r.Header.Get("X-Amz-Target"); target != "" {
		_, name, _ := strings.Cut(target, ".")
		return name
	}
	form, _ := url.ParseQuery(string(body))
	return form.Get("Action")
}

// world starts a sandbox for a kill, from a copy of a state if one is given.
func killWorld(t *testing.T, from string) *box {
	t.Helper()
	state := filepath.Join(t.TempDir(), "state")
	if from != "" {
		if err := os.CopyFS(state, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(state, "calls.jsonl"))
	}
	return startBox(t, state, "--driver", "instant", "--speed", "1000")
}

// releaseCmd is a run of the example's release. Its package comes from a file,
// so that the test needs no archive.
func releaseCmd(t *testing.T, b *box, via string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(program, append([]string{"release", "v2.42.0", "--file", instantBundle(t), "--poll", "200ms", "--wait", "20s"}, args...)...)
	cmd.Env = b.env(t, "vendor", via)
	return cmd
}

// finish runs the release until it is complete: again and again, as CI would. AWS's
// clock is fast, since claims are read twice before they are ended.
func finish(t *testing.T, b *box) {
	t.Helper()
	defer b.hurry(t)()
	for range 4 {
		out, err := releaseCmd(t, b, "", "--wait", "1h").CombinedOutput()
		if err == nil {
			return
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 75 {
			t.Fatalf("resuming: %v\n%s", err, out)
		}
		b.advance(t, 3*time.Minute)
	}
	t.Fatal("the release is not complete after four runs")
}

// TestKilledAtEveryCall kills a run before and after the answer of each of its
// calls that change something, runs it again, and compares the world with that
// of an undisturbed run.
func TestKilledAtEveryCall(t *testing.T) {
	t.Parallel()
	undisturbed := killWorld(t, "")
	k, via := newKiller(t, undisturbed.url)
	if out, err := releaseCmd(t, undisturbed, via).CombinedOutput(); err != nil {
		t.Fatalf("the undisturbed run: %v\n%s", err, out)
	}
	want := worldOf(t, undisturbed)
	names := k.calls()
	builtWith := slices.Index(names, "CopyImage") // so many, until the candidate was there and its claim ended
	if builtWith < 0 {
		t.Fatalf("nothing is copied: %s", names)
	}
	built := builtState(t)
	t.Logf("%d calls that change something, %d of them up to the candidate: %s", len(names), builtWith, strings.Join(names, " "))
	for n := 1; n <= len(names); n++ {
		for _, after := range []bool{false, true} {
			from, at := "", n
			if n > builtWith {
				from, at = built, n-builtWith
			}
			t.Run(fmt.Sprintf("%s-%d-%v", names[n-1], n, after), func(t *testing.T) {
				t.Parallel()
				b := killWorld(t, from)
				killRun(t, b, at, after)
				b.advance(t, 3*time.Minute)
				finish(t, b)
				sameWorld(t, want, worldOf(t, b))
			})
		}
	}
}

// builtState is the state of a sandbox in which a candidate waits to be copied,
// so that the kills after it need no build of their own.
func builtState(t *testing.T) string {
	t.Helper()
	b := killWorld(t, "")
	if out, err := releaseCmd(t, b, "", "--until", "built").CombinedOutput(); err != nil {
		t.Fatalf("release --until built: %v\n%s", err, out)
	}
	b.end(t)
	return b.state
}

func killRun(t *testing.T, b *box, at int, after bool) {
	t.Helper()
	k, via := newKiller(t, b.url)
	if code, out := k.killAt(t, releaseCmd(t, b, via), at, after); !k.killed() {
		t.Logf("ended by itself (exit %d):\n%s", code, out)
	}
}
