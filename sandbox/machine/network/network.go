// Package network is the machines' own network: a userspace switch, gateway,
// DHCP and DNS server inside this process, with nothing on the host but open
// files.
//
// Addresses are not handed out here. A machine's MAC address follows from its
// IPv4 address (MAC), the DHCP server knows every pair of the subnet from the
// start, and frames that claim another identity are dropped, so the metadata
// service may trust a RemoteAddr. The gateway dials out for machines with the
// host's own routes; Filter keeps them off everything that belongs to the host
// itself. A Network that was closed lets go of its listeners, but the library
// beneath keeps some goroutines: one per process is meant, not thousands.
package network

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/containers/gvisor-tap-vsock/pkg/types"
	"github.com/containers/gvisor-tap-vsock/pkg/virtualnetwork"
	"github.com/sirupsen/logrus"

	"amiship/sandbox/machine/door"
)

// The network's fixed numbers: AWS's default VPC as its first subnet has it.
const (
	Subnet   = "172.31.0.0/20"
	Gateway  = "172.31.0.1"
	metadata = "169.254.169.254"

	// Host is where machines reach the ports of the host that are open to them, and
	// HostName is its name.
	Host     = "172.31.15.254"
	HostName = "host.sandbox.internal"

	zone       = "ec2.internal."
	gatewayMAC = "02:00:00:00:ff:01"
	mtu        = 1500 // bytes
)

// Config says what a network serves.
type Config struct {
	// Metadata answers at 169.254.169.254:80. A request's RemoteAddr is the
	// asking machine's private address. Nil: nothing answers there.
	Metadata http.Handler
	// HostPorts are ports of the host's loopback address that machines reach at Host.
	HostPorts []uint16
	Log       *slog.Logger
}

// Network connects machines with each other, with the host and with what the
// host reaches.
type Network struct {
	log    *slog.Logger
	vn     *virtualnetwork.VirtualNetwork
	server *http.Server
	house  *door.House
	host   []net.Listener // for HostPorts
	forbid []netip.Prefix
}

// New starts a network.
func New(cfg Config) (*Network, error) {
	vn, err := virtualnetwork.New(&types.Configuration{
		MTU:               mtu,
		Subnet:            Subnet,
		GatewayIP:         Gateway,
		GatewayMacAddress: gatewayMAC,
		GatewayVirtualIPs: []string{metadata, Host},
		DHCPStaticLeases:  leases(netip.MustParsePrefix(Subnet)),
		DNSSearchDomains:  []string{strings.TrimSuffix(zone, ".")},
		DNS: []types.Zone{
			{Name: zone, Records: records(netip.MustParsePrefix(Subnet))},
			hostZone(),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("start the machines' network: %w", err)
	}
	logrus.SetOutput(io.Discard) // where the library laments every machine that goes
	n := &Network{log: cfg.Log, vn: vn, house: door.New(), forbid: hostPrefixes()}
	if cfg.Metadata != nil {
		err = n.serve(cfg.Metadata)
	}
	return n, errors.Join(err, n.openHost(cfg.HostPorts))
}

func (n *Network) serve(h http.Handler) error {
	l, err := n.vn.Listen("tcp", metadata+":80")
	if err != nil {
		return fmt.Errorf("listen for metadata requests: %w", err)
	}
	n.server = &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := n.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			n.log.Error("metadata service ended", "err", err)
		}
	}()
	return nil
}

// Close ends the metadata service and what leads to machines.
func (n *Network) Close() error {
	err := n.house.Close()
	if n.server != nil {
		err = errors.Join(err, n.server.Close())
	}
	for _, l := range n.host {
		err = errors.Join(err, l.Close())
	}
	return err
}

// Dial connects from the gateway to a machine.
func (n *Network) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return n.vn.DialContextTCP(ctx, to.String())
}

// MAC is the hardware address of the machine with the IPv4 address a.
func MAC(a netip.Addr) string {
	b := a.As4()
	return fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3])
}

// leases pairs every address that a machine may have with its MAC.
func leases(p netip.Prefix) map[string]string {
	all := map[string]string{}
	for a := netip.MustParseAddr(Gateway).Next(); p.Contains(a); a = a.Next() {
		all[a.String()] = MAC(a)
	}
	return all
}

// records name every machine as AWS does: ip-172-31-0-10.ec2.internal.
func records(p netip.Prefix) []types.Record {
	var all []types.Record
	for a := netip.MustParseAddr(Gateway); p.Contains(a); a = a.Next() {
		name := "ip-" + strings.ReplaceAll(a.String(), ".", "-")
		all = append(all, types.Record{Name: name, IP: a.AsSlice()})
	}
	return all
}

// hostPrefixes is what machines must not reach: loopback, "this host", and
// every address that the host has.
func hostPrefixes() []netip.Prefix {
	forbid := []netip.Prefix{
		netip.MustParsePrefix("0.0.0.0/8"),
		netip.MustParsePrefix("127.0.0.0/8"),
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return forbid
	}
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() {
			forbid = append(forbid, netip.PrefixFrom(p.Addr(), 32))
		}
	}
	return forbid
}
