package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// lab is where benches work: a directory of their own that goes with the lab.
type lab struct {
	program string // the amiship that is measured
	dir     string
	env     []string
	log     io.Writer
	stocked *stock
}

func newLab(program string, env []string, log io.Writer) (*lab, error) {
	program, err := filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("the amiship to measure: %w", err)
	}
	dir, err := os.MkdirTemp("", "amiship-bench-")
	if err != nil {
		return nil, err
	}
	return &lab{program: program, dir: dir, env: env, log: log}, nil
}

func (l *lab) close() { _ = os.RemoveAll(l.dir) }

// say tells how far it is.
func (l *lab) say(format string, args ...any) { fmt.Fprintf(l.log, format+"\n", args...) }

// path is a new name in the lab's directory.
func (l *lab) path(name string) string { return filepath.Join(l.dir, name) }

// command is a process that is asked to end when ctx does, and then made to.
func command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// ran is how a command went.
type ran struct {
	code   int
	out    []byte // standard output
	took   time.Duration
	memory float64 // MB, at most
}

// amiship runs the program and wants one of the exit codes.
func (l *lab) amiship(ctx context.Context, env []string, codes []int, args ...string) (ran, error) {
	return finish(l.command(ctx, env, args...), codes)
}

func (l *lab) command(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := command(ctx, l.program, args...)
	cmd.Env, cmd.Dir = env, l.dir // what it leaves behind goes with the lab
	return cmd
}

// finish runs a command to its end and wants one of the exit codes.
func finish(cmd *exec.Cmd, codes []int) (ran, error) {
	var out, talk bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &talk
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return ran{}, err
	}
	ended, most := make(chan struct{}), make(chan float64)
	go func() { most <- watched(cmd.Process.Pid, ended) }()
	_ = cmd.Wait() // the exit code says it
	close(ended)
	r := ran{code: cmd.ProcessState.ExitCode(), out: out.Bytes(), took: time.Since(began), memory: <-most}
	for _, c := range codes {
		if r.code == c {
			return r, nil
		}
	}
	return r, fmt.Errorf("%s: exit %d\n%s%s", strings.Join(cmd.Args, " "), r.code, tail(talk.String()), tail(out.String()))
}

// watched is the most memory that a process has had until it ended, in MB. What wait4 says of it
// counts that of this process too, from which it was forked.
func watched(pid int, ended <-chan struct{}) float64 {
	most := 0.0
	for {
		now, err := memory(pid, "VmHWM")
		if err == nil {
			most = now
		}
		select {
		case <-ended:
			return most
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// memory is one of the sizes that the kernel tells of a process, in MB: VmRSS is now, VmHWM at most.
func memory(pid int, which string) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var kilobytes float64
		if _, err := fmt.Sscanf(line, which+": %f kB", &kilobytes); err == nil {
			return kilobytes / 1000, nil
		}
	}
	return 0, fmt.Errorf("the kernel does not say how much memory the process %d has", pid)
}

// tail is the end of a long text.
func tail(s string) string {
	const most = 3000
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}

// wait passes some time, unless ctx ends before.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// installed reports whether a peer can be run: the command that tries it goes well.
func installed(ctx context.Context, program string, args ...string) bool {
	return exec.CommandContext(ctx, program, args...).Run() == nil
}

// first is the first error of several.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
