package scenarios

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
)

// counter stands between runs and the sandbox, and counts some of their requests.
type counter struct {
	pass http.Handler
	// here tells the requests that it is for, and at is what it does with one.
	here func(r *http.Request, body []byte) bool
	at   deed

	process chan *os.Process // the one to kill
	both    chan struct{}    // closed when a second request has come

	mu   sync.Mutex
	came int
}

// deed is what a counter does with a request; (*counter).hand is one.
type deed func(c *counter, w http.ResponseWriter, r *http.Request, body []byte)

// newCounter puts one before a sandbox, for the requests that here tells. Runs
// find it at via.
func newCounter(t *testing.T, target string, here func(*http.Request, []byte) bool, at deed) (c *counter, via string) {
	t.Helper()
	c = &counter{pass: forward(t, target), here: here, at: at, process: make(chan *os.Process, 1), both: make(chan struct{})}
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	return c, srv.URL
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if !c.here(r, body) {
		c.hand(w, r, body)
		return
	}
	c.mu.Lock()
	if c.came++; c.came == 2 {
		close(c.both)
	}
	c.mu.Unlock()
	c.at(c, w, r, body)
}

// again reports whether this is not the first request.
func (c *counter) again() bool { return c.requests() > 1 }

// requests is how many have come.
func (c *counter) requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.came
}

// hand passes the request on.
func (c *counter) hand(w http.ResponseWriter, r *http.Request, body []byte) {
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.pass.ServeHTTP(w, r)
}

// run runs a command that the counter can kill, and returns how it ended: -1 if
// it was killed.
func (c *counter) run(t *testing.T, cmd *exec.Cmd) (code int, out string) {
	t.Helper()
	return c.start(t, cmd)()
}

// start is run, which ends when the returned function is called.
func (c *counter) start(t *testing.T, cmd *exec.Cmd) (end func() (code int, out string)) {
	t.Helper()
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.process <- cmd.Process
	return func() (int, string) {
		_ = cmd.Wait()
		return cmd.ProcessState.ExitCode(), text.String()
	}
}

// kill ends the run.
func (c *counter) kill() {
	p := <-c.process
	_ = p.Kill()
}

func killedBefore(c *counter, _ http.ResponseWriter, _ *http.Request, _ []byte) {
	c.kill()
	panic(http.ErrAbortHandler)
}

func killedAfter(c *counter, _ http.ResponseWriter, r *http.Request, body []byte) {
	c.hand(httptest.NewRecorder(), r, body)
	c.kill()
	panic(http.ErrAbortHandler)
}
