// Package machine runs the sandbox's machines. It knows nothing of EC2: it is
// given disks, addresses and ports, and keeps machines alive on them.
//
// Nothing here blocks for long. Start, Stop and Remove begin something;
// Status says how far it is. A machine belongs to the process that started
// it: when that process dies, so do its machines, and what a driver has half
// done is cleaned up by the next New. Disks stay: Start boots a machine again
// from its own, Remove deletes it.
package machine

import (
	"context"
	"net/netip"
)

// Driver runs machines of one kind.
type Driver interface {
	// Start boots the machine that spec describes, on its own disk if it has
	// one (it ran before), else on a new one above spec.Layers. It returns
	// at once; Status tells of the rest.
	Start(spec Spec) error
	// Stop asks the machine to shut down, and ends it by force after a while.
	Stop(id string) error
	// Remove ends the machine and deletes its disk.
	Remove(id string) error
	// SetPorts changes which ports of the machine its public address answers on.
	SetPorts(id string, ports []PortRange) error
	// Status says how the machine is. An unknown id is Stopped.
	Status(id string) Status
	// Console returns what the machine has written to its console, at most the
	// newest 64 KiB.
	Console(id string) ([]byte, error)
	// Snapshot freezes the machine's disk, running or not, as a new layer
	// above those it was started with. The layer's size in bytes is returned.
	Snapshot(ctx context.Context, id, layer string) (int64, error)
	// HasLayer reports whether the layer is there (or, for a base, can be made).
	HasLayer(layer string) bool
	// Prune deletes layers that are not to be kept. Bases are cached elsewhere.
	Prune(keep func(layer string) bool) error
	// OpenDisk gives access to the files of a stack of layers, for the
	// sandbox's own inspections. The caller closes it.
	OpenDisk(layers []string) (Disk, error)
	// Close stops every machine and leaves nothing running or mounted.
	Close() error
}

// Disk is a read-only view of the files on a disk.
type Disk interface {
	ReadFile(name string) ([]byte, error) // name is absolute, as on the machine
	Dir() string                          // where the files can be walked on the host
	Close() error
}

// Spec describes a machine.
type Spec struct {
	ID       string   // "i-…": also its directory's name
	Layers   []string // the disk, lowest first; the lowest is a base: "base/ubuntu-22.04/amd64"
	Arch     string   // amd64 or arm64
	Hostname string
	UUID     string // hypervisor UUID; cloud-init wants it to begin with ec2
	MAC      string
	Private  netip.Addr  // its address on the machines' own network
	Public   netip.Addr  // loopback address on the host that leads to it: 127.x.y.z
	Ports    []PortRange // that its public address answers on

	// For drivers without a real machine, which have no metadata service.
	User          string // login that AuthorizedKey opens
	AuthorizedKey string
}

// PortRange is an inclusive range of TCP ports.
type PortRange struct{ From, To uint16 }

// State is what a machine is doing.
type State string

// The states of a machine.
const (
	Starting State = "starting"
	Running  State = "running"
	Stopping State = "stopping"
	Stopped  State = "stopped"
	Failed   State = "failed" // it could not be started; Status.Err says why
)

// Status is a machine's state and, once it is Running, whether its sshd answers.
type Status struct {
	State State
	SSH   bool
	Err   string
}

// Base is an operating system that machines can be started from without an
// AMI: the lowest layer of every disk.
type Base struct {
	Layer       string // "base/ubuntu-22.04/amd64"
	Arch        string
	User        string // the login that cloud-init prepares
	Description string // what it really is; says so when another system replaces it
}
