package container

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const (
	consoleKeep = 64 << 10        // bytes of a machine's console that are shown
	consoleMost = 4 * consoleKeep // and that its file may hold
)

// console is a terminal whose output goes to a file. It outlives reboots.
type console struct {
	tty  *os.File // the machine's end
	ptmx *os.File
	log  *os.File
	done chan struct{}
}

func openConsole(path string) (*console, error) {
	log, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a console: %w", err)
	}
	ptmx, tty, err := openTerminal()
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("open a console: %w", err)
	}
	c := &console{tty: tty, ptmx: ptmx, log: log, done: make(chan struct{})}
	go c.copy()
	return c, nil
}

func openTerminal() (ptmx, tty *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("/dev/ptmx: %w", err)
	}
	ptmx = os.NewFile(uintptr(fd), "/dev/ptmx")
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		tty, err = os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		ptmx.Close()
		return nil, nil, err
	}
	return ptmx, tty, nil
}

// copy ends when the terminal is closed.
func (c *console) copy() {
	defer close(c.done)
	b := make([]byte, 16<<10)
	for {
		n, err := c.ptmx.Read(b)
		if err != nil {
			return
		}
		if _, err := c.log.Write(b[:n]); err != nil {
			return
		}
		c.trim()
	}
}

// say adds a line of the sandbox's own to what the machine has written.
func (c *console) say(line string) {
	_, _ = fmt.Fprintf(c.log, "[sandbox] %s\r\n", line) // fails once the machine has ended
}

// trim keeps the file short: a machine may chatter for days.
func (c *console) trim() {
	info, err := c.log.Stat()
	if err != nil || info.Size() <= consoleMost {
		return
	}
	b := make([]byte, consoleKeep)
	if _, err := c.log.ReadAt(b, info.Size()-consoleKeep); err != nil {
		return
	}
	if c.log.Truncate(0) == nil {
		_, _ = c.log.Write(b) // what is lost here is old
	}
}

func (c *console) close() {
	c.tty.Close()
	c.ptmx.Close()
	<-c.done
	c.log.Close()
}

// readConsole returns the newest part of a console's file, and nothing where
// the machine has not run.
func readConsole(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if _, err := f.Seek(max(0, info.Size()-consoleKeep), io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, consoleKeep))
}
