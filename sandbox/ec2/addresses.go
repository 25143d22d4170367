package ec2

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// MAC is the hardware address of the machine with this private address. It
// follows from the address, because the machines' network hands out addresses
// by MAC and reads its leases once.
func MAC(private netip.Addr) string {
	a := private.As4()
	return fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3])
}

// reserved reports whether a machine may not have this address: the first ten
// are the gateway's and its services', the last two of the network the host's
// and the broadcast; the first and last of a subnet are kept free as well.
func reserved(a netip.Addr, subnet netip.Prefix) bool {
	b := a.As4()
	switch {
	case b[2] == 0 && b[3] < 10, b[2] == 15 && b[3] >= 254:
		return true
	}
	return !subnet.Contains(a.Next()) || a == subnet.Addr()
}

// usedAddresses are the private addresses of all instances of the sandbox:
// accounts and regions share one network.
func usedAddresses(tx *cloud.Tx) map[netip.Addr]bool {
	used := map[netip.Addr]bool{}
	for _, region := range Instances.Parts(tx) {
		for _, in := range Instances.All(tx, region) {
			if in.Private.IsValid() {
				used[in.Private] = true
			}
		}
	}
	return used
}

func freeAddresses(z zone, used map[netip.Addr]bool) int {
	n := 0
	for a := z.cidr().Addr(); z.cidr().Contains(a); a = a.Next() {
		if !used[a] && !reserved(a, z.cidr()) {
			n++
		}
	}
	return n
}

// privateAddress takes the asked address or the lowest free one of the subnet,
// and marks it used.
func privateAddress(z zone, asked string, used map[netip.Addr]bool) (netip.Addr, error) {
	subnet := z.cidr()
	if asked != "" {
		a, err := netip.ParseAddr(asked)
		switch {
		case err != nil || !subnet.Contains(a) || reserved(a, subnet):
			return a, invalidValue("PrivateIpAddress", asked, "Address does not fall within the subnet's address range")
		case used[a]:
			return a, wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", asked)
		}
		used[a] = true
		return a, nil
	}
	for a := subnet.Addr(); subnet.Contains(a); a = a.Next() {
		if !used[a] && !reserved(a, subnet) {
			used[a] = true
			return a, nil
		}
	}
	return netip.Addr{}, wire.Errorf("InsufficientFreeAddressesInSubnet", "Not enough free addresses in subnet.")
}

// publicAddress picks a loopback address in 127.64.0.0/10 that no instance has.
// It is random so that two sandboxes on one host rarely want the same.
func publicAddress(tx *cloud.Tx) netip.Addr {
	used := map[netip.Addr]bool{}
	for _, region := range Instances.Parts(tx) {
		for _, in := range Instances.All(tx, region) {
			used[in.Public] = true
		}
	}
	for {
		var b [4]byte
		_, _ = rand.Read(b[:])
		binary.BigEndian.PutUint32(b[:], 127<<24|64<<16|binary.BigEndian.Uint32(b[:])&(1<<22-1))
		a := netip.AddrFrom4(b)
		if b[3] != 0 && b[3] != 255 && !used[a] {
			return a
		}
	}
}

func dashed(a netip.Addr) string { return strings.ReplaceAll(a.String(), ".", "-") }

// privateName is the name that AWS gives a private address.
func privateName(a netip.Addr, region string) string {
	if !a.IsValid() {
		return ""
	}
	if region == "us-east-1" {
		return "ip-" + dashed(a) + ".ec2.internal"
	}
	return "ip-" + dashed(a) + "." + region + ".compute.internal"
}

// publicName is the name that AWS gives a public address; nothing resolves it.
func publicName(a netip.Addr, region string) string {
	if !a.IsValid() {
		return ""
	}
	if region == "us-east-1" {
		return "ec2-" + dashed(a) + ".compute-1.amazonaws.com"
	}
	return "ec2-" + dashed(a) + "." + region + ".compute." + cloud.PartitionOf(region).Domain()
}
