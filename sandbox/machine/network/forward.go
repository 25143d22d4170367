package network

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/door"
)

// dialTimeout bounds how long a caller waits for a machine that does not
// answer at all, as one that is booting does.
const dialTimeout = 5 * time.Second

// Forward leads a loopback address of the host to a machine, port by port.
type Forward struct {
	net     *Network
	private netip.Addr
	door    *door.Door

	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

// Forward makes a forward from the host's address public to the machine at
// private. It answers on no port yet.
func (n *Network) Forward(public, private netip.Addr) *Forward {
	f := &Forward{net: n, private: private, conns: map[net.Conn]bool{}}
	f.door = n.house.Open(public, f.carry)
	return f
}

// SetPorts makes the forward answer on these ports and no others. Open
// connections continue.
func (f *Forward) SetPorts(ranges []machine.PortRange) error { return f.door.SetPorts(ranges) }

// carry connects c with the machine. Where nothing listens, the caller's
// connection is reset.
func (f *Forward) carry(c *net.TCPConn, port uint16) {
	ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
	defer cancel()
	inside, err := f.net.Dial(ctx, netip.AddrPortFrom(f.private, port))
	if err != nil {
		door.Refuse(c)
		return
	}
	if !f.keep(c, inside) {
		return
	}
	defer f.drop(c, inside)
	pipe(c, inside)
}

// pipe copies both ways and passes each side's end on.
func pipe(a, b net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { half(a, b) })
	both.Go(func() { half(b, a) })
	both.Wait()
}

// half copies until src ends, then tells dst so.
func half(dst, src net.Conn) {
	_, err := io.Copy(dst, src)
	if w, ok := dst.(interface{ CloseWrite() error }); ok && err == nil {
		_ = w.CloseWrite() // dst may be gone already
		return
	}
	dst.Close()
	src.Close()
}

func (f *Forward) keep(conns ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range conns {
		if f.closed {
			c.Close()
			continue
		}
		f.conns[c] = true
	}
	return !f.closed
}

func (f *Forward) drop(conns ...net.Conn) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(f.conns, c)
	}
}

// Close stops listening on all ports and ends all connections.
func (f *Forward) Close() {
	f.door.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for c := range f.conns {
		c.Close()
	}
}
