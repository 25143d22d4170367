package container_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/network"
)

// change does to a disk what tells a true copy from a poor one: it deletes,
// replaces a directory, moves one, gives owners, links and capabilities away.
const change = `set -e
sudo rm /etc/legal
sudo rm -r /usr/share/doc/sudo && sudo mkdir /usr/share/doc/sudo && echo new | sudo tee /usr/share/doc/sudo/new
sudo mv /usr/share/doc/curl /usr/share/doc/moved
echo mine | sudo tee /srv/owned && sudo chown 1234:4321 /srv/owned && sudo chmod 640 /srv/owned
sudo ln /srv/owned /srv/twin && sudo ln -s /srv/owned /srv/link
sudo cp /bin/true /srv/able && sudo setcap cap_net_raw+ep /srv/able
` + leaveScript

// leaveScript leaves a script for the next machine's first boot.
const leaveScript = `set -e
printf '#!/bin/sh\ncp /var/lib/cloud/data/instance-id /srv/ran\n' | sudo tee /var/lib/cloud/scripts/per-instance/50-ran
sudo chmod 755 /var/lib/cloud/scripts/per-instance/50-ran`

// changed is what must be seen of it.
var changed = map[string]string{
	"ls /etc/legal 2>&1 || true": "ls: cannot access '/etc/legal': No such file or directory",
	"ls /usr/share/doc/sudo":     "new",
	"ls -d /usr/share/doc/curl /usr/share/doc/moved 2>/dev/null || true": "/usr/share/doc/moved",
	"stat -c '%u:%g %a %h' /srv/owned":                                   "1234:4321 640 2",
	"sudo cat /srv/link":                                                 "mine",
	"/usr/sbin/getcap /srv/able":                                         "/srv/able cap_net_raw=ep",
}

// One disk's whole life: made, changed, frozen, booted again, inherited.
func TestDisk(t *testing.T) {
	l := newLab(t, t.TempDir())
	a := l.spec("i-a", base)
	l.boot(a)
	l.expect(a, map[string]string{
		"systemctl is-system-running":         "running",
		"hostname":                            "ip-172-31-0-11",
		"cloud-id":                            "aws",
		"cat /var/lib/cloud/data/instance-id": "i-a",
		"sudo apt-get -qq -o Acquire::IndexTargets::deb::Packages::DefaultEnabled=false update && echo ok": "ok",
	})
	if l.imds.tokensOf(a.Private.String()) == 0 {
		t.Error("cloud-init asked for no token")
	}
	l.run(a, change)
	began := time.Now()
	size, err := l.driver.Snapshot(t.Context(), "i-a", "snap-1")
	if err != nil || size < 1000 {
		t.Fatalf("snapshot: %d bytes, %v", size, err)
	}
	t.Logf("snapshot of %d KiB after %s", size>>10, time.Since(began).Round(time.Millisecond))

	l.run(a, "echo later | sudo tee /etc/later")
	l.stop("i-a")
	l.boot(a)
	l.expect(a, map[string]string{
		"cat /etc/later": "later", "cat /srv/ran 2>/dev/null || echo not run": "not run",
	})
	l.expect(a, changed)

	b := l.spec("i-b", base, "snap-1")
	l.boot(b)
	l.expect(b, map[string]string{
		"cat /srv/ran": "i-b", "ls /etc/later 2>/dev/null || echo none": "none", "hostname": "ip-172-31-0-12",
	})
	l.expect(b, changed)
	l.checkOpenDisk()
	l.checkPrune(b)
}

// checkOpenDisk looks at the frozen disk from outside.
func (l *lab) checkOpenDisk() {
	l.Helper()
	disk, err := l.driver.OpenDisk([]string{base, "snap-1"})
	if err != nil {
		l.Fatal(err)
	}
	defer disk.Close()
	if b, err := disk.ReadFile("/srv/link"); err != nil || string(b) != "mine\n" {
		l.Errorf("read through a link: %q, %v", b, err)
	}
	if b, err := disk.ReadFile("/etc/os-release"); err != nil || !bytes.Contains(b, []byte("22.04")) {
		l.Errorf("read the base's file: %q, %v", b, err)
	}
	if _, err := disk.ReadFile("/etc/legal"); !errors.Is(err, fs.ErrNotExist) {
		l.Errorf("read a deleted file: %v", err)
	}
	if names, err := filepath.Glob(disk.Dir() + "/usr/share/doc/sudo/*"); err != nil || len(names) != 1 {
		l.Errorf("walk a replaced directory: %v, %v", names, err)
	}
	only, err := l.driver.OpenDisk([]string{base})
	if err != nil {
		l.Fatal(err)
	}
	defer only.Close()
	if _, err := only.ReadFile("/etc/legal"); err != nil {
		l.Errorf("read the base alone: %v", err)
	}
}

