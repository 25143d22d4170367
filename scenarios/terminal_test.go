package scenarios

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/vt"
	"github.com/creack/pty"
)

// window is a shell on a real pseudo-terminal, and what is seen there.
type window struct {
	t     *testing.T
	pty   *os.File
	shell *exec.Cmd

	mu      sync.Mutex
	screen  *vt.Emulator
	changed chan struct{} // closed with the next output
}

// openWindow opens one in the environment of a run.
func openWindow(t *testing.T, env []string, columns, rows uint16) *window {
	t.Helper()
	shell := exec.Command("bash", "--norc", "--noprofile", "-i")
	shell.Env = append(os.Environ(), "PS1=ready> ", "LC_ALL=C.UTF-8", "TERM=xterm-256color", "NO_COLOR=")
	shell.Env = append(shell.Env, env...)
	f, err := pty.StartWithSize(shell, &pty.Winsize{Cols: columns, Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	w := &window{t: t, screen: vt.NewEmulator(int(columns), int(rows)), pty: f, shell: shell, changed: make(chan struct{})}
	go func() { _, _ = io.Copy(io.Discard, w.screen) }() // what the terminal answers
	go w.read()
	t.Cleanup(func() {
		_ = shell.Process.Signal(syscall.SIGHUP)
		_ = f.Close()
		_ = shell.Wait()
	})
	w.until("ready>")
	return w
}

func (w *window) read() {
	buffer := make([]byte, 1<<15)
	for {
		n, err := w.pty.Read(buffer)
		w.mu.Lock()
		_, _ = w.screen.Write(buffer[:n])
		close(w.changed)
		w.changed = make(chan struct{})
		w.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// hasCursor reports whether the cursor is shown.
func (w *window) hasCursor() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.screen.CursorHidden()
}

// text is all that is seen, and what has scrolled by; changed is closed when there is more.
func (w *window) text() (text string, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out strings.Builder
	for y := range w.screen.ScrollbackLen() {
		var line strings.Builder
		for x := range w.screen.Width() {
			if c := w.screen.ScrollbackCellAt(x, y); c != nil {
				line.WriteString(c.Content)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	for line := range strings.Lines(w.screen.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String(), w.changed
}

// until waits until a text is seen, and none of the others.
func (w *window) until(want string, none ...string) string {
	w.t.Helper()
	late := time.After(5 * time.Minute)
	for {
		text, changed := w.text()
		seen := strings.Contains(text, want)
		for _, other := range none {
			seen = seen && !strings.Contains(text, other)
		}
		if seen {
			return text
		}
		select {
		case <-changed:
		case <-late:
			w.t.Fatalf("no %q without %q in\n%s", want, none, text)
		}
	}
}

func (w *window) types(text string) {
	w.t.Helper()
	if _, err := w.pty.WriteString(text); err != nil {
		w.t.Fatal(err)
	}
}

func (w *window) resize(columns, rows uint16) {
	w.t.Helper()
	w.mu.Lock()
	w.screen.Resize(int(columns), int(rows))
	w.mu.Unlock()
	if err := pty.Setsize(w.pty, &pty.Winsize{Cols: columns, Rows: rows}); err != nil {
		w.t.Fatal(err)
	}
}

const (
	ctrlC = "\x03"
	ctrlZ = "\x1a"
)

// atWork opens a window in which a release is copying: that takes until the test advances the
// sandbox's clock.
func atWork(t *testing.T, columns, rows uint16) (*window, *box) {
	t.Helper()
	file := instantBundle(t)
	b := startBox(t, t.TempDir(), "--driver", "instant", "--speed", "1000")
	built := b.env(t, "vendor", "")
	if code, out := amiship(t, built, "release", "v2.42.0", "--file", file, "--no-test", "--poll", "200ms", "--until", "built"); code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	b.args = []string{"--driver", "instant", "--speed", "1"}
	if err := b.crash(); err != nil {
		t.Fatal(err)
	}
	w := openWindow(t, b.env(t, "vendor", ""), columns, rows)
	w.types(fmt.Sprintf("clear; %s release v2.42.0 --file %s --no-test --poll 200ms; echo ended with $?\n", program, file))
	w.until("copying 4")
	return w, b
}

// finishes has AWS end its copies, and what comes after them.
func (w *window) finishes(b *box) string {
	w.t.Helper()
	b.advance(w.t, time.Hour)
	w.until("parameter prometheus/amd64")
	b.advance(w.t, time.Hour)
	return w.until("ended with 0", "copying 4")
}

// TestTerminal: at each width the table is there while a release runs, and nothing of it is
// left when it is over; no line is broken within a word.
func TestTerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []uint16{40, 80, 120, 300} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			t.Parallel()
			w, b := atWork(t, columns, 24)
			if w.hasCursor() {
				t.Error("the cursor is in the table")
			}
			text := w.finishes(b)
			for _, want := range []string{"prometheus v2.42.0: complete, 4 of 4", "gate open"} {
				if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			if !w.hasCursor() {
				t.Error("the cursor is still hidden")
			}
		})
	}
}

// TestTerminalResized: the table is drawn anew, once.
func TestTerminalResized(t *testing.T) {
	t.Parallel()
	w, b := atWork(t, 120, 30)
	for _, columns := range []uint16{60, 200, 44} {
		w.resize(columns, 20)
		w.types("x") // is echoed, so something changes
		text := w.until("copying 4")
		if n := strings.Count(text, "copying 4"); n != 1 {
			t.Errorf("at %d columns the table is there %d times:\n%s", columns, n, text)
		}
	}
	w.finishes(b)
}

// TestTerminalInterrupted: a Ctrl-C is answered, with what is being done; the same command
// resumes. Two end at once.
func TestTerminalInterrupted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ keys, want string }{
		"once":  {ctrlC, "amiship: stopping: begins nothing new"},
		"twice": {ctrlC + ctrlC, "ended with 130"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := atWork(t, 80, 24)
			w.types(c.keys)
			w.until(c.want)
			w.until("ended with 130", "copying 4")
			if !w.hasCursor() {
				t.Error("the cursor is still hidden")
			}
		})
	}
}

// TestTerminalSuspended: Ctrl-Z gives the shell a clean terminal, and fg goes on.
func TestTerminalSuspended(t *testing.T) {
	t.Parallel()
	w, b := atWork(t, 80, 24)
	w.types(ctrlZ)
	w.until("Stopped", "copying 4")
	if !w.hasCursor() {
		t.Error("the shell has no cursor")
	}
	w.types("fg\n")
	w.until("copying 4")
	b.advance(t, time.Hour)
	w.until("parameter prometheus/amd64")
	b.advance(t, time.Hour)
	w.until("complete, 4 of 4 regions", "copying 4")
}

// TestTerminalIsAsked: --progress live has nowhere to draw on a pipe, and says so.
func TestTerminalIsAsked(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(program, "release", "v1", "--progress", "live")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "--progress live needs a terminal") {
		t.Errorf("%v\n%s", err, out)
	}
}
