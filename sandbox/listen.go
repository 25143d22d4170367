package sandbox

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// listen refuses every address but loopback ones: the sandbox gives root on
// machines to every client with its keys.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: want ADDRESS:PORT, such as 127.0.0.1:4566", addr)
	}
	if host == "localhost" {
		host = "127.0.0.1"
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("listen on %s: a sandbox listens on loopback addresses only, such as 127.0.0.1:%s", addr, port)
	}
	return (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
}
