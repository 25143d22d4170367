package sandbox

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"amiship/sandbox/cloud"
	"amiship/sandbox/ec2"
	"amiship/sandbox/iam"
	"amiship/sandbox/imds"
	"amiship/sandbox/machine"
	"amiship/sandbox/machine/bases"
	"amiship/sandbox/machine/container"
	"amiship/sandbox/machine/instant"
	"amiship/sandbox/marketplace"
	"amiship/sandbox/quotas"
	"amiship/sandbox/rbin"
	"amiship/sandbox/ssm"
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
func (s *box) assemble(set Settings) error {
	ports, err := hostPorts(slices.Concat(s.cfg.HostPorts, set.HostPorts))
	if err != nil {
		return err
	}
	driver, from, err := s.startDriver(ports)
	if err != nil {
		return err
	}
	s.parts.driver = driver
	if err := s.store.Update(func(tx *cloud.Tx) error { ec2.Seed(tx, from); return nil }); err != nil {
		return err
	}
	parameters := ssm.New(ssm.Config{Store: s.store, ImageExists: imageExists, Public: publicParameters, ImageCheck: set.ImageCheck})
	compute := ec2.New(ec2.Config{Store: s.store, Driver: driver, Settings: set.EC2, Parameters: ssm.Naming, Resolve: parameters.Resolve})
	market := marketplace.New(marketplace.Config{Store: s.store, Open: driver.OpenDisk, Settings: s.marketSettings(set)})
	s.wire = wire.NewServer(s.store, s.cfg.Throttle, compute.Service(), sts.Service(), iam.Service(), quotas.Service(), parameters.Service(), market.Service(), rbin.Service(ec2.BinRetention))
	s.wire.Before = market.Settle
	s.front = tellingAddresses(market.Front(s.wire))
	return compute.Recover()
}

// marketSettings leave the scan of disks out where machines have none.
func (s *box) marketSettings(set Settings) marketplace.Settings {
	out := set.Marketplace
	if out.Scan == "" && s.cfg.Driver == Instant {
		out.Scan = marketplace.ScanOff
	}
	return out
}

// startDriver makes the machine driver, and says what it can start from.
func (s *box) startDriver(hostPorts []uint16) (machine.Driver, []machine.Base, error) {
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
		d, err := container.New(container.Config{Dir: dir, Cache: cache, Metadata: meta, HostPorts: hostPorts, Log: s.log})
		if err != nil {
			return nil, nil, err
		}
		return d, d.Bases(), nil
	}
	return nil, nil, fmt.Errorf("machine driver %q: there are container and instant", s.cfg.Driver)
}

// hostPorts sorts ports, and names each once.
func hostPorts(ports []uint) ([]uint16, error) {
	var out []uint16
	for _, port := range ports {
		if port == 0 || port > math.MaxUint16 {
			return nil, fmt.Errorf("host port %d: ports are 1 to %d", port, math.MaxUint16)
		}
		out = append(out, uint16(port))
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// instantBases are names only, on both architectures: instant machines have
// empty disks.
func instantBases() []machine.Base {
	var out []machine.Base
	for _, b := range bases.List() {
		system := strings.TrimSuffix(b.Layer, "/"+b.Arch)
		for _, arch := range []string{"amd64", "arm64"} {
			b.Layer, b.Arch = system+"/"+arch, arch
			b.Description = strings.TrimPrefix(system, "base/") + ", played by the sandbox's instant driver"
			out = append(out, b)
		}
	}
	return out
}
