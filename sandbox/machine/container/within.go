package container

import (
	"context"
	"errors"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// within runs a command of the machine's own, in the machine.
func (p *process) within(ctx context.Context, command ...string) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock it: the thread goes into the machine, and ends here
		err := p.enter()
		if err == nil {
			err = exec.CommandContext(ctx, command[0], command[1:]...).Run()
		}
		done <- err
	}()
	return <-done
}

// enter takes this thread, and what it starts, into the machine: this one, or
// none if it has ended, whatever process has its number now.
func (p *process) enter() (err error) {
	withErr := p.cmd.Process.WithHandle(func(pidfd uintptr) {
		err = unix.Unshare(unix.CLONE_FS) // the thread's root is its own from here on
		if err == nil {
			err = unix.Setns(int(pidfd), unix.CLONE_NEWNS|unix.CLONE_NEWPID)
		}
	})
	return errors.Join(withErr, err)
}
