package gitlab_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sshdConfig = "Port 22\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitEmptyPasswords no\nPermitRootLogin prohibit-password\n"

// sshd prints what a configuration comes to, as sshd -T does. Where it is asked
// for a user it adds what stands in a file of that user's, as Match blocks would.
const sshd = `
[ "$1 $2" = "-T -f" ] && [ -s "$5" ] || exit 1
tr A-Z a-z <"$3"
case "${7:-}" in user=*) user=${7#user=}; cat "${3%/*}/match-${user%%,*}" 2>/dev/null || true ;; esac
`

// image is a directory that stands for an image with nothing wrong in it.
func cleanImage(t *testing.T) (root, path string) {
	t.Helper()
	dir := t.TempDir()
	root = filepath.Join(dir, "root")
	for name, text := range map[string]string{
		"etc/passwd":                                  "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\nubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash\n",
		"etc/shadow":                                  "root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\nubuntu:!:19000:0:99999:7:::\n",
		"etc/machine-id":                              "",
		"etc/ssh/sshd_config":                         sshdConfig,
		"etc/gitlab/gitlab.rb":                        "external_url 'http://gitlab.example.com'\n",
		"etc/ssl/package.key":                         "-----BEGIN PRIVATE KEY-----\n",
		"var/lib/dpkg/info/some.list":                 "/.\n/etc/ssl/package.key\n",
		"var/lib/dpkg/info/format":                    "1\n",
		"var/lib/dpkg/status":                         "Package: some\nStatus: install ok installed\nPriority: optional\nSection: misc\nMaintainer: x <x@example.com>\nArchitecture: all\nVersion: 1\nDescription: some\n\n",
		"var/lib/apt/lists/lock":                      "",
		"var/cache/apt/archives/lock":                 "",
		"var/log/syslog":                              "hello\n",
		"var/lib/cloud/scripts/per-instance/first":    "#!/bin/sh\n",
		"tmp/systemd-private-1-x.service-1/tmp/a":     "",
		"var/tmp/systemd-private-1-x.service-1/tmp/a": "",
		"root/.bashrc":                                "",
		"home/ubuntu/.ssh/authorized_keys":            "",
		"usr/local/bin/x":                             "",
		"usr/sbin/x":                                  "",
	} {
		write(t, filepath.Join(root, name), text)
	}
	program(t, filepath.Join(dir, "bin"), "sshd", sshd)
	return root, filepath.Join(dir, "bin") + ":" + os.Getenv("PATH")
}

