package marketplace_test

import (
	"errors"
	"os"
	"path/filepath"

	"amiship/sandbox/machine"
)

// fakeDriver has machines that run at once, and disks that are directories.
type fakeDriver struct {
	machine.Driver // a method that no test needs panics
	root           string
	broken         error
	opened         int
}

func (d *fakeDriver) Start(machine.Spec) error { return nil }
func (d *fakeDriver) HasLayer(string) bool     { return true }
func (d *fakeDriver) Prune(func(string) bool) error {
	return nil
}

func (d *fakeDriver) Status(string) machine.Status {
	return machine.Status{State: machine.Running, SSH: true}
}

func (d *fakeDriver) OpenDisk(layers []string) (machine.Disk, error) {
	d.opened++
	return disk(filepath.Join(d.root, layers[len(layers)-1])), d.broken
}

type disk string

func (d disk) ReadFile(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(d), name))
}
func (d disk) Dir() string  { return string(d) }
func (d disk) Close() error { return nil }

// plant makes the disk of a layer: a clean one, and what comes on top.
func (r *rig) plant(layer string, extra map[string]string) {
	r.t.Helper()
	files := map[string]string{
		"etc/passwd":          "root:x:0:0:root:/root:/bin/bash\nubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n",
		"etc/shadow":          "root:*:19000:0:99999:7:::\nubuntu:!:19000:0:99999:7:::\n",
		"etc/ssh/sshd_config": "PasswordAuthentication no\nPermitRootLogin prohibit-password\n",
		"usr/sbin/sshd":       "x",
		"bin/bash":            "x",
	}
	for name, text := range extra {
		files[name] = text
	}
	for name, text := range files {
		path := filepath.Join(r.driver.root, layer, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755)); err != nil { //nolint:gosec // a program
			r.t.Fatal(err)
		}
	}
}
