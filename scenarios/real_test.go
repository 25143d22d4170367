package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// real is the example as it stands, in the version that this machine's apt offers.
const real = "../examples/prometheus/amiship.yaml"

// places bounds how many real machines the tests run at once.
var places = make(chan struct{}, 2)

// takePlace waits for one of the places of real machines, until the test ends.
func takePlace(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("real machines need root: script/as-root go test ./scenarios, or make test")
	}
	places <- struct{}{}
	t.Cleanup(func() { <-places })
}

// realBox starts a sandbox with real machines. What its state holds is looked
// at from outside, so its path leads through no links.
func realBox(t *testing.T) *box {
	t.Helper()
	return startBox(t, filepath.Join(t.TempDir(), "state"), "--driver", "container", "--speed", "100")
}

// offered is the tag of the package that apt offers.
func offered(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "../script/offered", "prometheus").Output()
	if err != nil {
		t.Fatalf("script/offered prometheus: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// realRun is a run of the example's release, with a temporary directory of its
// own, by which its processes are known: they have it in their environment.
type realRun struct {
	cmd *exec.Cmd
	tmp string
	out bytes.Buffer
}

func newRealRun(t *testing.T, b *box, tag string) *realRun {
	t.Helper()
	r := &realRun{tmp: t.TempDir()}
	r.cmd = exec.Command(program, "release", tag, "-v", "--file", real, "--poll", "500ms", "--wait", "8m")
	r.cmd.Env = append(b.env(t, "vendor", ""), "TMPDIR="+r.tmp)
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	return r
}

// complete runs the release to its end and looks at what was made.
func (r *realRun) complete(t *testing.T, b *box) {
	t.Helper()
	if err := r.cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", r.cmd, err, r.out.String())
	}
	r.leftNothing(t)
	layers := layersOf(t, b)
	if len(layers) != 1 {
		t.Fatalf("the sandbox keeps %d layers, want that of the release's snapshot: %s", len(layers), layers)
	}
	for _, f := range imageFindings(t, layers[0]) {
		t.Errorf("the AMI's disk holds %s", f)
	}
	if len(machinesOf(t, b)) != 0 {
		t.Errorf("machines are left: %s", machinesOf(t, b))
	}
}

// leftNothing looks for processes and files of a run, for a while: the guard of
// a run that was killed needs a moment.
func (r *realRun) leftNothing(t *testing.T) {
	t.Helper()
	var left []string
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if left = append(processesWith(t, "TMPDIR="+r.tmp), entries(t, r.tmp)...); len(left) == 0 {
			return
		}
	}
	t.Errorf("left over: %s", left)
}

// processesWith lists the processes that have a setting in their environment.
func processesWith(t *testing.T, setting string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, dir := range all {
		env, err := os.ReadFile(filepath.Join(dir, "environ"))
		if err != nil { // it has just ended
			continue
		}
		if bytes.Contains(append([]byte{0}, env...), []byte("\x00"+setting+"\x00")) {
			cmdline, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
			out = append(out, "process "+filepath.Base(dir)+" "+strings.ReplaceAll(string(cmdline), "\x00", " "))
		}
	}
	return out
}

// entries are the paths of what is in a directory, none if it is not there.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, filepath.Join(dir, e.Name()))
	}
	return out
}

// layersOf are the directories of the snapshots' files; bases are elsewhere.
func layersOf(t *testing.T, b *box) []string {
	t.Helper()
	return entries(t, filepath.Join(b.state, "machines", "layers"))
}

