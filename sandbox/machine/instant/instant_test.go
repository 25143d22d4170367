package instant_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/instant"
)

// lab is a driver and a key that opens its machines.
type lab struct {
	*testing.T
	driver  *instant.Driver
	keyFile string
	public  string
}

func newLab(t *testing.T, cfg instant.Config) *lab {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	sshKey, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	l := &lab{T: t, keyFile: filepath.Join(t.TempDir(), "key"), public: string(ssh.MarshalAuthorizedKey(sshKey))}
	if err := os.WriteFile(l.keyFile, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	if l.driver, err = instant.New(cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.driver.Close() })
	return l
}

// start runs a machine that answers on a high port, as it must without root.
func (l *lab) start(id string, layers ...string) machine.Spec {
	l.Helper()
	public := netip.AddrFrom4([4]byte{127, 98, 0, 1})
	spec := machine.Spec{
		ID: id, Layers: layers, Arch: "arm64", Public: public,
		Ports: []machine.PortRange{freePort(l.T, public)},
		User:  "ubuntu", AuthorizedKey: l.public,
	}
	if err := l.driver.Start(spec); err != nil {
		l.Fatal(err)
	}
	return spec
}

func freePort(t *testing.T, a netip.Addr) machine.PortRange {
	t.Helper()
	c, err := net.Listen("tcp", netip.AddrPortFrom(a, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	port := c.Addr().(*net.TCPAddr).AddrPort().Port()
	return machine.PortRange{From: port, To: port}
}

// client runs one of OpenSSH's programs against the machine.
func (l *lab) client(program string, spec machine.Spec, args ...string) (string, error) {
	port := "-p"
	if program == "scp" {
		port = "-P"
	}
	all := append([]string{
		"-i", l.keyFile, port, fmt.Sprint(spec.Ports[0].From), "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes",
	}, args...)
	out, err := exec.CommandContext(l.Context(), program, all...).CombinedOutput()
	return string(out), err
}

func (l *lab) must(program string, spec machine.Spec, args ...string) string {
	l.Helper()
	out, err := l.client(program, spec, args...)
	if err != nil {
		l.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return out
}

func (l *lab) read(layers []string, name string) string {
	l.Helper()
	disk, err := l.driver.OpenDisk(layers)
	if err != nil {
		l.Fatal(err)
	}
	defer disk.Close()
	b, err := disk.ReadFile(name)
	if err != nil {
		l.Fatal(err)
	}
	return string(b)
}

const base = "base/ubuntu-22.04/arm64"

func TestFilesTravelFromMachineToLayerToMachine(t *testing.T) {
	l := newLab(t, instant.Config{})
	a := l.start("i-a", base)
	tree := t.TempDir()
	for name, text := range map[string]string{"one file": "1\n", "sub/two": "2\n"} {
		path := filepath.Join(tree, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	l.must("scp", a, "-O", "-r", tree+"/.", "ubuntu@127.98.0.1:/srv/")
	l.must("scp", a, "-O", filepath.Join(tree, "sub/two"), "ubuntu@127.98.0.1:three")
	size, err := l.driver.Snapshot(t.Context(), "i-a", "snap-1")
	if err != nil || size != 6 {
		t.Fatalf("snapshot: %d bytes, %v; want 6", size, err)
	}

	// What the first machine does now must not reach the layer.
	l.must("scp", a, "-O", filepath.Join(tree, "one file"), "ubuntu@127.98.0.1:/srv/sub/two")
	b := l.start("i-b", base, "snap-1")
	copied := filepath.Join(t.TempDir(), "copied")
	l.must("scp", b, "-O", "ubuntu@127.98.0.1:/srv/sub/two", copied)
	if got, _ := os.ReadFile(copied); string(got) != "2\n" {
		t.Errorf("the second machine has %q", got)
	}
	stack := []string{base, "snap-1"}
	for name, want := range map[string]string{
		"/srv/one file": "1\n", "/srv/sub/two": "2\n", "/home/ubuntu/three": "2\n",
	} {
		if got := l.read(stack, name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestCommandsAreRecorded(t *testing.T) {
	l := newLab(t, instant.Config{Exec: func(_ machine.Spec, command string) (string, int) {
		if command == "false" {
			return "no\n", 3
		}
		return "", 0
	}})
	a := l.start("i-a", base)
	l.must("ssh", a, "ubuntu@127.98.0.1", "sudo apt-get update")
	out, err := l.client("ssh", a, "ubuntu@127.98.0.1", "false")
	if err == nil || err.Error() != "exit status 3" || out != "no\n" {
		t.Errorf("false: %v, %q", err, out)
	}
	console, err := l.driver.Console("i-a")
	want := "ubuntu$ sudo apt-get update\nubuntu$ false\n"
	if err != nil || string(console) != want {
		t.Errorf("console: %v\n%s, want\n%s", err, console, want)
	}
}

func TestOnlyTheKeyOpens(t *testing.T) {
	l := newLab(t, instant.Config{})
	a := l.start("i-a", base)
	if out, err := l.client("ssh", a, "root@127.98.0.1", "true"); err == nil || !strings.Contains(out, "Permission denied") {
		t.Errorf("root got in: %v %s", err, out)
	}
	other := newLab(t, instant.Config{})
	if out, err := other.client("ssh", a, "ubuntu@127.98.0.1", "true"); err == nil || !strings.Contains(out, "Permission denied") {
		t.Errorf("another key got in: %v %s", err, out)
	}
}

// TestNoPublicAddress: a machine without one runs, and answers nowhere.
func TestNoPublicAddress(t *testing.T) {
	l := newLab(t, instant.Config{})
	if err := l.driver.Start(machine.Spec{ID: "i-a", Layers: []string{base}, Ports: []machine.PortRange{{From: 22, To: 22}}, User: "ubuntu", AuthorizedKey: l.public}); err != nil {
		t.Fatal(err)
	}
	if got := l.driver.Status("i-a"); got.State != machine.Running || !got.SSH {
		t.Errorf("it is %+v", got)
	}
}

func TestPortsFollow(t *testing.T) {
	l := newLab(t, instant.Config{})
	a := l.start("i-a", base)
	before, after := a.Ports[0], freePort(t, a.Public)
	if err := l.driver.SetPorts("i-a", []machine.PortRange{after}); err != nil {
		t.Fatal(err)
	}
	if c, err := net.Dial("tcp", netip.AddrPortFrom(a.Public, before.From).String()); err == nil {
		c.Close()
		t.Error("the old port still answers")
	}
	a.Ports[0] = after
	l.must("ssh", a, "ubuntu@127.98.0.1", "true")
	if err := l.driver.Stop("i-a"); err != nil {
		t.Fatal(err)
	}
	if got := l.driver.Status("i-a").State; got != machine.Stopped {
		t.Errorf("state after stop: %s", got)
	}
	if c, err := net.Dial("tcp", netip.AddrPortFrom(a.Public, after.From).String()); err == nil {
		c.Close()
		t.Error("a stopped machine answers")
	}
}

func TestDisksAndLayersOutliveTheDriver(t *testing.T) {
	dir := t.TempDir()
	l := newLab(t, instant.Config{Dir: dir})
	a := l.start("i-a", base)
	file := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(file, []byte("kept"), 0o644); err != nil {
		t.Fatal(err)
	}
	l.must("scp", a, "-O", file, "ubuntu@127.98.0.1:/f")
	for _, name := range []string{"snap-1", "snap-2"} {
		if _, err := l.driver.Snapshot(t.Context(), "i-a", name); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.driver.Snapshot(t.Context(), "i-a", "snap-1"); err == nil {
		t.Error("a layer was overwritten")
	}
	l.driver.Close()

	l = newLab(t, instant.Config{Dir: dir})
	if err := l.driver.Prune(func(layer string) bool { return layer == "snap-1" }); err != nil {
		t.Fatal(err)
	}
	if !l.driver.HasLayer("snap-1") || l.driver.HasLayer("snap-2") {
		t.Error("prune kept the wrong layer")
	}
	l.start("i-a", base) // again, on its own disk
	if _, err := l.driver.Snapshot(t.Context(), "i-a", "snap-3"); err != nil {
		t.Fatal(err)
	}
	if got := l.read([]string{base, "snap-3"}, "/f"); got != "kept" {
		t.Errorf("after the restart: %q", got)
	}
	if err := l.driver.Remove("i-a"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "machines", "i-a")); err == nil {
		t.Error("the removed machine's directory is still there")
	}
}

// The real Packer, with its provisioners and no cloud.
func TestPackerProvisions(t *testing.T) {
	l := newLab(t, instant.Config{})
	a := l.start("i-a", base)
	dir := t.TempDir()
	template := fmt.Sprintf(`
source "null" "t" {
  ssh_host = "127.98.0.1"
  ssh_port = %d
  ssh_username = "ubuntu"
  ssh_private_key_file = %q
}
build {
  sources = ["source.null.t"]
  provisioner "file" {
    source = "t.pkr.hcl"
    destination = "/tmp/"
  }
  provisioner "shell" {
    inline = ["echo installing"]
    execute_command = "sudo env {{.Vars}} {{.Path}}"
  }
}
`, a.Ports[0].From, l.keyFile)
	if err := os.WriteFile(filepath.Join(dir, "t.pkr.hcl"), []byte(template), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "packer", "build", "-color=false", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "PACKER_CONFIG_DIR="+dir, "HOME="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("packer: %v\n%s", err, out)
	}
	if _, err := l.driver.Snapshot(t.Context(), "i-a", "snap-1"); err != nil {
		t.Fatal(err)
	}
	if got := l.read([]string{base, "snap-1"}, "/tmp/t.pkr.hcl"); got != template {
		t.Errorf("the uploaded file holds %q", got)
	}
	console, _ := l.driver.Console("i-a")
	if !bytes.Contains(console, []byte("$ sudo env ")) {
		t.Errorf("the console lacks the script's command:\n%s", console)
	}
}

func BenchmarkLife(b *testing.B) {
	d, err := instant.New(instant.Config{Dir: b.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	for i := range b.N {
		id := fmt.Sprint("i-", i)
		err := d.Start(machine.Spec{
			ID: id, Layers: []string{base}, Public: netip.AddrFrom4([4]byte{127, 97, byte(i >> 8), byte(i)}),
			Ports: []machine.PortRange{{From: 2222, To: 2222}},
		})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Snapshot(context.Background(), id, "snap-"+id); err != nil {
			b.Fatal(err)
		}
		d.Remove(id)
	}
}

func TestManyAtOnce(t *testing.T) {
	l := newLab(t, instant.Config{})
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			spec := machine.Spec{
				ID: fmt.Sprint("i-", i), Layers: []string{base}, Public: netip.AddrFrom4([4]byte{127, 96, 0, byte(i)}),
				Ports: []machine.PortRange{{From: 2222, To: 2300}},
			}
			if err := l.driver.Start(spec); err != nil {
				t.Error(err)
				return
			}
			if got := l.driver.Status(spec.ID); got != (machine.Status{State: machine.Running, SSH: true}) {
				t.Errorf("%s: %+v", spec.ID, got)
			}
			if err := l.driver.Remove(spec.ID); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
