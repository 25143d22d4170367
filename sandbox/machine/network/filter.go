package network

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
)

// filter decides which frames of one machine reach the switch: only those with
// its own MAC and IPv4 address as source, and none to the host itself.
type filter struct {
	mac    net.HardwareAddr
	ip     netip.Addr
	forbid []netip.Prefix
}

func newFilter(ip netip.Addr, forbid []netip.Prefix) filter {
	mac, err := net.ParseMAC(MAC(ip))
	if err != nil {
		panic(err) // MAC formats it
	}
	return filter{mac: mac, ip: ip, forbid: forbid}
}

const (
	etherLen  = 14
	etherIPv4 = 0x0800
	etherARP  = 0x0806
	arpLen    = 28
	ipv4Len   = 20
)

// allows reports whether the machine may send the frame.
func (f filter) allows(frame []byte) bool {
	if len(frame) < etherLen || !bytes.Equal(frame[6:12], f.mac) {
		return false
	}
	switch payload := frame[etherLen:]; binary.BigEndian.Uint16(frame[12:]) {
	case etherARP:
		return f.allowsARP(payload)
	case etherIPv4:
		return f.allowsIPv4(payload)
	}
	return false
}

// allowsARP wants the sender to be the machine, or no address: a probe for an
// address that it is about to take.
func (f filter) allowsARP(p []byte) bool {
	if len(p) < arpLen || !bytes.Equal(p[8:14], f.mac) {
		return false
	}
	sender := netip.AddrFrom4([4]byte(p[14:18]))
	return sender == f.ip || sender.IsUnspecified()
}

func (f filter) allowsIPv4(p []byte) bool {
	if len(p) < ipv4Len || p[0]>>4 != 4 {
		return false
	}
	from, to := netip.AddrFrom4([4]byte(p[12:16])), netip.AddrFrom4([4]byte(p[16:20]))
	if from.IsUnspecified() {
		return to == netip.AddrFrom4([4]byte{255, 255, 255, 255}) // DHCP
	}
	if from != f.ip {
		return false
	}
	for _, p := range f.forbid {
		if p.Contains(to) {
			return false
		}
	}
	return true
}
