package packer

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// guardScript waits for word that the build has ended, or for the end of its
// pipe, which means that this process has died; then nobody else will delete
// the build's directory. Either way it ends its process group.
const guardScript = `trap "" INT TERM HUP; read -r word <&3 || rm -rf -- "$1"; kill -KILL 0`

// guard is the first process of a group, and has a directory; see guardScript.
type guard struct {
	dir  string
	cmd  *exec.Cmd
	pipe *os.File
}

// newGuard makes the directory when its guard is there, so that no moment is left
// in which a kill leaves it behind, with the licence in it.
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

// newDir is where a build's directory is to be. Packer's processes talk over sockets
// in it, whose paths the kernel holds to 104 bytes on some systems, 108 on others;
// Packer 1.6.6 crashes on a longer one.
func newDir() string {
	const most = 104 - len("/packer-plugin4294967295") - 1
	name := "amiship-packer-" + rand.Text()[:10]
	if dir := filepath.Join(os.TempDir(), name); len(dir) <= most {
		return dir
	}
	return filepath.Join("/tmp", name)
}

func guardOf(dir string) (*guard, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	cmd := exec.Command("sh", "-c", guardScript, "packer-guard", dir)
	cmd.ExtraFiles = []*os.File{read}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		write.Close()
		return nil, fmt.Errorf("guard packer: %w", err)
	}
	return &guard{dir, cmd, write}, nil
}

// dismiss kills every process that is left in the group. The guard dies of it, so
// how it ended says nothing.
func (g *guard) dismiss() {
	_, _ = g.pipe.WriteString("ended\n")
	g.pipe.Close()
	_ = g.cmd.Wait()
}

// end leaves neither a process of the group nor the directory.
func (g *guard) end() {
	g.dismiss()
	_ = os.RemoveAll(g.dir)
}

// run runs a command in the guarded group.
func (r Runner) run(cmd *exec.Cmd, g *guard, out *output) error {
	cmd.Stdout, cmd.Stderr = out.stream(), out.stream()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: g.cmd.Process.Pid}
	// As ^C at a terminal: the wrapper passes nothing on, the plugins ignore it.
	cmd.Cancel = func() error { return syscall.Kill(-g.cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = r.Grace
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = 3 * time.Minute
	}
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		return nil // it ended well; a left-over process held its output open
	}
	return err
}

// environment is what Packer sees: what it and the AWS SDK need, not the
// secrets of the machine it runs on, and no variables behind our back.
func (r Runner) environment() []string {
	from := r.Env
	if from == nil {
		from = os.Environ()
	}
	var out []string
	for _, entry := range from {
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

func passed(name string) bool {
	switch name {
	case "PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "SSH_AUTH_SOCK":
		return true
	}
	upper := strings.ToUpper(name)
	for _, prefix := range []string{"AWS_", "PACKER_", "XDG_", "LC_", "SSL_CERT_"} {
		if strings.HasPrefix(upper, prefix) {
			return true
		}
	}
	return strings.HasSuffix(upper, "_PROXY")
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
