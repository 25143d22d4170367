package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// path is where a machine's init finds programs.
const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Main turns this process into what a driver has started it for: a machine's
// init, or the keeper of an open disk. In any other process it returns false
// at once; call it before anything else, in tests from TestMain. When it
// returns true the process has done its work and should exit.
func Main() bool {
	if len(os.Args) == 0 || os.Args[0] != initName {
		return false
	}
	runtime.LockOSThread() // namespaces and capabilities are the thread's
	f := os.NewFile(3, "sandbox")
	c, err := net.FileConn(f)
	f.Close()
	if err != nil {
		return true
	}
	talk := c.(*net.UnixConn)
	if err := inside(talk); err != nil {
		_, _ = io.WriteString(talk, err.Error()) // the only way left to report it
	}
	return true
}

func inside(talk *net.UnixConn) error {
	// Set again: the parent's setting applies to another thread.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("tie this process to the sandbox: %w", err)
	}
	text, _, err := hear(talk)
	if err != nil || text == "" {
		return errors.Join(err, errors.New("the sandbox has gone"))
	}
	var p plan
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if p.Job == "disk" {
		return keepDisk(talk, p)
	}
	return boot(talk, p)
}

// boot makes this process the machine's init. It returns only on failure.
func boot(talk *net.UnixConn, p plan) error {
	// A cgroup namespace begins where the process is when it makes it.
	if err := unix.Unshare(unix.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("make a cgroup namespace: %w", err)
	}
	if err := ownUptime(); err != nil {
		return err
	}
	if err := sendTap(talk, p.MAC); err != nil {
		return err
	}
	if err := mountAll(p); err != nil {
		return err
	}
	if err := enter(p.Root); err != nil {
		return fmt.Errorf("enter the machine's disk: %w", err)
	}
	if err := unix.Sethostname([]byte(p.Hostname)); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	if err := dropCapabilities(); err != nil {
		return err
	}
	const init = "/sbin/init"
	err := syscall.Exec(init, []string{init}, []string{"container=amiship", "PATH=" + path, "TERM=dumb"})
	return fmt.Errorf("start %s: %w", init, err)
}

// ownUptime has the clocks since boot begin now for what this thread executes next: a
// time namespace. A kernel without them shows machines the host's uptime.
func ownUptime() error {
	err := unix.Unshare(unix.CLONE_NEWTIME)
	if errors.Is(err, unix.EINVAL) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make a time namespace: %w", err)
	}
	var offsets strings.Builder
	for name, clock := range map[string]int32{"monotonic": unix.CLOCK_MONOTONIC, "boottime": unix.CLOCK_BOOTTIME} {
		var now unix.Timespec
		if err := unix.ClockGettime(clock, &now); err != nil {
			return fmt.Errorf("read the clock %s: %w", name, err)
		}
		fmt.Fprintf(&offsets, "%s %d %d\n", name, -now.Sec-1, 1_000_000_000-max(1, now.Nsec)) // nanoseconds are below a second
	}
	// By the thread's own number: the link ends in PID/task/TID, which has no such file.
	thread, err := os.Readlink("/proc/thread-self")
	if err == nil {
		err = os.WriteFile(filepath.Join("/proc", filepath.Base(thread), "timens_offsets"), []byte(offsets.String()), 0)
	}
	if err != nil {
		return fmt.Errorf("set back the machine's uptime: %w", err)
	}
	return nil
}

// enter makes root the root of this process and lets go of the old one.
func enter(root string) error {
	return errors.Join(
		unix.Chdir(root),
		unix.PivotRoot(".", "."), // the old root now lies on top of the new one
		unix.Unmount(".", unix.MNT_DETACH),
		unix.Chdir("/"),
	)
}

// dropCapabilities leaves the machine's root what it needs as root of its own
// system, and takes what reaches the host's: modules, clock, raw devices, the
// kernel's log, audit and security policy.
func dropCapabilities() error {
	for _, c := range []uintptr{
		unix.CAP_SYS_MODULE, unix.CAP_SYS_TIME, unix.CAP_SYS_RAWIO,
		unix.CAP_SYSLOG, unix.CAP_WAKE_ALARM, unix.CAP_BLOCK_SUSPEND,
		unix.CAP_MAC_ADMIN, unix.CAP_MAC_OVERRIDE, unix.CAP_AUDIT_READ,
		unix.CAP_PERFMON, unix.CAP_BPF, unix.CAP_SYS_PACCT,
	} {
		// A kernel too old to know the capability says EINVAL.
		err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
		if err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("drop capability %d: %w", c, err)
		}
	}
	return nil
}
