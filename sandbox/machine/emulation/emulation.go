// Package emulation lets this host's kernel run programs of a processor that
// it does not have: it names QEMU to the kernel as their interpreter, by way of
// binfmt_misc.
//
// The registration is the whole host's, not this process's, and others
// register for the same programs, with flags that leave sudo without its
// rights. Ours has a name of its own and comes last, which the kernel checks
// first. Nothing is mounted at a visible path: a Hold is a mount that no
// directory leads to, and on kernels since 6.7 the registration ends with the
// last such mount, even that of a process that was killed. Older kernels keep
// it until they are booted again.
package emulation

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Hold keeps programs of an architecture running until it is closed.
type Hold struct{ mount *os.File } // none where there is nothing to emulate

// Close ends the emulation, unless others hold it too.
func (h Hold) Close() error {
	if h.mount == nil {
		return nil
	}
	return h.mount.Close()
}

// Open makes the kernel run programs of arch. It needs root, unless arch is the
// host's own.
func Open(arch string) (Hold, error) {
	if arch == runtime.GOARCH {
		return Hold{}, nil
	}
	h, err := open(arch, "/")
	if err != nil {
		return Hold{}, fmt.Errorf("emulate %s: %w", arch, err)
	}
	return h, nil
}

// Possible tells whether programs of arch can run here, given QEMU.
func Possible(arch string) bool {
	_, known := emulators[arch]
	return arch == runtime.GOARCH || known && runtime.GOARCH == "amd64"
}

func open(arch, root string) (Hold, error) {
	if !Possible(arch) {
		return Hold{}, fmt.Errorf("not possible on an %s host: run it on one of that architecture", runtime.GOARCH)
	}
	e := emulators[arch]
	program, err := e.find(root)
	if err != nil {
		return Hold{}, err
	}
	mount, err := mountBinfmt()
	if err != nil {
		return Hold{}, err
	}
	if err := register(mount, arch, e.registration(program)); err != nil {
		mount.Close()
		return Hold{}, err
	}
	return Hold{mount}, nil
}

// emulator is QEMU for one processor.
type emulator struct {
	name    string // of the processor, as QEMU calls it
	machine byte   // e_machine of its programs: see elf(5)
}

var emulators = map[string]emulator{"arm64": {"aarch64", 0xb7}}

// find returns where QEMU is below root: first under the name by which Debian's
// knows that the kernel hands it argv[0] (flag P); newer ones ask the kernel.
func (e emulator) find(root string) (string, error) {
	for _, path := range []string{
		"/usr/libexec/qemu-binfmt/" + e.name + "-binfmt-P",
		"/usr/bin/qemu-" + e.name + "-static",
	} {
		if _, err := os.Stat(filepath.Join(root, path)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("qemu-%s-static is missing: apt-get install qemu-user-static", e.name)
}

// registration is what the kernel is told, but for the name: programs of the
// processor, 64 bits, little endian, by the first 20 bytes of their header.
// P: QEMU learns argv[0]. O, C: it gets the program open, with the rights that
// set-user-ID programs have. F: QEMU is opened now, and so is there in any root.
func (e emulator) registration(program string) string {
	magic := "\x7fELF\x02\x01\x01\x00" + strings.Repeat("\x00", 8) + "\x02\x00" + string([]byte{e.machine}) + "\x00"
	mask := strings.Repeat("\xff", 7) + "\x00" + strings.Repeat("\xff", 8) + "\xfe\xff\xff\xff"
	return fmt.Sprintf(":M:0:%s:%s:%s:POCF", hexed(magic), hexed(mask), program)
}

func hexed(s string) string {
	var b strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&b, `\x%02x`, s[i])
	}
	return b.String()
}

// mountBinfmt opens the kernel's list of interpreters as a mount of its own.
func mountBinfmt() (*os.File, error) {
	const fstype = "binfmt_misc"
	fsfd, err := unix.Fsopen(fstype, unix.FSOPEN_CLOEXEC)
	if errors.Is(err, unix.ENODEV) {
		return nil, errors.New("this kernel lacks binfmt_misc: modprobe binfmt_misc")
	}
	if err != nil {
		return nil, fmt.Errorf("open %s (needs root): %w", fstype, err)
	}
	defer unix.Close(fsfd)
	if err := unix.FsconfigCreate(fsfd); err != nil {
		return nil, fmt.Errorf("open %s: %w", fstype, err)
	}
	fd, err := unix.Fsmount(fsfd, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("mount %s: %w", fstype, err)
	}
	return os.NewFile(uintptr(fd), fstype), nil
}

// register adds the registration where it is missing. Its name tells it from
// one with another interpreter, so that what is there is what was requested;
// it may have been switched off. One write does it, or does nothing.
func register(mount *os.File, arch, registration string) error {
	name := fmt.Sprintf("amiship-%s-%.4x", arch, sha256.Sum256([]byte(registration)))
	err := write(mount, "register", ":"+name+registration)
	if errors.Is(err, fs.ErrExist) {
		err = write(mount, name, "1")
	}
	if err != nil {
		return fmt.Errorf("register with binfmt_misc: %w", err)
	}
	return enabled(mount)
}

// enabled tells what to do where interpreters are switched off altogether.
func enabled(mount *os.File) error {
	f, err := openAt(mount, "status", unix.O_RDONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	status, err := io.ReadAll(f)
	if err == nil && strings.TrimSpace(string(status)) != "enabled" {
		return errors.New("binfmt_misc is switched off: mount it and echo 1 >/proc/sys/fs/binfmt_misc/status")
	}
	return err
}

func write(mount *os.File, name, text string) error {
	f, err := openAt(mount, name, unix.O_WRONLY)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(text)
	return err
}

func openAt(dir *os.File, name string, flags int) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return os.NewFile(uintptr(fd), name), nil
}
