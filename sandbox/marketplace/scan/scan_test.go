package scan_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/sandbox/machine"
	"amiship/sandbox/marketplace/scan"
)

// directory is a disk whose files are in a directory. It follows no links, so
// what is read through one was followed by the scan itself.
type directory string

func (d directory) Dir() string { return string(d) }

func (d directory) ReadFile(name string) ([]byte, error) {
	if real, err := filepath.EvalSymlinks(filepath.Join(string(d), name)); err != nil || real != filepath.Join(string(d), name) {
		return nil, os.ErrPermission
	}
	return os.ReadFile(filepath.Join(string(d), name))
}

// A machine's disk is one that can be scanned.
var _ = func(d machine.Disk) scan.Disk { return d }

const (
	passwd = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash\n"
	shadow = "root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\nubuntu:!:19000:0:99999:7:::\n"
	// What Ubuntu and Debian come with.
	sshd   = "Include /etc/ssh/sshd_config.d/*.conf\n#PermitRootLogin yes\nKbdInteractiveAuthentication no\nUsePAM yes\n"
	dropIn = "etc/ssh/sshd_config.d/60-cloudimg-settings.conf"
	config = "etc/ssh/sshd_config"
	pem    = "-----BEGIN OPENSSH " + "PRIVATE KEY-----\nAAAA\n"
)

// image is the files of a disk by their names, of which those of programs end
// with a *. The text of a link is an arrow and where it leads.
type image map[string]string

// clean is a disk with nothing wrong on it, as the examples' builds leave it.
func clean() image {
	return image{
		"etc/passwd":                       passwd,
		"etc/shadow":                       shadow,
		config:                             sshd,
		dropIn:                             "PasswordAuthentication no\n",
		"etc/ssh/ssh_config":               "Host *\n",
		"etc/ssh/moduli":                   "x\n",
		"usr/bin/bash*":                    "x",
		"bin":                              "-> usr/bin",
		"usr/sbin/sshd*":                   "x",
		"root/.bashrc":                     "",
		"root/.netrc":                      "",
		"home/ubuntu/.ssh/authorized_keys": "",
		"home/ubuntu/.ssh/known_hosts":     "host ssh-ed25519 AAAA\n",
		"home/ubuntu/.ssh/id_ed25519.pub":  "ssh-ed25519 AAAA\n",
		"home/ubuntu/.aws/config":          "[default]\nregion = us-east-1\n",
		"etc/ssl/private/snakeoil.key":     pem,
	}
}

// with returns the disk with other files; a file without text is removed.
func (i image) with(changes image) image {
	out := maps.Clone(i)
	for name, text := range changes {
		if out[name] = text; text == "" {
			delete(out, name)
		}
	}
	return out
}

func (i image) plant(t *testing.T) directory {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range i {
		file := filepath.Join(dir, strings.TrimSuffix(name, "*"))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasSuffix(name, "*") {
			mode = 0o755
		}
		err := os.WriteFile(file, []byte(text), mode)
		if target, ok := strings.CutPrefix(text, "-> "); ok {
			os.Remove(file)
			err = os.Symlink(target, file)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return directory(dir)
}

// look returns what is found, without the texts, and these.
func look(t *testing.T, d scan.Disk) (found, texts string) {
	t.Helper()
	all, err := scan.Look(d, scan.Version{User: "ubuntu", Port: 22})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		found += f.Rule + " " + f.Path + "\n"
		texts += f.Text + "\n"
	}
	return found, texts
}

type planted struct {
	files image
	want  string // rule and path of what is found; a | between two
	text  string // part of what is said
}

func check(t *testing.T, cases map[string]planted) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			found, texts := look(t, clean().with(c.files).plant(t))
			want := strings.ReplaceAll(c.want, "|", "\n")
			if diff := cmp.Diff(want, strings.TrimSpace(found)); diff != "" || !strings.Contains(texts, c.text) {
				t.Errorf("%s\n%swant %s", diff, texts, c.text)
			}
		})
	}
}

func TestCleanDisk(t *testing.T) {
	check(t, map[string]planted{
		"as it is built":               {},
		"without a shadow":             {files: image{"etc/shadow": ""}},
		"a shell by default":           {files: image{"etc/passwd": strings.Replace(passwd, "Ubuntu:/home/ubuntu:/bin/bash", "Ubuntu:/home/ubuntu:", 1), "usr/bin/sh*": "x"}},
		"a home that cannot be":        {files: image{"etc/passwd": passwd + "a:x:1:1::/a\x00b:/bin/bash\nb:x:2:2::" + "/" + strings.Repeat("b", 300) + ":/bin/bash\nc:x:3:3::/etc/passwd:/bin/bash\n"}},
		"a directory of the same name": {files: image{"root/.git-credentials/x": "x"}},
	})
}

