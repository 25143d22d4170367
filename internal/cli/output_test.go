package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// full is an output that takes nothing.
type full struct{ err error }

func (f full) Write([]byte) (int, error) { return 0, f.err }

// TestOutputIsLost: a command that could not say what it has found has not done it.
// How it failed counts all the same.
func TestOutputIsLost(t *testing.T) {
	closed, noSpace := full{&os.PathError{Op: "write", Path: "/dev/stdout", Err: syscall.EPIPE}}, full{syscall.ENOSPC}
	for name, c := range map[string]struct {
		args []string
		out  io.Writer
		code int
		says string
	}{
		"written":                {[]string{"version"}, io.Discard, 0, ""},
		"closed":                 {[]string{"version"}, closed, codeOutput, "amiship: stopped, because its output was not written: write /dev/stdout: broken pipe\n"},
		"full":                   {[]string{"schema"}, noSpace, codeOutput, "no space left on device"},
		"help":                   {[]string{"help", "exit-codes"}, closed, codeOutput, "broken pipe"},
		"closed, and wrongly":    {[]string{"plan"}, closed, codeUsage, "requires at least 1 arg"},
		"closed, and no catalog": {[]string{"plan", "v1", "--file", "none.yaml"}, closed, codeCatalog, "no none.yaml here"},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			code := Main(t.Context(), c.args, Stdio{strings.NewReader(""), c.out, &said}, Version{})
			if code != c.code || !strings.Contains(said.String(), c.says) {
				t.Errorf("exit %d, want %d: %s", code, c.code, said.String())
			}
		})
	}
}

// TestLostOutputStops: who can't be heard any more is to stop, as by a signal.
func TestLostOutputStops(t *testing.T) {
	a := &app{lost: newLost()}
	s := &sink{w: full{syscall.EPIPE}, lost: a.lost}
	_, stop, cancel := a.interrupts(t.Context())
	defer cancel()
	for range 2 {
		if _, err := s.Write([]byte("news")); !errors.Is(err, syscall.EPIPE) {
			t.Errorf("the write ends with %v", err)
		}
	}
	<-stop
	ctx := reading(t.Context(), stop)
	<-ctx.Done()
}
