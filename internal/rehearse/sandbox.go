package rehearse

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// box is a running sandbox.
type box struct {
	url    string
	cmd    *exec.Cmd
	ended  chan struct{} // closed when it has
	err    error         // how it ended
	cancel context.CancelFunc
}

// errGone says that the sandbox ended in the middle of the rehearsal.
var errGone = errors.New("the sandbox ended in the middle of the rehearsal; its last output is above")

// command runs this same amiship. It is asked to end before it is made to; a
// Ctrl-C at the terminal is ours to hand on.
func (r Rehearsal) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.Program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 90 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	return cmd
}

// startSandbox starts one and waits until it serves.
func (r Rehearsal) startSandbox(ctx context.Context) (*box, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	args := []string{"sandbox", "--listen", "127.0.0.1:0", "--state", r.State, "--driver", r.Driver, "--speed", strconv.FormatFloat(r.Speed, 'g', -1, 64)}
	if r.World != "" {
		args = append(args, "--world", r.World)
	}
	if r.As != "" {
		args = append(args, "--as", r.As)
	}
	cmd := r.command(ctx, args...)
	cmd.Stderr = r.Log
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start the sandbox: %w", err)
	}
	b := &box{cmd: cmd, ended: make(chan struct{}), cancel: cancel}
	b.url, err = readyURL(out)
	go func() {
		_, _ = io.Copy(io.Discard, out)
		b.err = cmd.Wait()
		close(b.ended)
	}()
	if err != nil {
		cancel()
		<-b.ended
		return nil, errors.Join(err, b.err)
	}
	return b, nil
}

// while returns a context that ends with errGone when the sandbox does.
func (b *box) while(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-b.ended:
			cancel(errGone)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(nil) }
}

// readyURL reads the line "ready URL".
func readyURL(out io.Reader) (string, error) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			return url, nil
		}
	}
	return "", errors.New("the sandbox ended before it was ready")
}

// stop ends the sandbox and waits until its machines are gone.
func (b *box) stop() error {
	b.cancel()
	<-b.ended
	err := b.err
	var exit *exec.ExitError
	if errors.Is(err, context.Canceled) || errors.As(err, &exit) && exit.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGTERM {
		return nil
	}
	if err != nil {
		return fmt.Errorf("stop the sandbox: %w", err)
	}
	return nil
}

// env asks the sandbox for the variables that point a client at one of its accounts.
func (r Rehearsal) env(ctx context.Context, account string) ([]string, error) {
	cmd := r.command(ctx, "sandbox", "env", "--state", r.State, "--account", account)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("amiship sandbox env --account %s: %w: %s", account, err, strings.TrimSpace(said.String()))
	}
	var env []string
	for line := range strings.Lines(string(out)) {
		if kv, ok := strings.CutPrefix(strings.TrimSpace(line), "export "); ok {
			name, value, _ := strings.Cut(kv, "=")
			env = append(env, name+"="+unquote(value))
		}
	}
	return env, nil
}

// unquote takes the quotes off a word that was quoted for a shell.
func unquote(word string) string {
	inner, ok := strings.CutPrefix(word, "'")
	if !ok {
		return word
	}
	return strings.ReplaceAll(strings.TrimSuffix(inner, "'"), `'\''`, "'")
}
