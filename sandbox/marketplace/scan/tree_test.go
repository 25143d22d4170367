package scan_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"amiship/sandbox/marketplace/scan"
)

// TestLinks: they lead where they would on the machine.
func TestLinks(t *testing.T) {
	check(t, map[string]planted{
		"an absolute one":           {image{"root/.ssh": "-> /srv/ssh", "srv/ssh/authorized_keys": "ssh-rsa AAAA\n"}, "authorized-keys /root/.ssh/authorized_keys", ""},
		"one that goes up":          {image{"root/.netrc": "-> ../../../../srv/./netrc", "srv/netrc": "x"}, "credentials /root/.netrc", ""},
		"one by another":            {image{"root/.netrc": "-> /a/netrc", "a": "-> b", "b": "-> ../srv", "srv/netrc": "x"}, "credentials /root/.netrc", ""},
		"to the root":               {image{"root/.ssh": "-> /", "authorized_keys": "x"}, "authorized-keys /root/.ssh/authorized_keys", ""},
		"to nothing":                {image{"root/.netrc": "-> /none", "root/.ssh": "-> ../none/x"}, "", ""},
		"in a circle":               {image{"root/.ssh": "-> /root/.ssh", "root/.netrc": "-> .netrc"}, "", ""},
		"through a file":            {image{"root/.netrc": "-> /etc/passwd/x", "home/ubuntu/.netrc": "-> /etc/passwd/../shadow"}, "", ""},
		"a drop-in":                 {image{dropIn: "-> /srv/sshd.conf", "srv/sshd.conf": "PasswordAuthentication no\n"}, "", ""},
		"a directory of drop-ins":   {image{dropIn: "", "etc/ssh/sshd_config.d": "-> ../../srv", "srv/a.conf": "PasswordAuthentication no\n"}, "", ""},
		"accounts kept elsewhere":   {image{"etc/shadow": "-> /srv/shadow", "srv/shadow": "root::1::::::\n"}, "password /etc/shadow", ""},
		"a home kept elsewhere":     {image{"home/other": "-> /srv/other", "srv/other/.netrc": "x"}, "credentials /home/other/.netrc", ""},
		"a host key kept elsewhere": {image{"etc/ssh/ssh_host_rsa_key": "-> /run/key"}, "host-key /etc/ssh/ssh_host_rsa_key", ""},
	})
}

// TestEscapes: what lies on the host, beside the disk, is none of its files.
func TestEscapes(t *testing.T) {
	outside := t.TempDir()
	for _, name := range []string{"authorized_keys", "id_rsa", "credentials"} {
		if err := os.WriteFile(filepath.Join(outside, name), []byte(pem), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	up := strings.Repeat("../", 30)
	check(t, map[string]planted{
		"a directory":       {files: image{"root/.ssh": "-> " + outside}},
		"one by going up":   {files: image{"root/.ssh": "-> " + up + outside}},
		"a file":            {files: image{"root/.aws/credentials": "-> " + outside + "/credentials"}},
		"one file by going": {files: image{"root/.aws/credentials": "-> " + up + outside + "/credentials"}},
		"a home":            {files: image{"etc/passwd": passwd + "x:x:2:2::" + outside + ":/bin/bash\ny:x:3:3::/" + up + outside + ":/bin/bash\n", "home/x": "-> " + outside}},
		"an Include":        {files: image{config: "Include " + outside + "/*\nInclude " + up + "*\n" + sshd}},
		"accounts":          {image{"etc/passwd": "-> /proc/self/environ"}, "user /etc/passwd", ""},
	})
}

// TestPipes: what is no file is not read, which could take for ever.
func TestPipes(t *testing.T) {
	d := clean().plant(t)
	for _, name := range []string{"root/.git-credentials", "home/ubuntu/.ssh/id_rsa", "etc/ssh/sshd_config.d/10.conf"} {
		path := filepath.Join(string(d), name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if found, texts := look(t, d); found != "" {
		t.Errorf("%s\n%s", found, texts)
	}
}

// TestLargeFile: no key is that large, and what is large is no error.
func TestLargeFile(t *testing.T) {
	d := clean().plant(t)
	if err := os.Truncate(filepath.Join(string(d), "home/ubuntu/.ssh/known_hosts"), 1<<30); err != nil {
		t.Fatal(err)
	}
	if found, texts := look(t, d); found != "" {
		t.Errorf("%s\n%s", found, texts)
	}
}

// broken is a disk that stops answering.
type broken struct{ directory }

func (broken) ReadFile(string) ([]byte, error) { return nil, syscall.EIO }

func TestUnreadable(t *testing.T) {
	large := clean().plant(t)
	if err := os.Truncate(filepath.Join(string(large), "etc/passwd"), 1<<30); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		disk scan.Disk
		want string
	}{
		"no directory":       {directory(filepath.Join(t.TempDir(), "none")), "no such file"},
		"no answer":          {broken{clean().plant(t)}, "input/output error"},
		"more than can be":   {large, "/etc/passwd has 1073741824 bytes"},
		"a file for a disk":  {directory(filepath.Join(string(large), "etc/shadow")), "not a directory"},
		"a disk that is not": {directory(""), "scan the disk"},
	} {
		t.Run(name, func(t *testing.T) {
			found, err := scan.Look(c.disk, scan.Version{User: "ubuntu", Port: 22})
			if err == nil || !strings.Contains(err.Error(), c.want) || found != nil {
				t.Errorf("got %v, %v, want %s", found, err, c.want)
			}
		})
	}
}
