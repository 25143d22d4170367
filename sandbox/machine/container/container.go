// Package container runs machines that are nearly real: a whole Linux system
// under its own systemd, in namespaces of this host's kernel. It needs root,
// and nothing but the kernel.
//
// Everything of a machine hangs on the process that started it. Its init dies
// with the thread that cloned it (Pdeathsig), its mounts are made inside its
// own mount namespace and vanish with it, its network device with the file
// this process holds. So kill -9 of the sandbox leaves no process, mount or
// device; empty cgroup directories and half-made copies are removed by the
// next New. Disks of machines stay: Start boots them again, Remove deletes
// them.
//
// It does not isolate root: root on a machine can become root on the host.
// Run only scripts that you trust.
//
// The machine's init is this very program, started again under another name:
// a program that links this package must call Main first.
package container

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/bases"
	"amiship/sandbox/machine/layer"
	"amiship/sandbox/machine/network"
)

// Config says where machines live.
type Config struct {
	Dir         string        // disks and layers; one sandbox's own
	Cache       string        // bases, shared by all sandboxes of the host
	Metadata    http.Handler  // served to machines at 169.254.169.254:80; RemoteAddr is the machine's private address
	HostPorts   []uint16      // of the host's loopback address, that machines reach at network.HostName
	StopTimeout time.Duration // patience with a machine that is asked to stop; 20 s when zero, more for an emulated one
	Log         *slog.Logger
}

// Driver runs containers. It is a machine.Driver.
type Driver struct {
	cfg    Config
	bases  *bases.Store
	layers *layer.Store
	net    *network.Network
	groups *groups

	mu     sync.Mutex
	guests map[string]*guest
	closed bool
	rest   sync.WaitGroup // disks that are being deleted
}

var _ machine.Driver = (*Driver)(nil)

// New makes a driver and cleans up what a killed one left behind.
func New(cfg Config) (*Driver, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("run machines in containers: needs root")
	}
	if cfg.StopTimeout == 0 {
		cfg.StopTimeout = 20 * time.Second
	}
	layers, err := layer.Open(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if err := sweepDisks(cfg.Dir); err != nil {
		return nil, err
	}
	groups, err := openGroups()
	if err != nil {
		return nil, err
	}
	net, err := network.New(network.Config{Metadata: cfg.Metadata, HostPorts: cfg.HostPorts, Log: cfg.Log})
	if err != nil {
		return nil, err
	}
	return &Driver{
		cfg: cfg, bases: bases.Open(cfg.Cache, cfg.Log), layers: layers,
		net: net, groups: groups, guests: map[string]*guest{},
	}, nil
}

// Start implements machine.Driver.
func (d *Driver) Start(spec machine.Spec) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return fmt.Errorf("start %s: the sandbox is closing", spec.ID)
	}
	if g := d.guests[spec.ID]; g != nil && !g.ending() {
		return fmt.Errorf("start %s: it is %s", spec.ID, g.status().State)
	}
	g := newGuest(d, spec)
	d.guests[spec.ID] = g
	if err := g.forward.SetPorts(spec.Ports); err != nil {
		g.forward.Close()
		g.fail(err)
		return err
	}
	go g.run()
	return nil
}

// Stop implements machine.Driver.
func (d *Driver) Stop(id string) error {
	if g := d.guest(id); g != nil {
		g.stop(false)
	}
	return nil
}

// Remove implements machine.Driver.
func (d *Driver) Remove(id string) error {
	d.mu.Lock()
	g := d.guests[id]
	d.mu.Unlock()
	if g == nil {
		return os.RemoveAll(d.dir(id))
	}
	g.stop(true)
	d.rest.Go(g.remove)
	return nil
}

// SetPorts implements machine.Driver.
func (d *Driver) SetPorts(id string, ports []machine.PortRange) error {
	if g := d.guest(id); g != nil {
		return g.forward.SetPorts(ports)
	}
	return nil
}

// Status implements machine.Driver.
func (d *Driver) Status(id string) machine.Status {
	if g := d.guest(id); g != nil {
		return g.status()
	}
	return machine.Status{State: machine.Stopped}
}

// Console implements machine.Driver.
func (d *Driver) Console(id string) ([]byte, error) {
	return readConsole(filepath.Join(d.dir(id), "console.log"))
}

// Close implements machine.Driver.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.closed = true
	var all []*guest
	for _, g := range d.guests {
		all = append(all, g)
	}
	d.mu.Unlock()
	for _, g := range all {
		g.stop(false)
	}
	for _, g := range all {
		<-g.done
	}
	d.rest.Wait()
	return errors.Join(d.net.Close(), d.groups.close())
}

// Bases are the systems that machines of this driver can be started from.
func (d *Driver) Bases() []machine.Base { return d.bases.List() }

func (d *Driver) guest(id string) *guest {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.guests[id]
}

// forget drops what is known of a guest that is gone, unless the same id has
// been started again.
func (d *Driver) forget(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.guests[g.spec.ID] == g {
		delete(d.guests, g.spec.ID)
	}
}

func (d *Driver) dir(id string) string { return filepath.Join(d.cfg.Dir, "machines", id) }

// paths are where the layers are, in the same order. A base that is not there
// yet is built.
func (d *Driver) paths(ctx context.Context, layers []string) ([]string, error) {
	var paths []string
	for _, name := range layers {
		path := d.layers.Path(name)
		if layer.IsBase(name) {
			var err error
			if path, err = d.bases.Prepare(ctx, name); err != nil {
				return nil, err
			}
		} else if !d.layers.Has(name) {
			return nil, fmt.Errorf("layer %s is not there", name)
		}
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		return nil, errors.New("a disk needs at least one layer")
	}
	return paths, nil
}
