package door

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// steering is a program in the kernel that finds the listener of a connection
// before the kernel's own lookup (BPF_PROG_TYPE_SK_LOOKUP, Linux 5.9), and
// its table. The kernel drops both with the process.
type steering struct {
	table   int
	program int
	link    int
	silence *silence // where connections to closed ports go
}

// destination is a key of the table. Port 0 matches every port that has no key of its own.
type destination struct {
	addr [4]byte
	port uint32
}

const tableSize = 1 << 17

func newSteering() (*steering, error) {
	s := &steering{table: -1, program: -1, link: -1}
	var err error
	if s.table, err = newTable(); err == nil {
		s.program, err = load(lookup(s.table))
	}
	if err == nil {
		s.link, err = attach(s.program)
	}
	if err == nil {
		s.silence, err = newSilence()
	}
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *steering) close() error {
	for _, fd := range []int{s.link, s.program, s.table} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	if s.silence != nil {
		s.silence.close()
	}
	return nil
}

// lead makes connections to a destination arrive at the listener.
func (s *steering) lead(to destination, l *net.TCPListener) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		value := uint64(fd)
		failed = s.element(unix.BPF_MAP_UPDATE_ELEM, &to, &value)
	})
	if err = errors.Join(err, failed); err != nil {
		return fmt.Errorf("lead %s to a listener: %w", to, err)
	}
	return nil
}

// clear forgets a destination.
func (s *steering) clear(to destination) error {
	err := s.element(unix.BPF_MAP_DELETE_ELEM, &to, nil)
	if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EINVAL) {
		return fmt.Errorf("forget %s: %w", to, err)
	}
	return nil
}

func (d destination) String() string {
	return fmt.Sprintf("%s:%d", netip.AddrFrom4(d.addr), d.port)
}

// The attributes of bpf(2), as far as they are used here.
type (
	mapAttr struct{ kind, keySize, valueSize, entries uint32 }

	elementAttr struct {
		table uint32
		_     uint32
		key   uint64
		value uint64
		flags uint64
	}

	loadAttr struct {
		kind, count    uint32
		code           uint64
		license        uint64
		logLevel       uint32
		logSize        uint32
		log            uint64
		version, flags uint32
		name           [16]byte
		interfaceIndex uint32
		attachType     uint32
	}

	linkAttr struct{ program, target, attachType, flags uint32 }
)

func bpf(command int, attr unsafe.Pointer, size uintptr) (int, error) {
	fd, _, errno := unix.Syscall(unix.SYS_BPF, uintptr(command), uintptr(attr), size)
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

func newTable() (int, error) {
	a := mapAttr{unix.BPF_MAP_TYPE_SOCKHASH, 8, 8, tableSize}
	fd, err := bpf(unix.BPF_MAP_CREATE, unsafe.Pointer(&a), unsafe.Sizeof(a))
	if err != nil {
		return -1, fmt.Errorf("make a table of listeners: %w", err)
	}
	return fd, nil
}

func (s *steering) element(command int, key *destination, value *uint64) error {
	a := elementAttr{
		table: uint32(s.table),
		key:   uint64(uintptr(unsafe.Pointer(key))), value: uint64(uintptr(unsafe.Pointer(value))),
	}
	_, err := bpf(command, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(key)
	runtime.KeepAlive(value)
	return err
}

func load(code []instruction) (int, error) {
	license := []byte("Apache-2.0\x00")
	a := loadAttr{
		kind: unix.BPF_PROG_TYPE_SK_LOOKUP, count: uint32(len(code)),
		code: uint64(uintptr(unsafe.Pointer(&code[0]))), license: uint64(uintptr(unsafe.Pointer(&license[0]))),
		attachType: unix.BPF_SK_LOOKUP,
	}
	fd, err := bpf(unix.BPF_PROG_LOAD, unsafe.Pointer(&a), unsafe.Sizeof(a))
	runtime.KeepAlive(code)
	runtime.KeepAlive(license)
	if err != nil {
		return -1, fmt.Errorf("load the program that finds listeners: %w", err)
	}
	return fd, nil
}

func attach(program int) (int, error) {
	netns, err := os.Open("/proc/self/ns/net")
	if err != nil {
		return -1, err
	}
	defer netns.Close()
	a := linkAttr{uint32(program), uint32(netns.Fd()), unix.BPF_SK_LOOKUP, 0}
	fd, err := bpf(unix.BPF_LINK_CREATE, unsafe.Pointer(&a), unsafe.Sizeof(a))
	if err != nil {
		return -1, fmt.Errorf("attach the program that finds listeners: %w", err)
	}
	return fd, nil
}
