package scenarios

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// faults are what an install script leaves in an image that must not reach anyone: an
// account with a password, and logins by password; a key outside of /home; a private key
// and a token that all instances share; and a service that no one enables.
const faults = `leave_faults() {
  useradd --create-home support
  echo "support:Welcome2Support" | chpasswd
  echo "PasswordAuthentication yes" >/etc/ssh/sshd_config.d/00-support.conf
  useradd --create-home --home-dir /srv/deploy deploy
  install -d -m 700 -o deploy -g deploy /srv/deploy/.ssh
  echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA left@builder" >/srv/deploy/.ssh/authorized_keys
  echo "deploy ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/deploy
  install -d /etc/app
  ssh-keygen -q -t ed25519 -N '' -f /etc/app/key
  head -c 32 /dev/urandom | sha256sum | cut -d ' ' -f 1 >/etc/app/token
  printf '[Service]\nExecStart=/usr/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' >/etc/systemd/system/app-web.service
}
`

// TestFaultsThatABootTestFinds: an image with faults that show only on machines that run
// is blocked before anyone sees it, and each fault is told.
func TestFaultsThatABootTestFinds(t *testing.T) {
	t.Parallel()
	takePlace(t)
	b := realBox(t)
	file, logs := copyBundle(t, t.TempDir()), t.TempDir()
	cutAt(t, file, "    checks:\n")
	appendTo(t, file, "    checks: [{run: systemctl is-active app-web}]\n")
	install := filepath.Join(filepath.Dir(file), "scripts", "install.sh")
	replaceIn(t, install, "\nwait_for_cloud_init\n", "\n"+faults+"\nwait_for_cloud_init\nleave_faults\n")
	// It forgets to enable the service, and that accounts may require tokens.
	writeFile(t, filepath.Join(filepath.Dir(file), "scripts", "first-boot.sh"), "#!/bin/bash\nset -e\nsystemctl start app-web\n"+
		"curl --silent --fail --max-time 5 http://169.254.169.254/latest/meta-data/local-ipv4\n")
	code, out := amiship(t, b.env(t, "vendor", ""), "release", "v2.42.0", "--file", file, "--poll", "500ms", "--wait", "8m", "--logs", logs)
	if code != 20 || !strings.Contains(out, "failed its boot test: i-") || !strings.Contains(out, "amiship release v2.42.0 --file "+file+" --logs "+logs+" --rebuild") {
		t.Errorf("exit %d, want 20:\n%s", code, out)
	}
	files, err := filepath.Glob(filepath.Join(logs, "*", "failures.txt"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%q, %v", files, err)
	}
	told := readFile(t, files[0])
	for _, fault := range []string{
		`i-\w+: cloud-init: only where the metadata service has tokens required and the hop limit 1 \(with tokens optional and the hop limit 1, i-\w+ passes\): ended with an error`,
		`i-\w+: after a restart, run systemctl is-active app-web: exit status 3, want 0: inactive`,
		`i-\w+: service app-web: is inactive \(dead\), and disabled: nothing starts it at boot \(systemctl enable app-web\)`,
		`account support: has a password`,
		`sshd passwordauthentication: yes, by sshd -T: `,
		`authorized_keys /srv/deploy/.ssh/authorized_keys: lets in SHA256:\S+ \(left@builder\), which is not the key of this launch`,
		`sudo deploy: becomes root without a password: \(ALL\) NOPASSWD: ALL`,
		`/etc/app/key: a private key that is the same on i-\w+ and i-\w+`,
		`/etc/app/token: a file with a random text that is the same on i-\w+ and i-\w+`,
	} {
		if n := len(regexp.MustCompile(`(?m)^`+fault).FindAllString(told, -1)); n != 1 {
			t.Errorf("%d times, want once: %s", n, fault)
		}
	}
	if n := strings.Count(told, "\n"); n != 9 {
		t.Errorf("%d failures, want 9:\n%s", n, told)
	}
}