// machinesOf are the disks and cgroups of a running sandbox's machines. A disk
// goes a moment after its machine.
func machinesOf(t *testing.T, b *box) []string {
	t.Helper()
	var out []string
	for range 100 {
		out = entries(t, filepath.Join(b.state, "machines", "machines"))
		for _, dir := range cgroupsOf(t, b) {
			list, err := filepath.Glob(filepath.Join(dir, "i-*"))
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, list...)
		}
		if len(out) == 0 {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return out
}

// cgroupsOf are the directories of a sandbox's cgroups, on hosts of either kind.
func cgroupsOf(t *testing.T, b *box) []string {
	t.Helper()
	out, err := filepath.Glob("/sys/fs/cgroup/amiship/" + strconv.Itoa(b.cmd.Process.Pid) + "-*")
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := filepath.Glob("/sys/fs/cgroup/unified/amiship/" + strconv.Itoa(b.cmd.Process.Pid) + "-*")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, hybrid...)
}

// endsClean stops a sandbox and looks for what it should have taken along:
// processes on its disks, cgroups, mounts.
func endsClean(t *testing.T, b *box) {
	t.Helper()
	b.end(t)
	left := append(cgroupsOf(t, b), processesOn(t, b.state)...)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, b.state) {
			left = append(left, "mount "+strings.TrimSpace(line))
		}
	}
	if len(left) != 0 {
		t.Errorf("the sandbox left behind: %s", left)
	}
}

// processesOn lists processes that name a directory on their command line or
// have it mounted.
func processesOn(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range all {
		if filepath.Base(p) == strconv.Itoa(os.Getpid()) {
			continue
		}
		for _, file := range []string{"mountinfo", "cmdline"} {
			if text, err := os.ReadFile(filepath.Join(p, file)); err == nil && bytes.Contains(text, []byte(dir)) {
				out = append(out, "process "+filepath.Base(p)+" by its "+file)
			}
		}
	}
	return out
}

// forbidden are the files that must not be in an image; what is marked empty
// may be there without content. Patterns are those of filepath.Match.
var forbidden = []struct {
	pattern, what string
	empty         bool
}{
	{"etc/ssh/ssh_host_*", "the builder's SSH host key", false},
	{"root/.ssh/authorized_keys*", "a key that opens it", false},
	{"home/*/.ssh/authorized_keys*", "a key that opens it", false},
	{"root/.*_history", "a history", false},
	{"home/*/.*_history", "a history", false},
	{"etc/machine-id", "the builder's id", true},
	{"var/lib/dbus/machine-id", "the builder's id", true},
	{"var/log/cloud-init*", "cloud-init's log", false},
	{"var/lib/cloud/instance*", "cloud-init's state", false},
	{"var/lib/cloud/data/*", "cloud-init's state", false},
	{"var/lib/cloud/sem/*", "cloud-init's state", false},
	{"var/lib/cloud/seed/*", "cloud-init's state", false},
	{"var/lib/dhcp/*.leases", "the builder's address", false},
	{"var/lib/systemd/random-seed", "the builder's random numbers", false},
	{"var/lib/apt/lists/*_*", "a list of packages", false},
	{"var/cache/apt/archives/*.deb", "a package", false},
	{"var/log/*", "a log", true},
	{"var/log/*/*", "a log", true},
	{"var/log/journal/*/*", "a journal", false},
	{"tmp/*", "what was uploaded or a script", false},
	{"tmp/.*/*", "what was uploaded or a script", false},
	{"var/tmp/*", "what was uploaded or a script", false},
	{"var/lib/prometheus/metrics2/*", "a data base that was begun", false},
	{"usr/sbin/policy-rc.d", "a ban on services", false},
	{"usr/share/doc/prometheus/changelog*", "", true},
}

// imageFindings looks through the files that a build has left on a disk. A
// deleted file of the base is a device there, and no finding.
func imageFindings(t *testing.T, layer string) []string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(layer, "usr/bin/prometheus")); err != nil {
		t.Fatalf("this is no disk with Prometheus: %v", err)
	}
	var out []string
	for _, f := range forbidden {
		found, err := filepath.Glob(filepath.Join(layer, f.pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			info, err := os.Lstat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().IsRegular() && (!f.empty || info.Size() > 0) {
				out = append(out, fmt.Sprintf("%s: %s (%d bytes)", strings.TrimPrefix(path, layer), f.what, info.Size()))
			}
		}
	}
	return out
}
