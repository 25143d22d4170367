package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// lost says that an output could not be written to: it is closed, or full. That is a
// request to stop, as a signal is: who reads is gone, or does not get to know.
type lost struct {
	mu   sync.Mutex
	err  error
	stop chan struct{} // closed with the first error
}

func newLost() *lost { return &lost{stop: make(chan struct{})} }

func (l *lost) note(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
		close(l.stop)
	}
}

// cause is the first error; nil: all was written.
func (l *lost) cause() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// sink is standard output or error.
type sink struct {
	mu   sync.Mutex
	w    io.Writer
	lost *lost
}

// Write implements io.Writer for several goroutines.
func (s *sink) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.w.Write(p)
	if err != nil {
		s.lost.note(err)
	}
	return n, err
}

// survivePipes has a write to a closed pipe be an error. Otherwise it ends the process,
// with all that is under way.
func survivePipes() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
}

// code is the exit code of a command that ended so. What it could not say of itself
// counts more than how it ended, unless it failed.
func (a *app) code(err error) int {
	cause := a.lost.cause()
	var quiet silent
	said := err == nil || errors.As(err, &quiet) || errors.Is(err, context.Canceled) || errors.Is(err, cause)
	if cause == nil || !said {
		return a.fail(err)
	}
	fmt.Fprintf(a.Err, "amiship: stopped, because its output was not written: %v\n", cause)
	return codeOutput
}