// hygiene runs the check on a directory.
func hygiene(t *testing.T, root, path, license string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "scripts/hygiene.sh", license, root)
	cmd.Env = append(os.Environ(), "PATH="+path)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestHygiene(t *testing.T) {
	root, path := cleanImage(t)
	if out, err := hygiene(t, root, path, "without-license"); err != nil || out != "hygiene: nothing is in this image that must not be\n" {
		t.Errorf("%v\n%s", err, out)
	}
	write(t, filepath.Join(root, "etc/gitlab/predefined.gitlab-license"), "a license\n")
	if err := os.Chmod(filepath.Join(root, "etc/gitlab/predefined.gitlab-license"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := hygiene(t, root, path, "with-license"); err != nil {
		t.Errorf("with a license: %v\n%s", err, out)
	}
}

// fault is something that must not be in an image, and what is said of it.
type fault struct{ file, text, want string }

func faults() map[string]fault {
	const (
		pem    = "-----BEGIN " + "RSA PRIVATE KEY-----\n"
		passwd = "ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash\nroot:x:0:0:root:/root:/bin/bash\n"
	)
	return map[string]fault{
		"a key of the builder":     {"home/ubuntu/.ssh/authorized_keys", "ssh-ed25519 AAAA\n", "a key that opens the machine: /home/ubuntu/.ssh/authorized_keys"},
		"a key of root":            {"root/.ssh/authorized_keys2", "ssh-ed25519 AAAA\n", "a key that opens the machine: /root/.ssh/authorized_keys2"},
		"a host key":               {"etc/ssh/ssh_host_ed25519_key.pub", "ssh-ed25519 AAAA\n", "a host key that all machines would share: /etc/ssh/ssh_host_ed25519_key.pub"},
		"a history":                {"root/.bash_history", "ls\n", "a history: /root/.bash_history"},
		"a history of Python":      {"home/ubuntu/.python_history", "1\n", "a history: /home/ubuntu/.python_history"},
		"a machine id":             {"etc/machine-id", "0123456789abcdef\n", "a machine's id that all would share: /etc/machine-id"},
		"a machine id of dbus":     {"var/lib/dbus/machine-id", "0123456789abcdef\n", "a machine's id that all would share: /var/lib/dbus/machine-id"},
		"what cloud-init knows":    {"var/lib/cloud/instances/i-1/user-data.txt", "x\n", "what cloud-init knows of the building machine: /var/lib/cloud/instances/i-1"},
		"passwords":                {"etc/ssh/sshd_config", strings.Replace(sshdConfig, "PasswordAuthentication no", "PasswordAuthentication yes", 1), "logins with a password (passwordauthentication yes): /etc/ssh/sshd_config"},
		"passwords for one":        {"etc/ssh/match-ubuntu", "passwordauthentication yes\n", "logins with a password (passwordauthentication yes): /etc/ssh/sshd_config, for ubuntu"},
		"passwords by PAM":         {"etc/ssh/sshd_config", strings.Replace(sshdConfig, "KbdInteractiveAuthentication no", "KbdInteractiveAuthentication yes", 1), "logins with a password (kbdinteractiveauthentication yes): /etc/ssh/sshd_config"},
		"root with a password":     {"etc/ssh/sshd_config", strings.Replace(sshdConfig, "prohibit-password", "yes", 1), "logins of root with a password (permitrootlogin yes): /etc/ssh/sshd_config"},
		"another port":             {"etc/ssh/sshd_config", strings.Replace(sshdConfig, "Port 22", "Port 2222", 1), "SSH is not on its port, 22, but on 2222: /etc/ssh/sshd_config"},
		"a password of root":       {"etc/shadow", "root:$6$x$y:19000:0:99999:7:::\n", "an account with a password: root"},
		"a blank password":         {"etc/shadow", "root:*:19000:0:99999:7:::\nubuntu::19000:0:99999:7:::\n", "an account with a blank password: ubuntu"},
		"a blank password of root": {"etc/shadow", "root::19000:0:99999:7:::\n", "an account with a blank password: root"},
		"no password at all":       {"etc/passwd", strings.Replace(passwd, "ubuntu:x", "ubuntu:", 1), "an account with a blank password: ubuntu"},
		"another root":             {"etc/passwd", passwd + "toor:x:0:0::/root:/usr/sbin/nologin\n", "another root: toor"},
		"a package":                {"tmp/amiship/package.deb", "x", "a package that was left: /tmp/amiship/package.deb"},
		"a package of apt":         {"var/cache/apt/archives/perl.deb", "x", "a package that was left: /var/cache/apt/archives/perl.deb"},
		"a package at home":        {"home/ubuntu/x.deb", "x", "a package that was left: /home/ubuntu/x.deb"},
		"a temporary file":         {"var/tmp/x", "x", "a file that was left: /var/tmp/x"},
		"a package list":           {"var/lib/apt/lists/archive_Packages", "x", "a list of packages, which ages: /var/lib/apt/lists/archive_Packages"},
		"services that are off":    {"usr/sbin/policy-rc.d", "exit 101", "services would not start: /usr/sbin/policy-rc.d"},
		"a license":                {"etc/gitlab/predefined.gitlab-license", "x", "a license in an image that has none: /etc/gitlab/predefined.gitlab-license"},
		"a license elsewhere":      {"opt/x/y.gitlab-license", "x", "a license in a wrong place: /opt/x/y.gitlab-license"},
		"secrets":                  {"etc/gitlab/gitlab-secrets.json", "{}", "secrets of GitLab that all machines would share: /etc/gitlab/gitlab-secrets.json"},
		"a first password":         {"etc/gitlab/initial_root_password", "x", "secrets of GitLab that all machines would share: /etc/gitlab/initial_root_password"},
		"credentials":              {"root/.netrc", "x", "credentials: /root/.netrc"},
		"credentials for AWS":      {"home/ubuntu/.aws/credentials", "x", "credentials: /home/ubuntu/.aws/credentials"},
		"a key of AWS":             {"etc/environment", "AWS_ACCESS_KEY_ID=AKIA" + "ABCDEFGHIJKLMNOP\n", "a token: /etc/environment"},
		"a job's token":            {"var/log/build.log", "glcbt-" + "64_abcdefghijklmnopqrst\n", "a token: /var/log/build.log"},
		"a private key":            {"etc/ssl/private/snakeoil.key", pem, "a private key: /etc/ssl/private/snakeoil.key"},
		"a private key at home":    {"home/ubuntu/.ssh/id_rsa", pem, "a private key: /home/ubuntu/.ssh/id_rsa"},
	}
}

// TestHygieneFindsFaults plants them together, as far as they are not in the same
// file or about the same thing: each must be found whatever else is, and nothing
// must be found that is not there.
func TestHygieneFindsFaults(t *testing.T) {
	for i, round := range rounds(faults()) {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			root, path := cleanImage(t)
			var want []string
			for _, f := range round {
				write(t, filepath.Join(root, f.file), f.text)
				want = append(want, "hygiene: "+f.want)
			}
			out, err := hygiene(t, root, path, "without-license")
			got := strings.Split(strings.TrimSpace(out), "\n")
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); err == nil || diff != "" {
				t.Errorf("%v %s", err, diff)
			}
		})
	}
}

