package container

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// groups is the directory of a driver's cgroups: amiship/<owner>/<id> below
// the host's cgroup2 mount. The owner's name is its process's pid and start
// time and a number, so that a dead owner's machines can be told from a living
// one's.
type groups struct{ dir string }

// openGroups finds the cgroup2 hierarchy and removes what dead owners left.
func openGroups() (*groups, error) {
	root, err := cgroup2()
	if err != nil {
		return nil, err
	}
	all := filepath.Join(root, "amiship")
	if err := sweepGroups(all); err != nil {
		return nil, err
	}
	started, err := startTime(os.Getpid())
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(all, 0o755); err != nil {
		return nil, fmt.Errorf("make a cgroup: %w", err)
	}
	dir, err := os.MkdirTemp(all, fmt.Sprintf("%d-%s-", os.Getpid(), started))
	if err != nil {
		return nil, fmt.Errorf("make a cgroup: %w", err)
	}
	return &groups{dir}, nil
}

// cgroup2 is where the host has mounted the second cgroup hierarchy: at
// /sys/fs/cgroup, or at unified/ below it.
func cgroup2() (string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return "", err
	}
	for s := bufio.NewScanner(bytes.NewReader(mounts)); s.Scan(); {
		f := strings.Fields(s.Text())
		if len(f) > 2 && f[2] == "cgroup2" {
			return f[1], nil
		}
	}
	return "", errors.New("run machines in containers: no cgroup2 file system is mounted; " +
		"mount -t cgroup2 none /sys/fs/cgroup/unified")
}

// sweepGroups ends and removes what belongs to owners that are dead.
func sweepGroups(all string) error {
	owners, err := os.ReadDir(all)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var errs []error
	for _, o := range owners {
		name := strings.Split(o.Name(), "-")
		pid, err := strconv.Atoi(name[0])
		if err != nil || len(name) < 2 {
			continue
		}
		if now, err := startTime(pid); err != nil || now != name[1] {
			errs = append(errs, group(filepath.Join(all, o.Name())).remove())
		}
	}
	return errors.Join(errs...)
}

// startTime is when the process started, in ticks since boot: field 22 of
// /proc/pid/stat.
func startTime(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(after)
	if len(f) < 20 {
		return "", fmt.Errorf("read the start time of process %d: %q", pid, stat)
	}
	return f[19], nil
}

func (g *groups) add(id string) (group, error) {
	dir := group(filepath.Join(g.dir, id))
	if err := dir.remove(); err != nil {
		return "", err
	}
	if err := os.Mkdir(string(dir), 0o755); err != nil {
		return "", fmt.Errorf("make a cgroup: %w", err)
	}
	return dir, nil
}

func (g *groups) close() error {
	err := group(g.dir).remove()
	_ = os.Remove(filepath.Dir(g.dir)) // fails while other sandboxes run
	return err
}

// group is one cgroup's directory.
type group string

func (g group) write(file, value string) error {
	return os.WriteFile(filepath.Join(string(g), file), []byte(value), 0o644)
}

// kill ends every process of the group.
func (g group) kill() error { return g.write("cgroup.kill", "1") }

// removeWithin is how long the kernel may take to end what is in a group: a process
// that waits for a disk ends when it has been answered.
const removeWithin = 30 * time.Second

// remove ends what is left in the group, and what joins it meanwhile, and deletes it.
func (g group) remove() error {
	return poll(removeWithin, func() (bool, error) {
		err := g.kill()
		if err == nil {
			err = g.rmdir()
		}
		if gone := errors.Is(err, fs.ErrNotExist); gone || err == nil {
			_, err := os.Stat(string(g))
			return errors.Is(err, fs.ErrNotExist), fmt.Errorf("end a cgroup: %s is there again", g)
		}
		procs, _ := os.ReadFile(filepath.Join(string(g), "cgroup.procs"))
		return false, fmt.Errorf("end a cgroup: %w; processes in it: %q", err, procs)
	})
}

// rmdir deletes the directories from the leaves up. The files in them are the
// kernel's.
func (g group) rmdir() error {
	var dirs []string
	err := filepath.WalkDir(string(g), func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	for i := len(dirs) - 1; i >= 0 && err == nil; i-- {
		err = os.Remove(dirs[i])
	}
	return err
}

// freeze halts every process of the group until thaw is called.
func (g group) freeze(ctx context.Context) (thaw func(), err error) {
	if err := g.write("cgroup.freeze", "1"); err != nil {
		return nil, fmt.Errorf("freeze a machine: %w", err)
	}
	thaw = func() { _ = g.write("cgroup.freeze", "0") } // fails only where the machine is gone
	err = poll(5*time.Second, func() (bool, error) {
		events, err := os.ReadFile(filepath.Join(string(g), "cgroup.events"))
		return bytes.Contains(events, []byte("frozen 1")), errors.Join(err, ctx.Err())
	})
	if err != nil {
		thaw()
		return nil, fmt.Errorf("freeze a machine: %w", err)
	}
	return thaw, nil
}

// poll calls done every 10 ms until it says so, for at most limit.
func poll(limit time.Duration, done func() (bool, error)) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); ; <-tick.C {
		ok, err := done()
		if ok {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("gave up after %s: %w", limit, err)
		}
	}
}
