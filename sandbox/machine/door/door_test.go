package door_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/door"
)

// names answers every connection with the port it came to.
func names(c *net.TCPConn, port uint16) {
	fmt.Fprint(c, port)
	c.Close()
}

func ask(at netip.Addr, port uint16) (string, error) {
	c, err := net.DialTimeout("tcp", netip.AddrPortFrom(at, port).String(), time.Second)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return "", err
	}
	b, err := io.ReadAll(c)
	return string(b), err
}

func houses(t *testing.T) map[string]*door.House {
	steered := door.New()
	t.Cleanup(func() { steered.Close() })
	if os.Geteuid() == 0 && !door.Steered(steered) {
		t.Fatal("as root, connections should be steered")
	}
	return map[string]*door.House{"as root": steered, "without root": {}}
}

// closed reports whether an error is that of a port that is not open: no answer, as a
// security group gives none, or what can be had without root.
func closed(house *door.House, err error) bool {
	if door.Steered(house) {
		return os.IsTimeout(err)
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}

func TestPortsOpenAndShut(t *testing.T) {
	for name, house := range houses(t) {
		t.Run(name, func(t *testing.T) {
			at := netip.MustParseAddr("127.95.1.2")
			d := house.Open(at, names)
			defer d.Close()
			steps := []struct {
				ports      []machine.PortRange
				open, shut []uint16
			}{
				{[]machine.PortRange{{From: 2201, To: 2201}}, []uint16{2201}, []uint16{2200, 2202}},
				{[]machine.PortRange{{From: 2202, To: 2204}, {From: 2210, To: 2210}}, []uint16{2202, 2203, 2204, 2210}, []uint16{2201, 2205}},
				{nil, nil, []uint16{2202, 2210}},
			}
			for _, step := range steps {
				if err := d.SetPorts(step.ports); err != nil {
					t.Fatal(err)
				}
				for _, p := range step.open {
					if got, err := ask(at, p); got != fmt.Sprint(p) {
						t.Errorf("with %v open, port %d says %q, %v", step.ports, p, got, err)
					}
				}
				for _, p := range step.shut {
					if _, err := ask(at, p); !closed(house, err) {
						t.Errorf("with %v open, port %d: %v; want it closed", step.ports, p, err)
					}
				}
			}
			d.Close()
			if _, err := ask(at, 2202); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("after close: %v; want it refused", err)
			}
		})
	}
}

// Most hosts run sshd on all addresses; machines answer on their port 22 all
// the same.
func TestAPortTakenOnAllAddresses(t *testing.T) {
	taken, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).AddrPort().Port()
	at := netip.MustParseAddr("127.95.1.3")
	for name, house := range houses(t) {
		d := house.Open(at, names)
		err := d.SetPorts([]machine.PortRange{{From: port, To: port}})
		if door.Steered(house) {
			if got, askErr := ask(at, port); err != nil || got != fmt.Sprint(port) {
				t.Errorf("%s: %v, %q, %v", name, err, got, askErr)
			}
		} else if err == nil || !strings.Contains(err.Error(), "another service") {
			t.Errorf("%s: %v; want to hear who has the port", name, err)
		}
		d.Close()
	}
}

func TestAllPorts(t *testing.T) {
	all := []machine.PortRange{{From: 0, To: 65535}}
	at := netip.MustParseAddr("127.95.1.4")
	for name, house := range houses(t) {
		d := house.Open(at, names)
		err := d.SetPorts(all)
		if !door.Steered(house) {
			if err == nil {
				t.Errorf("%s: 65535 listeners were opened", name)
			}
			d.Close()
			continue
		}
		for _, p := range []uint16{1, 80, 65535} {
			if got, askErr := ask(at, p); err != nil || got != fmt.Sprint(p) {
				t.Errorf("%s: port %d: %v, %q, %v", name, p, err, got, askErr)
			}
		}
		if err := d.SetPorts([]machine.PortRange{{From: 1000, To: 60000}}); err != nil {
			t.Fatal(err)
		}
		if _, err := ask(at, 80); !closed(house, err) {
			t.Errorf("a port outside a wide range: %v; want no answer", err)
		}
		d.Close()
	}
}