func TestFaults(t *testing.T) {
	shell := func(is string) image {
		return image{"etc/passwd": strings.Replace(passwd, "/home/ubuntu:/bin/bash", "/home/ubuntu:"+is, 1)}
	}
	check(t, map[string]planted{
		"a key that opens it":        {image{"home/ubuntu/.ssh/authorized_keys": "ssh-ed25519 AAAA\n"}, "authorized-keys /home/ubuntu/.ssh/authorized_keys", "every customer's machine"},
		"a key of root":              {image{"root/.ssh/authorized_keys2": "ssh-ed25519 AAAA\n"}, "authorized-keys /root/.ssh/authorized_keys2", ""},
		"a key of a service":         {image{"etc/passwd": passwd + "git:x:998:998::/var/opt/gitlab:/bin/sh\n", "var/opt/gitlab/.ssh/authorized_keys": "ssh-rsa AAAA\n"}, "authorized-keys /var/opt/gitlab/.ssh/authorized_keys", ""},
		"a key of a removed user":    {image{"home/old/.ssh/authorized_keys": "ssh-rsa AAAA\n"}, "authorized-keys /home/old/.ssh/authorized_keys", ""},
		"a host key":                 {image{"etc/ssh/ssh_host_rsa_key": pem, "etc/ssh/ssh_host_rsa_key.pub": "ssh-rsa AAAA\n"}, "host-key /etc/ssh/ssh_host_rsa_key|host-key /etc/ssh/ssh_host_rsa_key.pub", ""},
		"a private key":              {image{"root/.ssh/id_rsa": pem}, "private-key /root/.ssh/id_rsa", ""},
		"one with another name":      {image{"home/ubuntu/.ssh/deploy": "x\n-----BEGIN " + "PRIVATE KEY-----\n"}, "private-key /home/ubuntu/.ssh/deploy", ""},
		"credentials for AWS":        {image{"root/.aws/credentials": "[default]\n"}, "credentials /root/.aws/credentials", ""},
		"credentials of curl":        {image{"home/ubuntu/.netrc": "machine x\n"}, "credentials /home/ubuntu/.netrc", ""},
		"credentials of git":         {image{"root/.git-credentials": "https://x\n"}, "credentials /root/.git-credentials", ""},
		"credentials of docker":      {image{"root/.docker/config.json": "{}"}, "credentials /root/.docker/config.json", ""},
		"root without password":      {image{"etc/shadow": strings.Replace(shadow, "root:*", "root:", 1)}, "password /etc/shadow", "root has an empty password"},
		"root with a password":       {image{"etc/shadow": strings.Replace(shadow, "root:*", "root:$6$x", 1)}, "password /etc/shadow", "root has a password"},
		"another without password":   {image{"etc/shadow": strings.Replace(shadow, "ubuntu:!", "ubuntu:", 1)}, "password /etc/shadow", "ubuntu has an empty password"},
		"another with a password":    {image{"etc/shadow": strings.Replace(shadow, "ubuntu:!", "ubuntu:$y$x", 1)}, "password /etc/shadow", "ubuntu has a password"},
		"no password, in passwd":     {image{"etc/passwd": strings.Replace(passwd, "root:x", "root:", 1)}, "password /etc/passwd", "root has an empty password"},
		"no such user":               {image{"etc/passwd": strings.ReplaceAll(passwd, "ubuntu", "admin")}, "user /etc/passwd", "there is no user ubuntu"},
		"no accounts at all":         {image{"etc/passwd": ""}, "user /etc/passwd", "there is no user ubuntu"},
		"a shell without login":      {shell("/usr/sbin/nologin"), "user /etc/passwd", "allows no login"},
		"a shell that is not there":  {shell("/bin/zsh"), "user /etc/passwd", "is not there"},
		"a shell that does not run":  {image{"usr/bin/bash*": "", "usr/bin/bash": "x"}, "user /etc/passwd", "is not there"},
		"no sshd":                    {image{"usr/sbin/sshd*": "", dropIn: ""}, "sshd /usr/sbin/sshd", "there is no sshd"},
		"an sshd that does not run":  {image{"usr/sbin/sshd*": "", "usr/sbin/sshd": "x"}, "sshd /usr/sbin/sshd", "there is no sshd"},
		"an sshd without its orders": {image{config: ""}, "sshd /etc/ssh/sshd_config", "does not start"},
	})
}

// TestSorted: whatever is wrong is found together, and in the same order.
func TestSorted(t *testing.T) {
	found, _ := look(t, image{
		"etc/shadow":            "root::1::::::\nx:$6$:1::::::\n",
		"etc/passwd":            "x::1:1::/:/bin/sh\nx::1:1::/:/bin/sh\n", // is said once
		"root/.netrc":           "x",
		"root/.git-credentials": "x",
		"etc/ssh/ssh_host_b":    "",
		"etc/ssh/ssh_host_a":    "",
	}.plant(t))
	want := "credentials /root/.git-credentials\ncredentials /root/.netrc\nhost-key /etc/ssh/ssh_host_a\nhost-key /etc/ssh/ssh_host_b\npassword /etc/passwd\npassword /etc/shadow\npassword /etc/shadow\nsshd /usr/sbin/sshd\nuser /etc/passwd\n"
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
}
