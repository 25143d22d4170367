// Package instant simulates machines where thousands of them are needed: each
// answers SSH on its public address, accepts files and succeeds at every
// command. It needs no root where the port allows, and starts no process.
//
// Commands are recorded, not run (a machine tells its machine-id and whom it
// lets in, since these are its own), so nothing that a script would have done is
// on the disk; only what was uploaded is. The console shows the commands. Files
// are never written in place: disks and layers share them by hard links.
package instant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/door"
	"amiship/sandbox/machine/layer"
)

// Config says where the files are kept.
type Config struct {
	Dir string
	Log *slog.Logger
	// Exec, where it is set, answers a command instead: what it prints and
	// its exit status.
	Exec func(spec machine.Spec, command string) (output string, status int)
}

// Driver runs instant machines. It is a machine.Driver.
type Driver struct {
	cfg    Config
	layers *layer.Store
	house  *door.House

	mu     sync.Mutex
	guests map[string]*guest
}

var _ machine.Driver = (*Driver)(nil)

// New makes a driver on the directory, with the layers and disks that an
// earlier one left there.
func New(cfg Config) (*Driver, error) {
	layers, err := layer.Open(cfg.Dir)
	if err != nil {
		return nil, err
	}
	return &Driver{cfg: cfg, layers: layers, house: door.New(), guests: map[string]*guest{}}, nil
}

// Start implements machine.Driver.
func (d *Driver) Start(spec machine.Spec) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.guests[spec.ID] != nil {
		return fmt.Errorf("start %s: it is running", spec.ID)
	}
	if err := d.makeDisk(spec); err != nil {
		return fmt.Errorf("start %s: %w", spec.ID, err)
	}
	g := newGuest(d, spec)
	if err := g.listen(spec.Ports); err != nil {
		g.close()
		return fmt.Errorf("start %s: %w", spec.ID, err)
	}
	d.guests[spec.ID] = g
	return nil
}

// makeDisk fills a new machine's disk from the highest layer that is not a
// base; every layer holds all files of those below.
func (d *Driver) makeDisk(spec machine.Spec) error {
	for _, name := range spec.Layers {
		if !d.HasLayer(name) {
			return fmt.Errorf("layer %s is not there", name)
		}
	}
	disk := d.disk(spec.ID)
	if _, err := os.Stat(disk); err == nil {
		return nil
	}
	// Clients ask whether these are there before they choose a file's name.
	for _, dir := range []string{"tmp", "var/tmp", "etc", "root", "opt", "srv", filepath.Join("home", spec.User)} {
		if err := os.MkdirAll(filepath.Join(disk, dir), 0o755); err != nil {
			return err
		}
	}
	if len(spec.Layers) == 0 {
		return nil
	}
	top := spec.Layers[len(spec.Layers)-1]
	if layer.IsBase(top) {
		return nil
	}
	return linkTree(d.layers.Path(top), disk)
}

// Stop implements machine.Driver. The machine has stopped when it returns.
func (d *Driver) Stop(id string) error {
	d.mu.Lock()
	g := d.guests[id]
	delete(d.guests, id)
	d.mu.Unlock()
	if g != nil {
		g.close()
	}
	return nil
}

// Remove implements machine.Driver.
func (d *Driver) Remove(id string) error {
	return errors.Join(d.Stop(id), os.RemoveAll(d.dir(id)))
}

// SetPorts implements machine.Driver.
func (d *Driver) SetPorts(id string, ports []machine.PortRange) error {
	if g := d.guest(id); g != nil {
		return g.listen(ports)
	}
	return nil
}

// Status implements machine.Driver.
func (d *Driver) Status(id string) machine.Status {
	if d.guest(id) != nil {
		return machine.Status{State: machine.Running, SSH: true}
	}
	return machine.Status{State: machine.Stopped}
}

// Console implements machine.Driver: the commands the machine was given.
func (d *Driver) Console(id string) ([]byte, error) {
	b, err := os.ReadFile(d.console(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	const most = 64 << 10 // bytes
	if cut := len(b) - most; cut > 0 {
		b = b[cut:]
	}
	return bytes.Clone(b), err
}

// Close implements machine.Driver.
func (d *Driver) Close() error {
	d.mu.Lock()
	var ids []string
	for id := range d.guests {
		ids = append(ids, id)
	}
	d.mu.Unlock()
	var errs []error
	for _, id := range ids {
		errs = append(errs, d.Stop(id))
	}
	return errors.Join(append(errs, d.house.Close())...)
}

// Snapshot implements machine.Driver.
func (d *Driver) Snapshot(_ context.Context, id, name string) (int64, error) {
	err := d.layers.Add(name, func(dir string) error { return linkTree(d.disk(id), dir) })
	if err != nil {
		return 0, fmt.Errorf("snapshot %s: %w", id, err)
	}
	return layer.Size(d.layers.Path(name))
}

// HasLayer implements machine.Driver. Every base is there: all are empty.
func (d *Driver) HasLayer(name string) bool { return layer.IsBase(name) || d.layers.Has(name) }

// Prune implements machine.Driver.
func (d *Driver) Prune(keep func(layer string) bool) error { return d.layers.Prune(keep) }

func (d *Driver) guest(id string) *guest {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.guests[id]
}

func (d *Driver) dir(id string) string     { return filepath.Join(d.cfg.Dir, "machines", id) }
func (d *Driver) disk(id string) string    { return filepath.Join(d.dir(id), "files") }
func (d *Driver) console(id string) string { return filepath.Join(d.dir(id), "console.log") }
