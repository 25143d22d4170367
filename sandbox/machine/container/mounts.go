package container

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	nosuid = unix.MS_NOSUID
	nodev  = unix.MS_NODEV
	noexec = unix.MS_NOEXEC
	rdonly = unix.MS_RDONLY
)

// mountAll makes the machine's whole tree below p.Root, in this process's own
// mount namespace.
func mountAll(p plan) error {
	if err := mountDisk(p); err != nil {
		return err
	}
	if err := errors.Join(mountProc(p.Root), mountDev(p.Root)); err != nil {
		return err
	}
	err := mount("tmpfs", filepath.Join(p.Root, "run"), "tmpfs", nosuid|nodev, "mode=755")
	if err == nil && p.Emulated {
		err = withoutUsers(p.Root)
	}
	if err != nil {
		return err
	}
	return mountSys(p.Root, p.UUID)
}

// withoutUsers has systemd make no user namespaces for its services (PrivateUsers): the
// kernel makes one for a process of a single thread only, and QEMU has several. It is
// in /run, so that no disk, and no AMI, has it.
func withoutUsers(root string) error {
	dir := filepath.Join(root, "run/systemd/system/service.d")
	return errors.Join(os.MkdirAll(dir, 0o755),
		os.WriteFile(filepath.Join(dir, "20-emulated.conf"), []byte("[Service]\nPrivateUsers=no\n"), 0o644))
}

func mount(source, target, fstype string, flags uintptr, data string) error {
	if err := unix.Mount(source, target, fstype, flags, data); err != nil {
		return fmt.Errorf("mount %s on %s: %w", fstype, target, err)
	}
	return nil
}

// bind makes source appear at target, too. Flags other than MS_BIND take a
// second call.
func bind(source, target string, flags uintptr) error {
	err := unix.Mount(source, target, "", unix.MS_BIND, "")
	if err == nil && flags != 0 {
		err = unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|flags, "")
	}
	if err != nil {
		return fmt.Errorf("mount %s on %s: %w", source, target, err)
	}
	return nil
}

// mountDisk lays the layers and, unless the disk is only read, the machine's
// own files over one another. Nothing is ever synced (volatile): the disk is
// as durable as the host's cache of it.
func mountDisk(p plan) error {
	lower := make([]string, len(p.Lower))
	for i, dir := range p.Lower { // the kernel wants the highest first
		lower[len(lower)-1-i] = escape(dir)
	}
	options := "index=off,metacopy=off,redirect_dir=on,lowerdir=" + strings.Join(lower, ":")
	if p.Upper == "" {
		return mount("disk", p.Root, "overlay", rdonly, options)
	}
	options += ",volatile,upperdir=" + escape(p.Upper) + ",workdir=" + escape(p.Work)
	err := mount("disk", p.Root, "overlay", 0, options)
	if errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("%w (machines' disks need a plain file system beneath them, not another overlay)", err)
	}
	return err
}

// escape writes a path as overlayfs's options want it.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `:`, `\:`, `,`, `\,`).Replace(path)
}

// mountProc gives the machine its processes. What of /proc/sys belongs to the
// whole host is only read.
func mountProc(root string) error {
	proc := filepath.Join(root, "proc")
	if err := mount("proc", proc, "proc", nosuid|nodev|noexec, ""); err != nil {
		return err
	}
	for _, own := range []string{
		"sys/net", "sys/fs/mqueue", "sys/kernel/hostname", "sys/kernel/domainname",
		"sys/kernel/shmmax", "sys/kernel/shmall", "sys/kernel/shmmni", "sys/kernel/sem",
		"sys/kernel/msgmax", "sys/kernel/msgmnb", "sys/kernel/msgmni",
	} {
		if err := ifThere(bind(filepath.Join(proc, own), filepath.Join(proc, own), 0)); err != nil {
			return err
		}
	}
	for _, host := range []string{"sys", "sysrq-trigger"} {
		path := filepath.Join(proc, host)
		err := unix.Mount(path, path, "", unix.MS_BIND|unix.MS_REC, "")
		if err == nil {
			err = unix.Mount("", path, "", unix.MS_BIND|unix.MS_REMOUNT|rdonly|nosuid|nodev|noexec, "")
		}
		if ifThere(err) != nil {
			return fmt.Errorf("make %s read-only: %w", path, err)
		}
	}
	return nil
}

