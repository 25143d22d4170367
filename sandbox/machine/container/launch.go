package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// initName is what the machine's init is called until it becomes the
// machine's own: Main knows itself by it.
const initName = "amiship-machine"

// plan is what the sandbox tells the init it has started.
type plan struct {
	Job      string   // "boot" or "disk"
	Lower    []string // directories of the layers, lowest first
	Upper    string   // none for a disk that is only read
	Work     string
	Root     string // where the disk is mounted
	Hostname string
	UUID     string
	MAC      string
	Emulated bool // the machine's processor is not the host's
}

// process is a running init.
type process struct {
	cmd     *exec.Cmd
	group   group
	console *console
	after   []func() // in this order when it has ended
	ended   chan struct{}
}

// launch starts init and follows it until it has become the machine's own.
func (g *guest) launch(lower []string) (*process, error) {
	if err := g.prepare(); err != nil {
		return nil, err
	}
	grp, err := g.driver.groups.add(g.spec.ID)
	if err != nil {
		return nil, err
	}
	con, err := openConsole(filepath.Join(g.dir, "console.log"))
	if err != nil {
		return nil, errors.Join(err, grp.remove())
	}
	p, talk, err := start(grp, con.tty)
	if err != nil {
		con.close()
		return nil, errors.Join(err, grp.remove())
	}
	defer talk.Close()
	p.console = con
	p.after = append(p.after, con.close)
	if err := g.handOver(p, talk, lower); err != nil {
		p.kill()
		p.wait()
		return nil, err
	}
	return p, nil
}

// handOver tells init what to do, takes the machine's network device from it
// and waits until it has exec'd: then its end of the connection closes.
func (g *guest) handOver(p *process, talk *net.UnixConn, lower []string) error {
	err := tell(talk, plan{
		Job: "boot", Lower: lower,
		Upper: filepath.Join(g.dir, "upper"), Work: filepath.Join(g.dir, "work"),
		Root: filepath.Join(g.dir, "root"), Hostname: g.spec.Hostname,
		UUID: g.spec.UUID, MAC: g.spec.MAC, Emulated: g.emulated(),
	})
	if err != nil {
		return err
	}
	text, tap, err := hear(talk)
	if err != nil {
		return err
	}
	if tap == nil {
		return fmt.Errorf("the machine's init gave up: %s", text)
	}
	p.after = append(p.after, g.driver.net.Attach(g.spec.Private, tap))
	if text, _, err = hear(talk); err != nil || text != "" {
		return errors.Join(err, fmt.Errorf("the machine's init gave up: %s", text))
	}
	return nil
}

// start runs this program again as the init of new namespaces. The caller's
// thread must live as long as the process.
func start(grp group, tty *os.File) (*process, *net.UnixConn, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	defer theirs.Close()
	dir, err := os.Open(string(grp))
	if err != nil {
		ours.Close()
		return nil, nil, err
	}
	defer dir.Close()
	cmd := &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{initName}, Env: []string{"PATH=" + path},
		Stdin: tty, Stdout: tty, Stderr: tty,
		ExtraFiles: []*os.File{theirs},
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS |
				unix.CLONE_NEWIPC | unix.CLONE_NEWNET,
			Pdeathsig: syscall.SIGKILL, Setsid: true,
			UseCgroupFD: true, CgroupFD: int(dir.Fd()),
		},
	}
	if err := cmd.Start(); err != nil {
		ours.Close()
		return nil, nil, fmt.Errorf("start a machine's init: %w", err)
	}
	return &process{cmd: cmd, group: grp, ended: make(chan struct{})}, ours, nil
}

func (p *process) signal(s syscall.Signal) {
	_ = p.cmd.Process.Signal(s) // it may have ended
}

func (p *process) kill() { p.signal(syscall.SIGKILL) }

// wait returns when init, and with it every process of the machine, has ended
// and all that belonged to it is gone.
func (p *process) wait() syscall.WaitStatus {
	_ = p.cmd.Wait() // the state says how it ended
	close(p.ended)
	for _, f := range p.after {
		f()
	}
	_ = p.group.remove() // the next New tries again
	ws, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ws
}

// socketPair connects us with a child: packets, which may carry open files.
func socketPair() (ours *net.UnixConn, theirs *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	f := os.NewFile(uintptr(fds[0]), "init")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		unix.Close(fds[1])
		return nil, nil, err
	}
	return c.(*net.UnixConn), os.NewFile(uintptr(fds[1]), "sandbox"), nil
}

func tell(c *net.UnixConn, p plan) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = c.Write(b)
	return err
}

// hear reads the next message and the file that came with it. Empty text
// without an error is the end.
func hear(c *net.UnixConn) (text string, f *os.File, err error) {
	b, oob := make([]byte, 64<<10), make([]byte, 256)
	n, on, _, _, err := c.ReadMsgUnix(b, oob)
	if err != nil || on == 0 {
		return string(b[:n]), nil, ignoreEOF(err)
	}
	msgs, err := unix.ParseSocketControlMessage(oob[:on])
	if err != nil {
		return "", nil, err
	}
	fds, err := unix.ParseUnixRights(&msgs[0])
	if err != nil {
		return "", nil, err
	}
	return string(b[:n]), pollable(fds[0], string(b[:n])), nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// pollable wraps a file from another process so that closing it ends a read.
func pollable(fd int, name string) *os.File {
	_ = unix.SetNonblock(fd, true) // fails for no device of ours
	return os.NewFile(uintptr(fd), name)
}

// startKeeper runs this program again in a mount namespace of its own. The
// caller's thread must live as long as the process.
func startKeeper() (*exec.Cmd, *net.UnixConn, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	defer theirs.Close()
	cmd := &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{initName}, Env: []string{},
		ExtraFiles: []*os.File{theirs},
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL, Setsid: true,
		},
	}
	if err := cmd.Start(); err != nil {
		ours.Close()
		return nil, nil, fmt.Errorf("start the keeper of a disk: %w", err)
	}
	return cmd, ours, nil
}
