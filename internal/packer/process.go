package packer

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// guardScript says when it can no longer be interrupted, and waits for the end of its
// pipe, which means that this process has died. Then nothing else deletes the build's
// directory and ends the process group.
const guardScript = `trap "" INT TERM HUP; echo ready; read -r word <&3; rm -rf -- "$1"; kill -KILL 0`

// guard is the first process of a group, and has a directory; see guardScript.
type guard struct {
	dir  string
	cmd  *exec.Cmd
	pipe *os.File
}

// newGuard makes the directory when its guard is there, so that no moment is left
// in which a kill leaves it behind, with the license in it.
func newGuard() (*guard, error) {
	dir := newDir()
	g, err := guardOf(dir)
	if err != nil {
		return nil, err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		g.dismiss()
		return nil, err
	}
	return g, nil
}

// newDir returns where a build's directory will be. Packer's processes talk over
// sockets in it, whose paths the kernel holds to 104 bytes on some systems, 108 on
// others; Packer 1.6.6 crashes on a longer one.
func newDir() string {
	const most = 104 - len("/packer-plugin4294967295") - 1
	name := "amiship-packer-" + rand.Text()[:10]
	if dir := filepath.Join(os.TempDir(), name); len(dir) <= most {
		return dir
	}
	return filepath.Join("/tmp", name)
}

// guardOf starts a guard and waits until it ignores signals: a ^C that reaches it before
// would end it, and not what it guards.
func guardOf(dir string) (*guard, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := exec.Command("sh", "-c", guardScript, "packer-guard", dir)
	cmd.ExtraFiles = []*os.File{read}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	g := &guard{dir, cmd, write}
	if err := g.start(); err != nil {
		write.Close()
		return nil, fmt.Errorf("guard packer: %w", err)
	}
	return g, nil
}

func (g *guard) start() error {
	ready, err := g.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := g.cmd.Start(); err != nil {
		return err
	}
	if _, err := io.ReadFull(ready, make([]byte, len("ready\n"))); err != nil {
		g.dismiss()
		return err
	}
	return nil
}

// dismiss kills every process of the group, the guard with it, so how that ended says
// nothing.
func (g *guard) dismiss() {
	_ = syscall.Kill(-g.cmd.Process.Pid, syscall.SIGKILL)
	g.pipe.Close()
	_ = g.cmd.Wait()
}

// end leaves neither a process of the group nor the directory.
func (g *guard) end() {
	g.dismiss()
	_ = os.RemoveAll(g.dir)
}

// run runs a command in the guarded group, with the guard's directory for what it writes.
func (g *guard) run(cmd *exec.Cmd, grace time.Duration) error {
	cmd.Env = append(cmd.Env, "TMPDIR="+g.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: g.cmd.Process.Pid}
	// As ^C at a terminal: the wrapper passes nothing on, the plugins ignore it.
	cmd.Cancel = func() error { return syscall.Kill(-g.cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = grace
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it ended well; a left-over process held its output open
	}
	return err
}

func (r Runner) from() []string {
	if r.Env == nil {
		return os.Environ()
	}
	return r.Env
}

// Environment is what Packer sees: what it and the AWS SDK need, not the
// secrets of the machine it runs on, and no variables behind our back.
func (r Runner) Environment() []string {
	var out []string
	for _, entry := range r.from() {
		if name, _, _ := strings.Cut(entry, "="); passed(name) {
			out = append(out, entry)
		}
	}
	seconds := max(1, int(r.Poll.Seconds()))
	if r.Poll == 0 {
		seconds = 2
	}
	const patience = 3600 // seconds: large AMIs take longer than Packer's ten minutes
	out = setDefault(out, "AWS_POLL_DELAY_SECONDS", strconv.Itoa(seconds))
	out = setDefault(out, "AWS_MAX_ATTEMPTS", strconv.Itoa(patience/seconds))
	return append(out, "CHECKPOINT_DISABLE=1")
}

// passed are Packer's own variables for where things are. PACKER_LOG and
// PACKER_LOG_PATH are not among them: the log holds the variables' values and the
// environment of what is run, and a file of it would be readable by everyone.
// PACKER_TMP_DIR would take temporary files out of the guarded directory.
func passed(name string) bool {
	switch name {
	case "PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "SSH_AUTH_SOCK",
		"PACKER_CACHE_DIR", "PACKER_CONFIG", "PACKER_CONFIG_DIR", "PACKER_PLUGIN_PATH", "PACKER_PLUGIN_MIN_PORT", "PACKER_PLUGIN_MAX_PORT":
		return true
	}
	upper := strings.ToUpper(name)
	for _, prefix := range []string{"AWS_", "XDG_", "LC_", "SSL_CERT_"} {
		if strings.HasPrefix(upper, prefix) {
			return true
		}
	}
	return strings.HasSuffix(upper, "_PROXY")
}

// secretsIn are the values of an environment that must not show up: the caller's keys
// and session token, and passwords of proxies.
func secretsIn(env []string) []string {
	var out []string
	for _, entry := range env {
		name, value, _ := strings.Cut(entry, "=")
		switch upper := strings.ToUpper(name); {
		case strings.HasSuffix(upper, "_FILE"), strings.HasSuffix(upper, "_URI"): // where something is
		case strings.Contains(upper, "SECRET"), strings.Contains(upper, "TOKEN"), strings.Contains(upper, "PASSWORD"):
			out = append(out, value)
		case strings.HasSuffix(upper, "_PROXY"):
			out = append(out, passwordsOf(value)...)
		}
	}
	return out
}

// passwordsOf are user and password of an address, and the password, each as it is
// written and as it is meant.
func passwordsOf(address string) []string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return nil
	}
	password, _ := u.User.Password()
	_, written, _ := strings.Cut(u.User.String(), ":")
	return []string{u.User.String(), written, password}
}

func setDefault(env []string, name, value string) []string {
	if lookup(env, name) != "" {
		return env
	}
	return append(env, name+"="+value)
}

func lookup(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
