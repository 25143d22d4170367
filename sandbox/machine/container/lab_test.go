package container_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/bases"
	"amiship/sandbox/machine/container"
	"amiship/sandbox/machine/network"
)

func TestMain(m *testing.M) {
	if container.Main() {
		return
	}
	if dir := os.Getenv(sandboxDir); dir != "" {
		doomed(dir)
		return
	}
	os.Exit(m.Run())
}

// lab is a driver with metadata and a key of its own.
type lab struct {
	*testing.T
	driver *container.Driver
	imds   *imds
	signer ssh.Signer
	next   byte // last byte of the next machine's addresses
}

func newLab(t *testing.T, dir string, hostPorts ...uint16) *lab {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{T: t, imds: newIMDS(), signer: signer, next: 10}
	if l.driver, err = newDriver(dir, l.imds, t.Output(), hostPorts); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.driver.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return l
}

func newDriver(dir string, m *imds, log io.Writer, hostPorts []uint16) (*container.Driver, error) {
	cache, err := bases.DefaultDir()
	if err != nil {
		return nil, err
	}
	return container.New(container.Config{
		Dir: dir, Cache: cache, Metadata: m, HostPorts: hostPorts, Log: slog.New(slog.NewTextHandler(log, nil)),
	})
}

const (
	base = "base/ubuntu-22.04/amd64"
	arm  = "base/ubuntu-22.04/arm64"
)

// spec describes a machine that no other of this test is like.
func (l *lab) spec(id string, layers ...string) machine.Spec {
	l.next++
	key := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(l.signer.PublicKey())))
	spec := specAt(l.next, id, layers...)
	l.imds.add(spec.Private.String(), id, spec.MAC, key)
	return spec
}

func specAt(last byte, id string, layers ...string) machine.Spec {
	private := netip.AddrFrom4([4]byte{172, 31, 0, last})
	return machine.Spec{
		ID: id, Layers: layers, Arch: path.Base(layers[0]), Hostname: fmt.Sprint("ip-172-31-0-", last),
		UUID: "ec2e1916-9099-7caf-fd21-0123456789ab", MAC: network.MAC(private),
		Private: private, Public: netip.AddrFrom4([4]byte{127, 99, 0, last}),
		Ports: []machine.PortRange{{From: 22, To: 22}}, User: "ubuntu",
	}
}

// boot starts the machine and waits until its sshd answers and cloud-init has
// finished.
func (l *lab) boot(spec machine.Spec) {
	l.Helper()
	began := time.Now()
	if err := l.driver.Start(spec); err != nil {
		l.Fatal(err)
	}
	l.awaitSSH(spec)
	answered := time.Since(began)
	l.run(spec, "cloud-init status --wait")
	l.Logf("%s: SSH answers after %s, cloud-init is done after %s", spec.ID,
		answered.Round(time.Millisecond), time.Since(began).Round(time.Millisecond))
}

func (l *lab) awaitSSH(spec machine.Spec) {
	l.Helper()
	l.await(spec.ID, 8*time.Minute, func(s machine.Status) bool { // a base may have to be built
		if s.State == machine.Failed {
			out, _ := l.driver.Console(spec.ID)
			l.Fatalf("machine failed: %s\n%s", s.Err, out)
		}
		return s.SSH
	})
}

func (l *lab) await(id string, limit time.Duration, done func(machine.Status) bool) {
	l.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.After(limit); !done(l.driver.Status(id)); {
		select {
		case <-tick.C:
		case <-end:
			out, _ := l.driver.Console(id)
			l.Fatalf("%s is still %+v\n%s", id, l.driver.Status(id), out)
		}
	}
}

func (l *lab) stop(id string) {
	l.Helper()
	began := time.Now()
	if err := l.driver.Stop(id); err != nil {
		l.Fatal(err)
	}
	l.await(id, time.Minute, func(s machine.Status) bool { return s.State == machine.Stopped })
	l.Logf("%s: stopped after %s", id, time.Since(began).Round(time.Millisecond))
}

// try runs a command on the machine and returns what it printed.
func (l *lab) try(spec machine.Spec, command string) (string, error) {
	l.Helper()
	c, err := ssh.Dial("tcp", netip.AddrPortFrom(spec.Public, 22).String(), &ssh.ClientConfig{
		User: spec.User, Auth: []ssh.AuthMethod{ssh.PublicKeys(l.signer)},
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second,
	})
	if err != nil {
		return "", err
	}
	defer c.Close()
	s, err := c.NewSession()
	if err != nil {
		return "", err
	}
	defer s.Close()
	out, err := s.CombinedOutput(command)
	return strings.TrimSpace(string(out)), err
}

func (l *lab) run(spec machine.Spec, command string) string {
	l.Helper()
	out, err := l.try(spec, command)
	if err != nil {
		l.Fatalf("%s: %s: %v\n%s", spec.ID, command, err, out)
	}
	return out
}

// expect runs commands and compares what they print.
func (l *lab) expect(spec machine.Spec, wants map[string]string) {
	l.Helper()
	for command, want := range wants {
		if got, err := l.try(spec, command); err != nil || got != want {
			l.Errorf("%s: %s: %v\ngot  %q\nwant %q", spec.ID, command, err, got, want)
		}
	}
}
