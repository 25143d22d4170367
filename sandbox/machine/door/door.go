// Package door answers on loopback addresses of the host on behalf of
// machines: 127.x.y.z is a machine's public address.
//
// A host that runs a service on a port of all addresses, as most run sshd,
// blocks that port for every other listener, even on a single address. So as
// root the kernel is told to lead connections to a door's one listener,
// whatever their port (see steer.go), and those to every other port of the address to
// one that answers nothing, as a security group does; without root each port gets a
// listener of its own, must be above 1023 and free, and the kernel refuses the others.
package door

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"amiship/sandbox/machine"
)

// House opens doors.
type House struct{ steer *steering }

// New makes a house. Without the right to steer connections it makes do with
// plain listeners.
func New() *House {
	s, err := newSteering()
	if err != nil {
		return &House{}
	}
	return &House{steer: s}
}

// Close ends the steering. Doors are closed on their own.
func (h *House) Close() error {
	if h.steer == nil {
		return nil
	}
	return h.steer.close()
}

// Door is a machine's public address.
type Door struct {
	steer *steering
	at    netip.Addr
	serve func(c *net.TCPConn, port uint16)

	mu     sync.Mutex
	ranges []machine.PortRange
	shared net.Listener            // of all ports, when steered
	plain  map[uint16]net.Listener // of one port each, when not
	closed bool
}

// Open makes a door at the address, closed on every port; a machine without a public address
// has one that stays closed. Serve is called
// with each connection and owns it.
func (h *House) Open(at netip.Addr, serve func(c *net.TCPConn, port uint16)) *Door {
	return &Door{steer: h.steer, at: at, serve: serve, plain: map[uint16]net.Listener{}}
}

// SetPorts makes the door answer on these ports and no others. Open
// connections continue.
func (d *Door) SetPorts(ranges []machine.PortRange) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || !d.at.IsValid() {
		return nil
	}
	var err error
	if d.steer != nil {
		err = d.setSteered(ranges)
	} else {
		err = d.setPlain(ranges)
	}
	d.ranges = ranges
	return err
}

// setSteered leads the ports to the one listener.
func (d *Door) setSteered(ranges []machine.PortRange) error {
	if d.shared == nil {
		l, err := listen(netip.AddrPortFrom(d.at, 0))
		if err != nil {
			return fmt.Errorf("listen on %s: %w", d.at, err)
		}
		d.shared = l
		go d.accept(l)
		if err := d.steer.lead(destination{addr: d.at.As4()}, d.steer.silence.listener); err != nil {
			return err
		}
	}
	for _, port := range ports(ranges) {
		if err := d.steer.lead(d.to(port), d.shared.(*net.TCPListener)); err != nil {
			return err
		}
	}
	for _, port := range ports(d.ranges) {
		if within(ranges, port) {
			continue
		}
		if err := d.steer.clear(d.to(port)); err != nil {
			return err
		}
	}
	return nil
}

func (d *Door) to(port uint16) destination { return destination{d.at.As4(), uint32(port)} }

// closeSteered forgets the address.
func (d *Door) closeSteered() {
	for _, port := range append(ports(d.ranges), 0) {
		_ = d.steer.clear(d.to(port)) // entries go with their listener in any case
	}
	d.shared.Close()
}

// setPlain opens and closes listeners until there is one for each port.
func (d *Door) setPlain(ranges []machine.PortRange) error {
	want, err := list(ranges)
	if err != nil {
		return err
	}
	for port, l := range d.plain {
		if !within(ranges, port) {
			l.Close()
			delete(d.plain, port)
		}
	}
	var errs []error
	for _, port := range want {
		if d.plain[port] == nil {
			errs = append(errs, d.listen(port))
		}
	}
	return errors.Join(errs...)
}

func (d *Door) listen(port uint16) error {
	at := netip.AddrPortFrom(d.at, port)
	l, err := listen(at)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("listen on %s: ports below 1024 need root", at)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("listen on %s: another service of this host has port %d there or on all addresses", at, port)
	case err != nil:
		return fmt.Errorf("listen on %s: %w", at, err)
	}
	d.plain[port] = l
	go d.accept(l)
	return nil
}

// listen makes a listener of ordinary TCP: Go's default, multipath TCP, cannot
// be steered.
func listen(at netip.AddrPort) (net.Listener, error) {
	var lc net.ListenConfig
	lc.SetMultipathTCP(false)
	return lc.Listen(context.Background(), "tcp4", at.String())
}

// accept passes connections on until the listener is closed. One to a port that was
// closed in the meantime is refused.
func (d *Door) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		conn := c.(*net.TCPConn)
		port := conn.LocalAddr().(*net.TCPAddr).AddrPort().Port()
		if !d.isOpen(port) {
			Refuse(conn)
			continue
		}
		go d.serve(conn, port)
	}
}

func (d *Door) isOpen(port uint16) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.closed && within(d.ranges, port)
}

// Close closes every port. Open connections continue.
func (d *Door) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed = true
	if d.shared != nil {
		d.closeSteered()
	}
	for _, l := range d.plain {
		l.Close()
	}
}

// Refuse ends a connection so that its other side sees a reset.
func Refuse(c *net.TCPConn) {
	_ = c.SetLinger(0) // without it the other side sees an end of file
	c.Close()
}

func within(ranges []machine.PortRange, port uint16) bool {
	for _, r := range ranges {
		if r.From <= port && port <= r.To {
			return true
		}
	}
	return false
}

// maxListed is how many ports a door can open one by one.
const maxListed = 256

// list names the ports of the ranges, for listeners of their own.
func list(ranges []machine.PortRange) ([]uint16, error) {
	all := ports(ranges)
	if len(all) > maxListed {
		return nil, fmt.Errorf("open %d ports: without root at most %d can be", len(all), maxListed)
	}
	return all, nil
}

// ports names the ports of the ranges.
func ports(ranges []machine.PortRange) []uint16 {
	var all []uint16
	for _, r := range ranges {
		for p := int(r.From); p <= int(r.To); p++ {
			if p > 0 {
				all = append(all, uint16(p))
			}
		}
	}
	return all
}
