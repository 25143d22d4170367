package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/layer"
)

// Snapshot implements machine.Driver. A running machine holds its breath for
// the time of the copy.
func (d *Driver) Snapshot(ctx context.Context, id, name string) (int64, error) {
	upper := filepath.Join(d.dir(id), "upper")
	if _, err := os.Stat(upper); err != nil {
		return 0, fmt.Errorf("snapshot %s: it has no disk: %w", id, err)
	}
	if g := d.guest(id); g != nil {
		thaw, err := g.freeze(ctx)
		if err != nil {
			return 0, fmt.Errorf("snapshot %s: %w", id, err)
		}
		defer thaw()
	}
	err := d.layers.Add(name, func(dir string) error { return copyTree(ctx, upper, dir) })
	if err != nil {
		return 0, fmt.Errorf("snapshot %s: %w", id, err)
	}
	return layer.Size(d.layers.Path(name))
}

// copyTree copies everything below src with owners, times, links, devices (a
// deleted file is one) and extended attributes (a replaced directory has one).
func copyTree(ctx context.Context, src, dst string) error {
	out, err := exec.CommandContext(ctx, "cp", "--archive", "--reflink=auto", src+"/.", dst).CombinedOutput()
	if err != nil {
		return fmt.Errorf("copy a disk: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (g *guest) freeze(ctx context.Context) (thaw func(), err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.process == nil {
		return func() {}, nil
	}
	thaw, err = g.process.group.freeze(ctx)
	if errors.Is(err, fs.ErrNotExist) { // it has just ended
		return func() {}, nil
	}
	return thaw, err
}

// HasLayer implements machine.Driver.
func (d *Driver) HasLayer(name string) bool {
	if layer.IsBase(name) {
		return d.bases.Has(name)
	}
	return d.layers.Has(name)
}

// Prune implements machine.Driver. What a machine lies on stays in any case.
func (d *Driver) Prune(keep func(layer string) bool) error {
	used := map[string]bool{}
	d.mu.Lock()
	for _, g := range d.guests {
		for _, name := range g.spec.Layers {
			used[name] = used[name] || !g.over()
		}
	}
	d.mu.Unlock()
	return d.layers.Prune(func(name string) bool { return used[name] || keep(name) })
}

// OpenDisk implements machine.Driver: a process of its own holds the layers
// mounted, in its own mount namespace, until the disk is closed or we die.
func (d *Driver) OpenDisk(layers []string) (machine.Disk, error) {
	lower, err := d.paths(context.Background(), layers)
	if err != nil {
		return nil, fmt.Errorf("open disk: %w", err)
	}
	root, err := os.MkdirTemp(d.cfg.Dir, openDisk)
	if err != nil {
		return nil, fmt.Errorf("open disk: %w", err)
	}
	if len(lower) == 1 { // an overlay of one is none
		lower = append(lower, filepath.Join(root, "empty"))
	}
	k := &disk{dir: root, end: make(chan struct{}), gone: make(chan struct{})}
	ready := make(chan error)
	go k.keep(plan{Job: "disk", Lower: lower, Root: filepath.Join(root, "root")}, ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("open disk: %w", err)
	}
	return k, nil
}

// openDisk begins the names of the directories of open disks.
const openDisk = "disk."

// sweepDisks removes the directories of disks that were open when a sandbox
// was killed. Nothing is mounted there: that was in the keeper's namespace.
func sweepDisks(dir string) error {
	left, err := filepath.Glob(filepath.Join(dir, openDisk+"*"))
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// disk is a stack of layers that another process keeps mounted.
type disk struct {
	dir  string // of its own, on the host
	root string // the files, by way of the keeper's mount namespace
	end  chan struct{}
	gone chan struct{}
}

// keep runs the keeper, on a thread of its own for as long as it lives.
func (k *disk) keep(p plan, ready chan<- error) {
	runtime.LockOSThread()
	defer close(k.gone)
	defer os.RemoveAll(k.dir)
	err := errors.Join(os.Mkdir(p.Root, 0o755), os.Mkdir(filepath.Join(k.dir, "empty"), 0o755))
	if err != nil {
		ready <- err
		return
	}
	cmd, talk, err := startKeeper()
	if err != nil {
		ready <- err
		return
	}
	defer cmd.Wait() //nolint:errcheck // it is killed
	defer cmd.Process.Kill()
	defer talk.Close()
	if err := tell(talk, p); err != nil {
		ready <- err
		return
	}
	if text, _, err := hear(talk); err != nil || text != mounted {
		ready <- errors.Join(err, errors.New(text))
		return
	}
	k.root = fmt.Sprintf("/proc/%d/root%s", cmd.Process.Pid, p.Root)
	ready <- nil
	<-k.end
}

const mounted = "mounted"

// keepDisk mounts the disk and keeps it until the sandbox closes the
// connection.
func keepDisk(talk *net.UnixConn, p plan) error {
	if err := mountDisk(p); err != nil {
		return err
	}
	if _, err := io.WriteString(talk, mounted); err != nil {
		return err
	}
	_, _, err := hear(talk)
	return err
}

// ReadFile implements machine.Disk. Links lead where they would on the machine.
func (k *disk) ReadFile(name string) ([]byte, error) {
	root, err := os.Open(k.root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	fd, err := unix.Openat2(int(root.Fd()), strings.TrimPrefix(name, "/"), &unix.OpenHow{
		Flags: unix.O_RDONLY | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT,
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	return io.ReadAll(f)
}

// Dir implements machine.Disk.
func (k *disk) Dir() string { return k.root }

// Close implements machine.Disk.
func (k *disk) Close() error {
	close(k.end)
	<-k.gone
	return nil
}
