package network

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
)

var (
	self    = netip.MustParseAddr("172.31.0.10")
	another = netip.MustParseAddr("172.31.0.11")
	host    = netip.MustParseAddr("192.0.2.7")
)

// frame builds an Ethernet frame from the MAC of one address.
func frame(mac netip.Addr, kind uint16, payload []byte) []byte {
	hw, _ := net.ParseMAC(MAC(mac))
	f := make([]byte, etherLen, etherLen+len(payload))
	copy(f[6:], hw)
	binary.BigEndian.PutUint16(f[12:], kind)
	return append(f, payload...)
}

func ipv4(from, to string) []byte {
	p := make([]byte, ipv4Len)
	p[0] = 4<<4 | 5
	copy(p[12:], netip.MustParseAddr(from).AsSlice())
	copy(p[16:], netip.MustParseAddr(to).AsSlice())
	return p
}

func arp(mac netip.Addr, sender string) []byte {
	hw, _ := net.ParseMAC(MAC(mac))
	p := make([]byte, arpLen)
	copy(p[8:], hw)
	copy(p[14:], netip.MustParseAddr(sender).AsSlice())
	return p
}

func TestFilter(t *testing.T) {
	f := newFilter(self, append(hostPrefixes(), netip.PrefixFrom(host, 32)))
	tests := map[string]struct {
		frame []byte
		want  bool
	}{
		"to the metadata service":        {frame(self, etherIPv4, ipv4("172.31.0.10", "169.254.169.254")), true},
		"to the internet":                {frame(self, etherIPv4, ipv4("172.31.0.10", "198.51.100.1")), true},
		"to another machine":             {frame(self, etherIPv4, ipv4("172.31.0.10", "172.31.0.11")), true},
		"a request for an address":       {frame(self, etherIPv4, ipv4("0.0.0.0", "255.255.255.255")), true},
		"who has":                        {frame(self, etherARP, arp(self, "172.31.0.10")), true},
		"a probe before taking":          {frame(self, etherARP, arp(self, "0.0.0.0")), true},
		"in another's name":              {frame(self, etherIPv4, ipv4("172.31.0.11", "169.254.169.254")), false},
		"without an address to metadata": {frame(self, etherIPv4, ipv4("0.0.0.0", "169.254.169.254")), false},
		"with another's MAC":             {frame(another, etherIPv4, ipv4("172.31.0.10", "169.254.169.254")), false},
		"claiming another's address":     {frame(self, etherARP, arp(self, "172.31.0.11")), false},
		"claiming by another's MAC":      {frame(self, etherARP, arp(another, "172.31.0.10")), false},
		"to the host's loopback":         {frame(self, etherIPv4, ipv4("172.31.0.10", "127.0.0.1")), false},
		"to a machine's public address":  {frame(self, etherIPv4, ipv4("172.31.0.10", "127.9.9.9")), false},
		"to this host":                   {frame(self, etherIPv4, ipv4("172.31.0.10", "0.0.0.0")), false},
		"to the host's own address":      {frame(self, etherIPv4, ipv4("172.31.0.10", "192.0.2.7")), false},
		"IPv6":                           {frame(self, 0x86dd, make([]byte, 40)), false},
		"IPv6 that says it is version 4": {frame(self, etherIPv4, append([]byte{6 << 4}, make([]byte, 40)...)), false},
		"too short for its protocol":     {frame(self, etherIPv4, make([]byte, 8)), false},
		"too short for Ethernet":         {make([]byte, 5), false},
		"nothing":                        {nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := f.allows(tt.frame); got != tt.want {
				t.Errorf("allowed: %v, want %v", got, tt.want)
			}
		})
	}
}

func FuzzFilter(f *testing.F) {
	f.Add(frame(self, etherIPv4, ipv4("172.31.0.10", "198.51.100.1")))
	f.Add(frame(self, etherARP, arp(self, "172.31.0.10")))
	filter := newFilter(self, hostPrefixes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if filter.allows(b) && string(b[6:12]) != string(filter.mac) {
			t.Errorf("a frame of %x passed", b[6:12])
		}
	})
}

func TestEveryAddressHasItsMAC(t *testing.T) {
	all := leases(netip.MustParsePrefix(Subnet))
	seen := map[string]bool{}
	for a, mac := range all {
		if seen[mac] || mac != MAC(netip.MustParseAddr(a)) {
			t.Fatalf("%s has %s", a, mac)
		}
		seen[mac] = true
	}
	if len(all) != 4094 || all["172.31.0.10"] != "02:00:ac:1f:00:0a" {
		t.Errorf("%d leases, 172.31.0.10 has %s", len(all), all["172.31.0.10"])
	}
}
