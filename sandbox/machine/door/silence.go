package door

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// silence is a listener that answers no connection, as a security group drops what no
// rule lets in: its queue has one place, which is taken, and the kernel drops packets
// that would begin another.
type silence struct {
	listener *net.TCPListener
	taken    net.Conn
}

func newSilence() (*silence, error) {
	l, err := listenQueue(0)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	taken, err := (&net.Dialer{}).DialContext(ctx, "tcp4", l.Addr().String())
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("fill the queue of a listener: %w", err)
	}
	return &silence{l, taken}, nil
}

// listenQueue makes a listener on loopback that keeps one connection more than length
// until it is accepted.
func listenQueue(length int) (*net.TCPListener, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_TCP)
	if err != nil {
		return nil, fmt.Errorf("make a socket: %w", err)
	}
	f := os.NewFile(uintptr(fd), "silence")
	defer f.Close()
	at := netip.AddrFrom4([4]byte{127, 0, 0, 1})
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: at.As4()}); err != nil {
		return nil, fmt.Errorf("bind to %s: %w", at, err)
	}
	if err := unix.Listen(fd, length); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", at, err)
	}
	l, err := net.FileListener(f)
	if err != nil {
		return nil, err
	}
	return l.(*net.TCPListener), nil
}

func (s *silence) close() {
	s.taken.Close()
	s.listener.Close()
}
