package scan

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// port checks whether sshd listens where the version says, on an address that
// another machine can reach.
func (l *look) port(c *config) error {
	where, ports := configFile, c.listening()
	for _, unit := range []string{"ssh.socket", "sshd.socket"} {
		on, err := l.socket(unit)
		if err != nil {
			return err
		}
		if on == "" {
			continue
		}
		// systemd listens, and sshd gets what it has accepted.
		where = on
		if ports, err = l.streams(unit, on, c); err != nil {
			return err
		}
		break
	}
	if !slices.Contains(ports, l.version.Port) {
		l.add(wrongPort, where, "sshd does not listen on port %d, which the version names, but on %s", l.version.Port, spell(ports))
	}
	return nil
}

// listening returns the ports of the configuration: of Port, each for all
// addresses, and of addresses that have their own.
func (c *config) listening() []int {
	var plain, all []int
	for _, s := range c.ports {
		if n, err := strconv.Atoi(s.value); err == nil {
			plain = append(plain, n)
		}
	}
	if len(c.ports) == 0 {
		plain = []int{22}
	}
	if len(c.addresses) == 0 {
		return plain
	}
	for _, s := range c.addresses {
		host, port := address(s.value)
		switch {
		case loopback(host):
		case port != 0:
			all = append(all, port)
		default:
			all = append(all, plain...)
		}
	}
	return all
}

// address takes "host", "host:port", "[host]:port" and a bare IPv6 address apart.
// No port is 0.
func address(text string) (host string, port int) {
	if _, err := netip.ParseAddr(text); err == nil {
		return text, 0
	}
	host, digits, err := net.SplitHostPort(text)
	if err != nil {
		return strings.Trim(text, "[]"), 0
	}
	port, _ = strconv.Atoi(digits)
	return host, port
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// spell lists ports in words.
func spell(ports []int) string {
	if len(ports) == 0 {
		return "none that can be reached"
	}
	var all []string
	for _, n := range ports {
		all = append(all, strconv.Itoa(n))
	}
	return strings.Join(all, ", ")
}
