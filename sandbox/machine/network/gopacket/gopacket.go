// Package gopacket replaces the module of this name, which decodes packets. The network
// of machines links it for a log of packets that is never switched on, and its tables cost every
// command of Amiship 15 ms and 7 MB at its start (docs/decisions/0031-no-gopacket.md).
package gopacket

import "fmt"

// Packet is one that is not decoded.
type Packet []byte

// Default are the options of NewPacket.
const Default = 0

// NewPacket decodes nothing.
func NewPacket(data []byte, _, _ int) Packet { return data }

// String is the packet's length.
func (p Packet) String() string { return fmt.Sprintf("packet of %d bytes", len(p)) }
