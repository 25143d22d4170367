package network

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// Attach connects the tap device behind f, which belongs to the machine with
// the address a, and owns f from then on. The machine is detached when the
// returned function is called.
func (n *Network) Attach(a netip.Addr, f *os.File) (detach func()) {
	ctx, cancel := context.WithCancel(context.Background())
	p := &port{File: f, filter: newFilter(a, n.forbid)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := n.vn.AcceptBess(ctx, p); err != nil {
			n.log.Debug("machine left the network", "address", a, "err", err)
		}
	}()
	return func() {
		cancel()
		f.Close()
		<-done
	}
}

// port is a tap device as the net.Conn that the switch wants: each Read and
// each Write is one Ethernet frame.
type port struct {
	*os.File
	filter filter
}

// Read returns the next frame that the machine may send.
func (p *port) Read(b []byte) (int, error) {
	for {
		n, err := p.File.Read(b)
		if err != nil || p.filter.allows(b[:n]) {
			return n, err
		}
	}
}

// Write passes a frame to the machine. One that the device does not take now,
// because it is not up yet, is lost as on a wire; an error would make the
// switch drop the machine for good.
func (p *port) Write(b []byte) (int, error) {
	n, err := p.File.Write(b)
	if errors.Is(err, unix.EIO) || errors.Is(err, unix.ENETDOWN) || errors.Is(err, unix.EMSGSIZE) {
		return len(b), nil
	}
	return n, err
}

func (p *port) LocalAddr() net.Addr  { return addr(p.Name()) }
func (p *port) RemoteAddr() net.Addr { return addr(p.Name()) }

type addr string

func (addr) Network() string  { return "tap" }
func (a addr) String() string { return string(a) }
