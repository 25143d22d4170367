package ec2

import (
	"slices"

	"amiship/sandbox/machine"
)

// widestRange is how many ports of one rule a public address answers on: each
// is a listener on the host.
const widestRange = 1024

// openPorts are the TCP ports that rules open on an instance's public address.
// The host is outside of the VPC: any address range lets it in, another group
// as source does not. A wider range than widestRange is cut down to the ports
// that services usually have: 22, 80, 443, 8000 to 9100.
func openPorts(rules []rule) []machine.PortRange {
	var out []machine.PortRange
	for _, r := range rules {
		if r.CIDR == "" && r.CIDR6 == "" {
			continue
		}
		switch {
		case r.Protocol == "-1":
			out = append(out, clip(0, 65535)...)
		case r.Protocol == "tcp" && r.To-r.From >= widestRange:
			out = append(out, clip(r.From, r.To)...)
		case r.Protocol == "tcp":
			out = append(out, machine.PortRange{From: uint16(r.From), To: uint16(r.To)})
		}
	}
	slices.SortFunc(out, func(a, b machine.PortRange) int { return int(a.From) - int(b.From) })
	return slices.Compact(out)
}

func clip(from, to int) []machine.PortRange {
	var out []machine.PortRange
	for _, usual := range [][2]int{{22, 22}, {80, 80}, {443, 443}, {8000, 9100}} {
		lo, hi := max(from, usual[0]), min(to, usual[1])
		if lo <= hi {
			out = append(out, machine.PortRange{From: uint16(lo), To: uint16(hi)})
		}
	}
	return out
}
