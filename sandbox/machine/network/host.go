package network

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/containers/gvisor-tap-vsock/pkg/types"
)

// openHost lets machines reach these ports of the host, and no others of it: each has a
// listener on the machines' network. What the gateway would dial itself, the filter
// forbids.
func (n *Network) openHost(ports []uint16) error {
	for _, port := range ports {
		l, err := n.vn.Listen("tcp", net.JoinHostPort(Host, strconv.Itoa(int(port))))
		if err != nil {
			return fmt.Errorf("open port %d of the host to machines: %w", port, err)
		}
		n.host = append(n.host, l)
		go acceptFor(l, port)
	}
	return nil
}

// acceptFor leads each connection to the host's port. Where nothing listens, it ends.
func acceptFor(l net.Listener, port uint16) {
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port).String()
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			ctx, cancel := context.WithTimeout(context.Background(), dialTimeout)
			defer cancel()
			server, err := (&net.Dialer{}).DialContext(ctx, "tcp", at)
			if err != nil {
				return
			}
			defer server.Close()
			pipe(c, server)
		}()
	}
}

// hostZone names the host for machines, whether any port of it is open or not.
func hostZone() types.Zone {
	name, rest, _ := strings.Cut(HostName, ".")
	return types.Zone{Name: rest + ".", Records: []types.Record{{Name: name, IP: netip.MustParseAddr(Host).AsSlice()}}}
}
