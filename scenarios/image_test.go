package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// absent is for files that must not be there, not even without content.
const absent = -1

// forbidden are the files that must not be in an image, or hold at most so
// many bytes. Patterns are those of filepath.Match.
var forbidden = []struct {
	pattern, what string
	most          int64
}{
	{"etc/ssh/ssh_host_*", "the builder's SSH host key", absent},
	{"root/.ssh/authorized_keys*", "a key that opens it", absent},
	{"home/*/.ssh/authorized_keys*", "a key that opens it", absent},
	{"root/.*_history", "a history", absent},
	{"home/*/.*_history", "a history", absent},
	{"etc/machine-id", "the builder's id", 0},
	{"var/lib/dbus/machine-id", "the builder's id", 0},
	{"var/log/cloud-init*", "cloud-init's log", absent},
	{"var/lib/cloud/instance*", "cloud-init's state", absent},
	{"var/lib/cloud/instances/*/*", "cloud-init's state", absent},
	{"var/lib/cloud/data/*", "cloud-init's state", absent},
	{"var/lib/cloud/sem/*", "cloud-init's state", absent},
	{"var/lib/cloud/seed/*", "cloud-init's state", absent},
	{"var/lib/dhcp/*.leases", "the builder's address", absent},
	{"var/lib/systemd/random-seed", "the builder's random numbers", absent},
	{"var/lib/apt/lists/*_*", "a list of packages", absent},
	{"var/cache/apt/archives/*.deb", "a package", absent},
	{"var/log/[^w]*", "a log", 0},
	{"var/log/w*", "a log", 384}, // systemd notes in wtmp that the machine goes down
	{"var/log/*/*", "a log", 0},
	{"var/log/journal/*/*", "a journal", absent},
	{"tmp/*", "what was uploaded or a script", absent},
	{"tmp/*/*", "what was uploaded or a script", absent},
	{"var/tmp/*", "what was uploaded or a script", absent},
	{"var/lib/prometheus/metrics2/*", "a data base that was begun", absent},
	{"usr/sbin/policy-rc.d", "a ban on services", absent},
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
			if info.Mode().IsRegular() && info.Size() > f.most {
				out = append(out, fmt.Sprintf("%s: %s (%d bytes)", strings.TrimPrefix(path, layer), f.what, info.Size()))
			}
		}
	}
	return out
}

// TestImageFindings plants each of the files: a check that finds nothing may be
// one that looks at nothing.
func TestImageFindings(t *testing.T) {
	t.Parallel()
	layer := t.TempDir()
	plant := func(name, text string) {
		path := filepath.Join(layer, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plant("usr/bin/prometheus", "")
	plant("etc/machine-id", "")
	plant("var/log/wtmp", "")
	if got := imageFindings(t, layer); len(got) != 0 {
		t.Errorf("found %s where nothing is wrong", got)
	}
	for _, name := range []string{
		"etc/ssh/ssh_host_rsa_key", "root/.ssh/authorized_keys", "home/admin/.ssh/authorized_keys", "home/admin/.bash_history",
		"etc/machine-id", "var/log/cloud-init-output.log", "var/lib/cloud/instances/i-1/boot-finished", "var/lib/cloud/data/instance-id",
		"var/lib/apt/lists/mirror_InRelease", "tmp/amiship-package.deb", "tmp/script_1.sh", "var/log/journal/1/system.journal", "usr/sbin/policy-rc.d",
	} {
		plant(name, "x")
		got := imageFindings(t, layer)
		if !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, "/"+name+":") }) {
			t.Errorf("%s is not found: %s", name, got)
		}
	}
}
