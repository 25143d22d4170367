package bases

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// cross installs a recipe's packages for a processor that is not the host's.
// Emulated from the first to the last, that takes ten times as long: so this
// host's dpkg unpacks, and while the system's own dpkg configures, the tools
// that maintainers' scripts call are the host's processor's, lent by a twin: a
// base of the same distribution for this host.
type cross struct {
	recipe recipe
	src    source
	lock   *os.File // held by whatever runs
	twin   string   // directory of the twin
	work   string   // for apt's state and what it downloads
	root   string
}

func (c cross) bootstrap(ctx context.Context) error {
	defer os.RemoveAll(c.work)
	debs, first, err := c.download(ctx)
	if err != nil {
		return err
	}
	if err := c.skeleton(); err != nil {
		return err
	}
	if err := c.extract(ctx, first); err != nil {
		return err
	}
	if err := apart(func() error { return c.install(ctx, debs) }); err != nil {
		return err
	}
	return errors.Join(c.takeBack(), keepKeys(c.root, c.src))
}

// skeleton makes what must be there before the first file of a package.
func (c cross) skeleton() error {
	var errs []error
	for _, dir := range []string{
		"usr/bin", "usr/sbin", "usr/lib", "etc", "proc", "dev", "run", "tmp",
		"var/lib/dpkg/info", "var/lib/dpkg/updates",
	} {
		errs = append(errs, os.MkdirAll(filepath.Join(c.root, dir), 0o755))
	}
	for _, dir := range []string{"bin", "sbin", "lib"} {
		errs = append(errs, os.Symlink("usr/"+dir, filepath.Join(c.root, dir)))
	}
	for name, minor := range map[string]uint32{"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9} {
		path := filepath.Join(c.root, "dev", name)
		errs = append(errs, unix.Mknod(path, unix.S_IFCHR, int(unix.Mkdev(1, minor))), os.Chmod(path, 0o666))
	}
	return errors.Join(append(errs, writeFiles(c.root, map[string]string{
		"var/lib/dpkg/status":    "",
		"var/lib/dpkg/available": "",
		"var/lib/dpkg/arch":      c.recipe.arch + "\n", // else the host's dpkg takes it for foreign
	}))...)
}

// extract lays out the packages' files, so that the first script that dpkg runs
// finds its tools.
func (c cross) extract(ctx context.Context, debs []string) error {
	const script = `set -e; root=$1; shift
for deb; do dpkg-deb --fsys-tarfile "$deb" >"$root.$$"; tar -C "$root" --keep-directory-symlink -xf "$root.$$"; done
rm "$root.$$"`
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.NumCPU())
	for part := range slices.Chunk(debs, 16) {
		group.Go(func() error {
			return runHolding(ctx, []*os.File{c.lock}, "sh", append([]string{"-c", script, "sh", c.root}, part...)...)
		})
	}
	return group.Wait()
}

// install has dpkg unpack and configure the packages, on a thread with mounts
// of its own.
func (c cross) install(ctx context.Context, debs []string) error {
	err := errors.Join(
		unix.Mount("proc", filepath.Join(c.root, "proc"), "proc", 0, ""),
		os.WriteFile(filepath.Join(c.root, "usr/sbin/policy-rc.d"), []byte("#!/bin/sh\nexit 101\n"), 0o755),
	)
	if err != nil {
		return err
	}
	held := []*os.File{c.lock}
	unpack := []string{
		"--root=" + c.root, "--force-unsafe-io", "--force-depends", "--force-architecture",
		"--force-confnew", "--no-triggers", "--log=/dev/null", "--unpack",
	}
	if err := runHolding(ctx, held, "dpkg", append(unpack, debs...)...); err != nil {
		return err
	}
	configure := []string{
		c.root, "dpkg", "--force-unsafe-io", "--force-depends", "--force-confnew", "--log=/dev/null", "--configure",
	}
	if c.merges() { // it removes a /lib64 that is not the system's own
		if err := runHolding(ctx, held, "chroot", append(configure, isMerged)...); err != nil {
			return err
		}
	}
	if err := c.lend(); err != nil {
		return fmt.Errorf("lend %s the host's tools: %w", c.recipe.title, err)
	}
	return runHolding(ctx, held, "chroot", append(configure, "--pending")...)
}

// lent are the twin's directories that its programs need; the system itself
// has nothing there.
func lent() []string {
	if runtime.GOARCH == "arm64" {
		return []string{"usr/lib/aarch64-linux-gnu"}
	}
	return []string{"usr/lib64", "usr/lib/x86_64-linux-gnu"}
}

// lend puts the twin's programs over the system's own of the same name.
func (c cross) lend() error {
	for _, dir := range lent() {
		at := filepath.Join(c.root, dir)
		if err := errors.Join(os.MkdirAll(at, 0o755), bind(filepath.Join(c.twin, dir), at)); err != nil {
			return err
		}
	}
	if err := os.Symlink("usr/lib64", filepath.Join(c.root, "lib64")); err != nil {
		return err
	}
	for _, dir := range []string{"usr/bin", "usr/sbin"} {
		programs, err := os.ReadDir(filepath.Join(c.root, dir))
		if err != nil {
			return err
		}
		for _, p := range programs {
			name := filepath.Join(dir, p.Name())
			if own, twin := filepath.Join(c.root, name), filepath.Join(c.twin, name); lendable(own, twin) {
				if err := bind(twin, own); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// lendable: a program that does the same whichever processor it is for, and
// that no script will want to change. dpkg answers for the architecture, and
// ldconfig lists its libraries.
func lendable(own, twin string) bool {
	name := filepath.Base(own)
	return !strings.HasPrefix(name, "dpkg") && name != "ldconfig" && program(own) && program(twin) && plain(twin)
}

// program reports whether the file itself is machine code.
func program(path string) bool {
	if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
		return false
	}
	f, err := elf.Open(path)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// plain reports whether the program has only the rights of the user who runs
// it.
func plain(path string) bool {
	var is unix.Stat_t
	if unix.Lstat(path, &is) != nil || is.Uid != 0 || is.Gid != 0 || is.Mode&(unix.S_ISUID|unix.S_ISGID) != 0 {
		return false
	}
	_, err := unix.Lgetxattr(path, "security.capability", nil)
	return errors.Is(err, unix.ENODATA) || errors.Is(err, unix.ENOTSUP)
}

// takeBack removes what lend and skeleton have left.
func (c cross) takeBack() error {
	errs := []error{os.Remove(filepath.Join(c.root, "lib64")), os.Remove(filepath.Join(c.root, "var/lib/dpkg/arch"))}
	for _, dir := range lent() {
		errs = append(errs, os.Remove(filepath.Join(c.root, dir)))
	}
	return errors.Join(errs...)
}

// bind shows source at target, to be read only: bases are never changed.
func bind(source, target string) error {
	err := unix.Mount(source, target, "", unix.MS_BIND, "")
	if err == nil {
		err = unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	return err
}

// apart runs f on a thread with mounts of its own, which the programs that f
// starts have too. They end with the last of these, whatever ends them.
func apart(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlock it: the thread ends with this function
		err := unix.Unshare(unix.CLONE_NEWNS)
		if err == nil {
			err = unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "")
		}
		if err == nil {
			err = f()
		}
		done <- err
	}()
	return <-done
}