// rounds deals faults out, so that two of the same thing are never together.
func rounds(all map[string]fault) [][]fault {
	var out [][]fault
	count := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		about := all[name].file
		if strings.HasPrefix(about, "etc/ssh/") {
			about = "sshd"
		}
		if count[about] == len(out) {
			out = append(out, nil)
		}
		out[count[about]] = append(out[count[about]], all[name])
		count[about]++
	}
	return out
}

func TestHygieneOfOpenFiles(t *testing.T) {
	root, path := cleanImage(t)
	file := filepath.Join(root, "etc/gitlab/gitlab.rb")
	if err := os.Chmod(file, 0o646); err != nil {
		t.Fatal(err)
	}
	if out, err := hygiene(t, root, path, "without-license"); err == nil || out != "hygiene: everybody may write to it: /etc/gitlab/gitlab.rb\n" {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestHygieneOfLicenses(t *testing.T) {
	root, path := cleanImage(t)
	if out, err := hygiene(t, root, path, "with-license"); err == nil || !strings.Contains(out, "the license is missing: /etc/gitlab/predefined.gitlab-license\n") {
		t.Errorf("%v\n%s", err, out)
	}
	write(t, filepath.Join(root, "etc/gitlab/predefined.gitlab-license"), "a license\n")
	write(t, filepath.Join(root, "srv/note"), "a license\n")
	out, err := hygiene(t, root, path, "with-license")
	for _, want := range []string{"others may read the license: /etc/gitlab/predefined.gitlab-license\n", "another copy of the license: /srv/note\n"} {
		if err == nil || !strings.Contains(out, want) {
			t.Errorf("%v\n%swant %s", err, out, want)
		}
	}
}

// TestHygieneThatCannotLook: what could not be looked at is not clean.
func TestHygieneThatCannotLook(t *testing.T) {
	for _, missing := range []string{"etc/ssh/sshd_config", "etc/shadow", "var/log"} {
		t.Run(missing, func(t *testing.T) {
			root, path := cleanImage(t)
			if err := os.RemoveAll(filepath.Join(root, missing)); err != nil {
				t.Fatal(err)
			}
			if out, err := hygiene(t, root, path, "without-license"); err == nil || strings.Contains(out, "nothing is in this image") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
