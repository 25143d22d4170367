package rehearse

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// standin is a program that makes packages in place of the real ones.
type standin struct {
	name string   // as the catalog has it
	args []string // the program, absolute, and its arguments
	dir  string   // where it runs: the catalog's directory
	env  []string
	work string // a directory for what it writes, removed by the caller
}

const (
	standinLimit = 10 * time.Minute // for one package
	standinGrace = 2 * time.Second  // from being asked to end until it is made to
	lastLines    = 10               // of its output, in an error
)

// make has the program write a package and returns its path. The program and
// what it has started are gone when make returns.
func (s standin) make(ctx context.Context, name string) (string, error) {
	path, log, tmp := filepath.Join(s.work, name), filepath.Join(s.work, "output"), filepath.Join(s.work, "tmp")
	if err := os.MkdirAll(tmp, 0o700); err != nil {
		return "", err
	}
	err := s.run(ctx, log, "TMPDIR="+tmp, path)
	if ctx.Err() != nil {
		return "", fmt.Errorf("stand-in %s %s: %w", s.name, name, context.Cause(ctx))
	}
	if err == nil {
		err = written(path)
	}
	if err != nil {
		return "", fmt.Errorf("stand-in %s %s: %w%s", s.name, name, err, tail(log))
	}
	return path, nil
}

func (s standin) run(ctx context.Context, log, tmp, path string) error {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	ctx, cancel := context.WithTimeoutCause(ctx, standinLimit, fmt.Errorf("it has not ended after %s", standinLimit))
	defer cancel()
	cmd := exec.CommandContext(ctx, s.args[0], append(s.args[1:len(s.args):len(s.args)], path)...)
	cmd.Dir, cmd.Env = s.dir, append(s.env[:len(s.env):len(s.env)], tmp)
	cmd.Stdout, cmd.Stderr = out, out
	// A group of its own: what it has started ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = standinGrace
	if err := cmd.Start(); err != nil {
		return err
	}
	err = cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // whatever is left of the group
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// written checks that there is a package where one should be.
func written(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return errors.New("it wrote no package to the path that is its last argument")
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Size() == 0:
		return errors.New("it wrote an empty package")
	}
	return nil
}

// tail is the end of what a program wrote, for an error.
func tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if lines[0] == "" {
		return "; it said nothing"
	}
	lines = lines[max(0, len(lines)-lastLines):]
	return "; it said last:\n  " + strings.Join(lines, "\n  ")
}