// checkPrune deletes what is not needed; b runs on snap-1.
func (l *lab) checkPrune(b machine.Spec) {
	l.Helper()
	if _, err := l.driver.Snapshot(l.Context(), b.ID, "snap-2"); err != nil {
		l.Fatal(err)
	}
	if err := l.driver.Prune(func(string) bool { return false }); err != nil {
		l.Fatal(err)
	}
	if !l.driver.HasLayer("snap-1") || l.driver.HasLayer("snap-2") {
		l.Error("prune: the layer in use must stay, the other go")
	}
}

// One machine seen from outside, and switched on and off in every way.
func TestNetworkAndPower(t *testing.T) {
	dir := t.TempDir()
	l := newLab(t, dir)
	a := l.spec("i-a", base)
	a.Ports = append(a.Ports, machine.PortRange{From: 8080, To: 8090})
	l.boot(a)
	l.checkPorts(a)
	l.checkWalls(a)

	before := l.run(a, "cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic")
	_, _ = l.try(a, "sudo systemctl reboot") // the connection breaks
	l.await("i-a", time.Minute, func(s machine.Status) bool { return !s.SSH })
	l.awaitSSH(a)
	if after := l.run(a, "cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestampMonotonic"); after == before {
		t.Error("the machine did not reboot")
	}
	console, err := l.driver.Console("i-a")
	if err != nil || !bytes.Contains(console, []byte("Cloud-init")) || len(console) > 64<<10 {
		t.Errorf("console: %d bytes, %v\n%s", len(console), err, console)
	}

	_, _ = l.try(a, "sudo systemctl poweroff")
	l.await("i-a", time.Minute, func(s machine.Status) bool { return s.State == machine.Stopped })

	// A machine that is told to stop before its init can hear.
	if err := l.driver.Start(a); err != nil {
		t.Fatal(err)
	}
	l.stop("i-a")

	if err := l.driver.Remove("i-a"); err != nil {
		t.Fatal(err)
	}
	if err := l.driver.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "machines", "i-a")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the removed machine's disk: %v", err)
	}
	checkNothingLeft(t, dir, os.Getpid())
}

// checkPorts asks for what is open, open but silent, and shut.
func (l *lab) checkPorts(a machine.Spec) {
	l.Helper()
	l.run(a, "nohup python3 -m http.server --directory /usr/share/doc/sudo 8080 >/dev/null 2>&1 & "+
		"until curl -s localhost:8080 >/dev/null; do sleep 0.1; done")
	at := func(port uint16) string { return netip.AddrPortFrom(a.Public, port).String() }
	resp, err := http.Get("http://" + at(8080))
	if err != nil {
		l.Fatal(err)
	}
	resp.Body.Close()
	// open, but nothing listens
	if began, err := time.Now(), ask(at(8081)); !errors.Is(err, syscall.ECONNRESET) || time.Since(began) > time.Second {
		l.Errorf("port 8081: %v after %s; want it reset", err, time.Since(began))
	}
	if err := ask(at(80)); !os.IsTimeout(err) {
		l.Errorf("a port that is not open: %v; want no answer", err)
	}
	if err := l.driver.SetPorts("i-a", a.Ports[:1]); err != nil {
		l.Fatal(err)
	}
	if err := ask(at(8080)); !os.IsTimeout(err) {
		l.Errorf("a port that was closed: %v", err)
	}
}

