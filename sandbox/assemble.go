package sandbox

import (
	"fmt"
	"os"
	"path/filepath"

	"amiship/sandbox/imds"
	"amiship/sandbox/machine"
	"amiship/sandbox/machine/container"
	"amiship/sandbox/machine/instant"
	"amiship/sandbox/quotas"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
)

// Drivers of machines.
const (
	Container = "container"
	Instant   = "instant"
)

// parts are what needs an end.
type parts struct {
	driver machine.Driver
}

// assemble puts the services behind the one endpoint.
func (s *box) assemble() error {
	driver, bases, err := s.startDriver()
	if err != nil {
		return err
	}
	s.parts.driver = driver
	_ = bases
	s.wire = wire.NewServer(s.store, s.cfg.Throttle, sts.Service(), quotas.Service())
	return nil
}

// startDriver makes the machine driver, and says what it can start from.
func (s *box) startDriver() (machine.Driver, []machine.Base, error) {
	dir := filepath.Join(s.cfg.State, "machines")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, err
	}
	switch s.cfg.Driver {
	case Instant:
		d, err := instant.New(instant.Config{Dir: dir, Log: s.log})
		return d, instantBases(), err
	case Container, "":
		cache := s.cfg.Cache
		if cache == "" {
			cache = filepath.Join(s.cfg.State, "bases")
		}
		meta := imds.New(imds.Config{Lookup: s.instanceAt, Now: s.store.Now})
		d, err := container.New(container.Config{Dir: dir, Cache: cache, Metadata: meta, Log: s.log})
		if err != nil {
			return nil, nil, err
		}
		return d, d.Bases(), nil
	}
	return nil, nil, fmt.Errorf("machine driver %q: there are container and instant", s.cfg.Driver)
}

// instantBases are names only: instant machines have empty disks.
func instantBases() []machine.Base {
	var out []machine.Base
	for _, arch := range []string{"amd64", "arm64"} {
		out = append(out, machine.Base{
			Layer: "base/ubuntu-22.04/" + arch, Arch: arch, User: "ubuntu",
			Description: "Ubuntu 22.04 LTS, played by the sandbox's instant driver",
		})
	}
	return out
}