func ifThere(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// mountDev makes the few devices that every container has.
func mountDev(root string) error {
	dev := filepath.Join(root, "dev")
	if err := mount("tmpfs", dev, "tmpfs", nosuid, "mode=755"); err != nil {
		return err
	}
	for name, minor := range map[string]uint32{
		"null": 3, "zero": 5, "full": 7, "random": 8, "urandom": 9,
	} {
		if err := node(filepath.Join(dev, name), unix.Mkdev(1, minor)); err != nil {
			return err
		}
	}
	for name, target := range map[string]string{
		"ptmx": "pts/ptmx", "fd": "/proc/self/fd",
		"stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2",
	} {
		if err := os.Symlink(target, filepath.Join(dev, name)); err != nil {
			return err
		}
	}
	// By its path: an open file belongs to the mounts it was opened under.
	tty, err := os.Readlink("/proc/self/fd/0")
	return errors.Join(err,
		node(filepath.Join(dev, "tty"), unix.Mkdev(5, 0)),
		os.Mkdir(filepath.Join(dev, "pts"), 0o755),
		os.Mkdir(filepath.Join(dev, "shm"), 0o755),
		mount("devpts", filepath.Join(dev, "pts"), "devpts", nosuid|noexec,
			"newinstance,ptmxmode=0666,mode=620,gid=5"),
		mount("tmpfs", filepath.Join(dev, "shm"), "tmpfs", nosuid|nodev, "mode=1777"),
		os.WriteFile(filepath.Join(dev, "console"), nil, 0o600),
		bind(tty, filepath.Join(dev, "console"), 0),
	)
}

func node(path string, dev uint64) error {
	if err := unix.Mknod(path, unix.S_IFCHR|0o666, int(dev)); err != nil {
		return fmt.Errorf("make device %s: %w", path, err)
	}
	return os.Chmod(path, 0o666)
}

// mountSys shows the machine the kernel's devices, read-only, and a hypervisor
// whose UUID says EC2: in a container cloud-init believes in AWS by nothing
// else. Read-only /sys also tells systemd that no udev is needed.
func mountSys(root, uuid string) error {
	sys := filepath.Join(root, "sys")
	whole := filepath.Join(sys, ".whole")
	if err := errors.Join(
		mount("tmpfs", sys, "tmpfs", nosuid|nodev|noexec, "mode=755"),
		os.Mkdir(whole, 0o755),
		mount("sysfs", whole, "sysfs", rdonly|nosuid|nodev|noexec, ""),
	); err != nil {
		return err
	}
	for _, part := range []string{"class", "devices", "kernel", "module", "bus", "dev", "block", "firmware"} {
		dir := filepath.Join(sys, part)
		if err := errors.Join(os.Mkdir(dir, 0o755), ifThere(bind(filepath.Join(whole, part), dir, 0))); err != nil {
			return err
		}
	}
	groups := filepath.Join(sys, "fs/cgroup")
	return errors.Join(
		unix.Unmount(whole, unix.MNT_DETACH),
		os.Remove(whole),
		os.MkdirAll(groups, 0o755),
		mount("cgroup2", groups, "cgroup2", nosuid|nodev|noexec, ""),
		os.Mkdir(filepath.Join(sys, "hypervisor"), 0o755),
		os.WriteFile(filepath.Join(sys, "hypervisor/uuid"), []byte(uuid+"\n"), 0o444),
		unix.Mount("", sys, "", unix.MS_BIND|unix.MS_REMOUNT|rdonly|nosuid|nodev|noexec, ""),
	)
}