func ask(at string) error {
	c, err := net.DialTimeout("tcp", at, 2*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = io.ReadAll(c)
	return err
}

// checkWalls tries what a machine must not be able to.
func (l *lab) checkWalls(a machine.Spec) {
	l.Helper()
	host, err := net.Listen("tcp", ":0")
	if err != nil {
		l.Fatal(err)
	}
	defer host.Close()
	_, port, _ := net.SplitHostPort(host.Addr().String())
	const curl = "curl -s -m 2 -o /dev/null "
	for _, addr := range append(hostAddresses(l.T), network.Host, network.HostName) {
		if _, err := l.try(a, curl+"http://"+net.JoinHostPort(addr, port)); err == nil {
			l.Errorf("the machine reaches the host at %s", addr)
		}
	}
	const token = "-X PUT -H X-aws-ec2-metadata-token-ttl-seconds:60 http://169.254.169.254/latest/api/token"
	l.run(a, curl+token)
	l.run(a, "sudo ip address add 172.31.0.200/20 dev eth0")
	if _, err := l.try(a, curl+"--interface 172.31.0.200 "+token); err == nil {
		l.Error("the machine asks for metadata in another's name")
	}
	for _, file := range []string{"/proc/sys/kernel/panic", "/proc/sysrq-trigger"} {
		if _, err := l.try(a, "echo 0 | sudo tee "+file); err == nil {
			l.Errorf("the machine writes the host's %s", file)
		}
	}
}

// TestOwnHost: a machine fetches from the ports of the host that are open to it, with its
// own curl, and from no other; and its uptime is its own.
func TestOwnHost(t *testing.T) {
	open, closed := serve(t), serve(t)
	l := newLab(t, t.TempDir(), open)
	a := l.spec("i-a", base)
	began := time.Now()
	l.boot(a)
	url := func(port uint16) string { return fmt.Sprintf("http://%s:%d/package", network.HostName, port) }
	const curl = "curl --silent --show-error --fail --max-time 3 --header 'JOB-TOKEN: secret' "
	if got := l.run(a, curl+url(open)); got != "/package with secret" {
		t.Errorf("the machine got %q", got)
	}
	if out, err := l.try(a, curl+url(closed)); err == nil {
		t.Errorf("the machine reaches a port that is not open to it: %s", out)
	}
	up, err := strconv.ParseFloat(l.run(a, "cut -d ' ' -f 1 /proc/uptime"), 64)
	if limit := time.Since(began).Seconds(); err != nil || up > limit {
		t.Errorf("the machine is up for %.1f s, %v; it was started %.1f s ago", up, err, limit)
	}
	boot, err := strconv.ParseInt(l.run(a, "awk '$1 == \"btime\" { print $2 }' /proc/stat"), 10, 64)
	if err != nil || boot < began.Unix()-1 || boot > time.Now().Unix() {
		t.Errorf("the machine has booted at %d, %v; it was started at %d", boot, err, began.Unix())
	}
}

// serve answers on a port of the host's loopback address, which it returns.
func serve(t *testing.T) uint16 {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s with %s", r.URL.Path, r.Header.Get("JOB-TOKEN"))
	}))
	t.Cleanup(srv.Close)
	return netip.MustParseAddrPort(srv.Listener.Addr().String()).Port()
}

func hostAddresses(t *testing.T) []string {
	t.Helper()
	all, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() {
			found = append(found, p.Addr().String())
		}
	}
	return found
}

// sandboxDir names the variable that makes this test binary a sandbox to kill.
const sandboxDir = "AMISHIP_TEST_SANDBOX_DIR"

// doomed starts a machine in dir, says so, and waits for its end.
func doomed(dir string) {
	m := newIMDS()
	d, err := newDriver(dir, m, os.Stderr, nil)
	if err == nil {
		spec := specAt(99, "i-doomed", base)
		m.add(spec.Private.String(), spec.ID, spec.MAC, "ssh-ed25519 AAAA")
		err = d.Start(spec)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for err == nil && !d.Status("i-doomed").SSH {
		<-tick.C
	}
	if err == nil {
		_, err = d.OpenDisk([]string{base})
	}
	fmt.Println("ready", err)
	select {}
}

func TestKilledSandboxLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), sandboxDir+"="+dir)
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil || string(line[:n]) != "ready <nil>\n" {
		t.Fatalf("the sandbox said %q, %v", line[:n], err)
	}
	if processesOf(t, dir) == 0 {
		t.Fatal("no process of a machine was found while it ran; the check is worth nothing")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(5 * time.Second); processesOf(t, dir) > 0 && time.Now().Before(end); {
		<-tick.C
	}

	// The next sandbox clears the empty cgroups, and boots the disk.
	l := newLab(t, dir)
	checkNothingLeft(t, dir, cmd.Process.Pid)
	if _, err := os.Stat(filepath.Join(dir, "machines", "i-doomed", "upper")); err != nil {
		t.Errorf("the machine's disk: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "disk.*")); len(left) > 0 {
		t.Errorf("directories of open disks: %v", left)
	}
	a := l.spec("i-doomed", base)
	if err := l.driver.Start(a); err != nil {
		t.Fatal(err)
	}
	l.awaitSSH(a)
}

// processesOf counts processes whose root is a machine's disk below dir, as
// their mounts tell.
func processesOf(t *testing.T, dir string) int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/mounts")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, file := range all {
		if b, err := os.ReadFile(file); err == nil && bytes.Contains(b, []byte(dir)) {
			n++
		}
	}
	return n
}

// checkNothingLeft looks for what the process pid may have left of machines
// below dir: processes, mounts (in any namespace) and cgroups. Network devices
// live in the machines' own namespaces, which end with their processes.
func checkNothingLeft(t *testing.T, dir string, pid int) {
	t.Helper()
	if n := processesOf(t, dir); n > 0 {
		t.Errorf("%d processes still have machines' disks mounted", n)
	}
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		left, err := filepath.Glob(filepath.Join(root, "amiship", strconv.Itoa(pid)+"-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("cgroups left: %v, %v", left, err)
		}
	}
}
