package rehearse

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script is a stand-in program that the shell runs.
func script(t *testing.T, text string) standin {
	t.Helper()
	return standin{name: "standin/build", args: []string{"/bin/sh", "-c", text, "build"}, dir: t.TempDir(), env: os.Environ(), work: filepath.Join(t.TempDir(), "0")}
}

func TestStandin(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"writes a package":    {`echo package >"$1"`, ""},
		"fails":               {`seq 20; echo no such disk >&2; exit 3`, "stand-in standin/build product_1_amd64.deb: exit status 3; it said last:\n  12\n"},
		"says what was wrong": {`echo no such disk >&2; exit 3`, "it said last:\n  no such disk"},
		"says nothing":        {`exit 3`, "exit status 3; it said nothing"},
		"writes nothing":      {`echo done`, "it wrote no package to the path that is its last argument; it said last:\n  done"},
		"writes 0 bytes":      {`>"$1"`, "it wrote an empty package"},
		"writes a directory":  {`mkdir "$1"`, "it wrote an empty package"},
	} {
		t.Run(name, func(t *testing.T) {
			path, err := script(t, c.script).make(t.Context(), "product_1_amd64.deb")
			if c.want == "" {
				if text, readErr := os.ReadFile(path); err != nil || string(text) != "package\n" {
					t.Errorf("%s holds %q (%v), made with %v", path, text, readErr, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestStandinThatIsNotThere(t *testing.T) {
	s := script(t, "")
	s.args = []string{filepath.Join(s.dir, "standin/build")}
	if _, err := s.make(t.Context(), "x.deb"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v, want that there is no such file", err)
	}
}

// TestStandinRuns in the catalog's directory, with the rehearsal's environment
// and a temporary directory that goes with it.
func TestStandinRuns(t *testing.T) {
	s := script(t, `echo "$PWD $TOKEN $TMPDIR" >"$1"`)
	s.env = append(s.env, "TOKEN=rehearsed")
	path, err := s.make(t.Context(), "x.deb")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if want := s.dir + " rehearsed " + s.work + "/tmp\n"; err != nil || string(text) != want {
		t.Errorf("it saw %q (%v), want %q", text, err, want)
	}
}

// TestStandinThatHangs ends with the context, and so does what it has started.
func TestStandinThatHangs(t *testing.T) {
	s := script(t, `trap '' TERM; sleep 600 & echo $! >child; mv child started; wait`)
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		waitFor(t, filepath.Join(s.dir, "started"))
		cancel(errors.New("enough"))
	}()
	_, err := s.make(ctx, "x.deb")
	if err == nil || !strings.Contains(err.Error(), "enough") {
		t.Errorf("error %v, want the reason for the end", err)
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "started"))
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	waitGone(t, child)
}

// waitFor waits until there is a file.
func waitFor(t *testing.T, path string) {
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	t.Errorf("%s does not appear", path)
}

// waitGone waits until a process has ended; one that was not waited for yet
// has ended too.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(text), ") Z ") {
			return
		}
	}
	_ = syscall.Kill(pid, syscall.SIGKILL)
	t.Errorf("process %d is still there", pid)
}
