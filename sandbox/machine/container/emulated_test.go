package container_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"amiship/sandbox/exectest"
	"amiship/sandbox/machine"
	"amiship/sandbox/machine/emulation"
)

// One life of a machine for another processor: booted, changed, stopped when
// asked, frozen, inherited.
func TestEmulated(t *testing.T) {
	l := newLab(t, t.TempDir())
	a := l.spec("i-a", arm)
	l.boot(a)
	l.expect(a, map[string]string{
		"uname -m":                            "aarch64",
		"dpkg --print-architecture":           "arm64",
		"systemctl is-system-running --wait":  "running",
		"systemctl --failed --plain -q":       "",
		"sudo id -u":                          "0", // the kernel gives QEMU set-user-ID programs' rights
		"cloud-id":                            "aws",
		privateUsers:                          "ran",
		"cat /var/lib/cloud/data/instance-id": "i-a",
		"sudo apt-get -qq -o Acquire::IndexTargets::deb::Packages::DefaultEnabled=false update && echo ok": "ok",
	})
	if l.imds.tokensOf(a.Private.String()) == 0 {
		t.Error("cloud-init asked for no token")
	}
	console, err := l.driver.Console("i-a")
	if err != nil || !strings.Contains(string(console), "[sandbox] arm64 by emulation: SSH answers ") {
		t.Errorf("the console does not say how long it took: %v\n%s", err, console)
	}
	l.run(a, leaveScript+"\nsudo rm -r /usr/share/doc/sudo")
	l.stop("i-a") // in less time than it takes to end it by force
	if _, err := l.driver.Snapshot(t.Context(), "i-a", "snap-1"); err != nil {
		t.Fatal(err)
	}
	b := l.spec("i-b", arm, "snap-1")
	l.boot(b)
	l.expect(b, map[string]string{
		"cat /srv/ran": "i-b", "hostname": "ip-172-31-0-12", "ls -d /usr/share/doc/s[u]do 2>/dev/null || echo none": "none",
	})
}

// privateUsers starts a service that asks for a user namespace, as Debian's redis-server does.
const privateUsers = `printf '[Service]\nType=oneshot\nPrivateUsers=yes\nExecStart=/bin/true\n' | sudo tee /etc/systemd/system/private.service >/dev/null; sudo systemctl start private && echo ran`

// Several may register at once, and each may leave before the others.
func TestEmulationIsShared(t *testing.T) {
	program := filepath.Join(t.TempDir(), "answer")
	exectest.Write(t, program, string(answer(t)))
	var group errgroup.Group
	for range 8 {
		group.Go(func() error {
			for range 5 {
				hold, err := emulation.Open("arm64")
				if err != nil {
					return err
				}
				err = exec.Command(program).Run()
				var ended *exec.ExitError
				if errors.As(err, &ended) && ended.ExitCode() == 42 {
					err = nil
				}
				if err := errors.Join(err, hold.Close()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// answer is a program for arm64 that exits with 42: see elf(5).
func answer(t *testing.T) []byte {
	t.Helper()
	const at, code = 0x400000, 64 + 56 // where it is loaded; what comes before its code
	var b bytes.Buffer
	b.WriteString("\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9))
	for _, part := range []any{
		[]uint16{2, 0xb7},
		uint32(1),
		[]uint64{at + code, 64, 0},
		uint32(0),
		[]uint16{64, 56, 1, 64, 0, 0},
		[]uint32{1, 5},
		[]uint64{0, at, at, code + 12, code + 12, 0x1000}, // load it all, to be run
		[]uint32{0xd2800540, 0xd2800ba8, 0xd4000001},      // mov x0, 42; mov x8, exit; svc 0
	} {
		if err := binary.Write(&b, binary.LittleEndian, part); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func TestWhatCannotBeEmulatedSaysSo(t *testing.T) {
	l := newLab(t, t.TempDir())
	a := l.spec("i-a", "base/ubuntu-22.04/vax")
	if err := l.driver.Start(a); err != nil {
		t.Fatal(err)
	}
	l.await("i-a", time.Minute, func(s machine.Status) bool { return s.State == machine.Failed })
	if got := l.driver.Status("i-a").Err; !strings.HasPrefix(got, "start i-a: emulate vax: not possible on an ") {
		t.Errorf("it says %q", got)
	}
	if l.driver.HasLayer(a.Layers[0]) {
		t.Error("the driver claims a base that it cannot build")
	}
}
