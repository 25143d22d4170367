package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// killer stands between a run and the sandbox, counts the calls that change
// something, and kills the run before or after one of them has its effect.
type killer struct {
	proxy *httputil.ReverseProxy
	at    int  // which call; 0: none
	after bool // the call has its effect, its answer is lost

	mu    sync.Mutex
	count int
	names []string
	kill  func()
	dead  bool
}

func newKiller(t *testing.T, target string) (*killer, string) {
	k := &killer{proxy: forward(t, target)}
	srv := httptest.NewServer(k)
	t.Cleanup(srv.Close)
	return k, srv.URL
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	kill := k.counts(action(r, body))
	if kill == nil {
		k.proxy.ServeHTTP(w, r)
		return
	}
	if k.after {
		k.proxy.ServeHTTP(httptest.NewRecorder(), r)
	}
	kill()
	panic(http.ErrAbortHandler)
}

// counts counts a call that changes something; if it is the one, it returns
// what to do.
func (k *killer) counts(name string) (kill func()) {
	for _, prefix := range []string{"Describe", "Get", "List"} {
		if strings.HasPrefix(name, prefix) {
			return nil
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		panic(http.ErrAbortHandler)
	}
	k.count++
	k.names = append(k.names, name)
	if k.dead = k.count == k.at; k.dead {
		return k.kill
	}
	return nil
}

// start starts a run that is killed at one of its calls.
func (k *killer) start(t *testing.T, cmd *exec.Cmd, at int, after bool) {
	t.Helper()
	k.mu.Lock() // no call is counted before it is known what to kill
	defer k.mu.Unlock()
	k.at, k.after = at, after
	k.kill = func() { _ = cmd.Process.Kill() }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// killed reports whether the call came.
func (k *killer) killed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.dead
}

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

// finish runs the release until it is complete: again and again, as CI would.
func finish(t *testing.T, b *box) {
	t.Helper()
	for range 4 {
		out, err := releaseCmd(t, b, "").CombinedOutput()
		if err == nil {
			return
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 75 {
			t.Fatalf("carrying on: %v\n%s", err, out)
		}
		b.advance(t, 3*time.Minute)
	}
	t.Fatal("the release is not complete after four runs")
}

// TestKilledAtEveryCall kills a run before and after the answer of each of its
// calls that change something, runs it again, and compares the world with that
// of a run that nobody disturbed.
func TestKilledAtEveryCall(t *testing.T) {
	undisturbed := killWorld(t, "")
	k, via := newKiller(t, undisturbed.url)
	if out, err := releaseCmd(t, undisturbed, via).CombinedOutput(); err != nil {
		t.Fatalf("the run that nobody disturbs: %v\n%s", err, out)
	}
	want := worldOf(t, undisturbed)
	builtWith := k.built()
	built := builtState(t)
	t.Logf("%d calls that change something, %d of them up to the candidate: %s", k.count, builtWith, strings.Join(k.names, " "))
	for n := 1; n <= k.count; n++ {
		for _, after := range []bool{false, true} {
			from, at := "", n
			if n > builtWith {
				from, at = built, n-builtWith
			}
			t.Run(fmt.Sprintf("%s-%d-%v", k.names[n-1], n, after), func(t *testing.T) {
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

// built is how many calls it took until the candidate was there and its claim ended.
func (k *killer) built() int {
	for i, name := range k.names {
		if name == "CopyImage" {
			return i
		}
	}
	return len(k.names)
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
	cmd := releaseCmd(t, b, via)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	k.start(t, cmd, at, after)
	err := cmd.Wait()
	if !k.killed() {
		t.Logf("ended by itself (%v):\n%s", err, out.String())
	}
}
