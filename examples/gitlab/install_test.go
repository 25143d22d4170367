package gitlab_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// builder is what single functions of the install script see of a building machine.
type builder struct {
	root, given, bin string
	env              map[string]string
}

func newBuilder(t *testing.T) builder {
	t.Helper()
	dir := t.TempDir()
	b := builder{root: filepath.Join(dir, "root"), given: filepath.Join(dir, "given"), bin: filepath.Join(dir, "bin")}
	write(t, filepath.Join(b.root, "etc/gitlab/gitlab.rb"), "external_url 'http://gitlab.example.com'\n")
	write(t, filepath.Join(b.root, "etc/default/locale"), "")
	write(t, filepath.Join(b.given, "license"), "")
	write(t, filepath.Join(b.given, "first-boot.sh"), "#!/bin/sh\n")
	program(t, b.bin, "systemctl", "exit 3") // nothing is active
	program(t, b.bin, "cloud-init", `echo "$@"`)
	program(t, b.bin, "dpkg", "echo amd64")
	b.env = map[string]string{
		"SCRATCH": b.root, "GIVEN": b.given, "PATH": b.bin + ":" + os.Getenv("PATH"),
		"PRODUCT": "gitlab-ee", "PACKAGE_VERSION": "17.5.0-ee.0", "ARCH": "amd64", "LICENSE": "no",
		"INSTALLATION_TYPE": "gitlab-aws-ami", "FIRST_BOOT_LIMIT": "15m",
		"REPOSITORY": "https://packages.example.com/gitlab-ee/ubuntu",
	}
	return b
}

// call calls a function of the script.
func (b builder) call(t *testing.T, function string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", ". scripts/install.sh; "+function)
	for name, value := range b.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// refuses expects the function to fail, and to say why.
func (b builder) refuses(t *testing.T, function, why string) {
	t.Helper()
	out, err := b.call(t, function)
	if err == nil || !strings.Contains(out, "install: ") || !strings.Contains(out, why) {
		t.Errorf("%s: %v\n%s\nwant %s", function, err, out, why)
	}
}

func (b builder) does(t *testing.T, function string) {
	t.Helper()
	if out, err := b.call(t, function); err != nil {
		t.Errorf("%s: %v\n%s", function, err, out)
	}
}

func (b *builder) put(t *testing.T, pkg string) {
	t.Helper()
	text := read(t, pkg)
	write(t, filepath.Join(b.given, "package.deb"), text)
	sum := sha256.Sum256([]byte(text))
	b.env["PACKAGE_SHA256"] = hex.EncodeToString(sum[:])
}

func TestInstallVerifies(t *testing.T) {
	b := newBuilder(t)
	b.put(t, standin(t, "gitlab-ee_17.5.0-ee.0_amd64.deb", ""))
	b.does(t, "verify_package")
	for name, c := range map[string]struct{ variable, value, want string }{
		"the digest":       {"PACKAGE_SHA256", strings.Repeat("0", 64), "not 0000"},
		"the edition":      {"PRODUCT", "gitlab-ce", "the package says Package: gitlab-ee, not gitlab-ce"},
		"the version":      {"PACKAGE_VERSION", "17.5.1-ee.0", "the package says Version: 17.5.0-ee.0, not 17.5.1-ee.0"},
		"the architecture": {"ARCH", "arm64", "the package says Architecture: amd64, not arm64"},
	} {
		t.Run(name, func(t *testing.T) {
			before := b.env[c.variable]
			b.env[c.variable] = c.value
			b.refuses(t, "verify_package", c.want)
			b.env[c.variable] = before
		})
	}
	b.put(t, standin(t, "gitlab-ee_17.5.0-ee.0_arm64.deb", ""))
	b.env["ARCH"] = "arm64"
	b.refuses(t, "verify_package", "this machine is amd64, the package arm64")
}

func TestInstallRefusesWhatConfiguredItself(t *testing.T) {
	b := newBuilder(t)
	b.does(t, "refuse_configured")
	t.Run("secrets", func(t *testing.T) {
		file := filepath.Join(b.root, "etc/gitlab/gitlab-secrets.json")
		write(t, file, "{}")
		b.refuses(t, "refuse_configured", "configured itself during the build: it left /etc/gitlab/gitlab-secrets.json")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("an address", func(t *testing.T) {
		b := newBuilder(t)
		write(t, filepath.Join(b.root, "etc/gitlab/gitlab.rb"), "external_url 'http://ip-172-31-0-7.ec2.internal'\n")
		b.refuses(t, "refuse_configured", "the external_url 'http://ip-172-31-0-7.ec2.internal'")
	})
	t.Run("a service", func(t *testing.T) {
		program(t, b.bin, "systemctl", "exit 0")
		b.refuses(t, "refuse_configured", "the package started GitLab")
	})
}

func TestInstallationType(t *testing.T) {
	b := newBuilder(t)
	b.refuses(t, "set_installation_type", "the package has no /opt/gitlab/embedded/service/gitlab-rails/INSTALLATION_TYPE")
	file := filepath.Join(b.root, "opt/gitlab/embedded/service/gitlab-rails/INSTALLATION_TYPE")
	write(t, file, "omnibus-gitlab\n")
	b.does(t, "set_installation_type")
	if got := read(t, file); got != "gitlab-aws-ami\n" {
		t.Errorf("it is %s", got)
	}
}

func TestPlaceLicense(t *testing.T) {
	b := newBuilder(t)
	placed := filepath.Join(b.root, "etc/gitlab/predefined.gitlab-license")
	b.does(t, "place_license")
	if _, err := os.Stat(placed); err == nil {
		t.Error("an image without license has one")
	}
	given := filepath.Join(b.given, "license")
	write(t, given, "a license\n")
	b.refuses(t, "place_license", "there is a license, and this image has none")
	b.env["LICENSE"] = "yes"
	b.does(t, "place_license")
	if info, err := os.Stat(placed); err != nil || info.Mode().Perm() != 0o600 || read(t, placed) != "a license\n" {
		t.Errorf("the license: %v %v", info, err)
	}
	write(t, given, " \n")
	b.refuses(t, "place_license", "the license is empty")
}

// key makes a key that signs, and returns its fingerprint and a file with it.
func key(t *testing.T, home, name string) (fingerprint, file string) {
	t.Helper()
	gpg := func(args ...string) string {
		out, err := exec.CommandContext(t.Context(), "gpg", append([]string{"--homedir", home, "--batch", "--quiet", "--passphrase", ""}, args...)...).Output()
		if err != nil {
			t.Fatalf("gpg %v: %v: make setup installs it", args, err)
		}
		return string(out)
	}
	gpg("--quick-generate-key", name, "ed25519", "sign")
	for line := range strings.Lines(gpg("--list-keys", "--with-colons", name)) {
		if f := strings.Split(line, ":"); f[0] == "fpr" && fingerprint == "" {
			fingerprint = f[9]
		}
	}
	file = filepath.Join(home, name)
	gpg("--output", file, "--armor", "--export", name)
	return fingerprint, file
}

// TestSigningKey: the right key is kept whatever comes with it, another is not
// whatever it is called.
func TestSigningKey(t *testing.T) {
	home, err := os.MkdirTemp("", "gpg") // its agent's socket has to have a short path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		os.RemoveAll(home)
	})
	right, one := key(t, home, "right")
	wrong, other := key(t, home, "wrong")
	both := filepath.Join(home, "both")
	write(t, both, read(t, other)+read(t, one))
	nonsense := filepath.Join(home, "nonsense")
	write(t, nonsense, "<html>not found</html>")

	for name, file := range map[string]string{"alone": one, "among others": both} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			b.env["SIGNING_KEY"], b.env["SIGNING_KEY_URL"] = right, "file://"+file
			b.does(t, "set_up_repository")
			keyring := filepath.Join(b.root, "usr/share/keyrings/gitlab_gitlab-ee-archive-keyring.gpg")
			out, err := exec.CommandContext(t.Context(), "gpg", "--homedir", t.TempDir(), "--show-keys", "--with-colons", keyring).Output()
			if err != nil || !strings.Contains(string(out), right) || strings.Contains(string(out), wrong) {
				t.Errorf("the keyring has %s, %v", out, err)
			}
			list := read(t, filepath.Join(b.root, "etc/apt/sources.list.d/gitlab_gitlab-ee.list"))
			if !strings.HasPrefix(list, "deb [signed-by=/usr/share/keyrings/gitlab_gitlab-ee-archive-keyring.gpg] https://packages.example.com/gitlab-ee/ubuntu ") ||
				!strings.HasSuffix(list, " main\n") {
				t.Errorf("apt's source is %s", list)
			}
		})
	}
	for name, c := range map[string]struct{ file, want string }{
		"another key": {other, "no key at file://" + other + " has the fingerprint " + right + "; it has " + wrong},
		"no key":      {nonsense, "is no signing key"},
		"nothing":     {filepath.Join(home, "none"), "there is no signing key at"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			b.env["SIGNING_KEY"], b.env["SIGNING_KEY_URL"] = right, "file://"+c.file
			b.refuses(t, "set_up_repository", c.want)
			if _, err := os.Stat(filepath.Join(b.root, "usr/share/keyrings")); err == nil {
				t.Error("a keyring was written")
			}
		})
	}
}

func TestInstallFirstBoot(t *testing.T) {
	b := newBuilder(t)
	out, err := b.call(t, "install_first_boot")
	if err != nil || !strings.Contains(out, "clean --logs") {
		t.Errorf("%v: %s", err, out)
	}
	if info, err := os.Stat(filepath.Join(b.root, "var/lib/cloud/scripts/per-boot/first-boot")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the script: %v, %v", info, err)
	}
	if got := read(t, filepath.Join(b.root, "etc/default/gitlab-first-boot")); got != "limit=15m\n" {
		t.Errorf("its settings are %s", got)
	}
}

func TestInstallWaitsForCloudInit(t *testing.T) {
	b := newBuilder(t)
	for status, fails := range map[string]bool{"0": false, "2": false, "1": true} {
		program(t, b.bin, "cloud-init", "exit "+status)
		if fails {
			b.refuses(t, "wait_for_cloud_init", "cloud-init did not finish well")
		} else {
			b.does(t, "wait_for_cloud_init")
		}
	}
}

func TestInstallWaitsForUpgrades(t *testing.T) {
	b := newBuilder(t)
	// Under way when it is first looked at, done then.
	program(t, b.bin, "systemctl", `[ "$1" = show ] || exit 5; [ -e "$SCRATCH/looked" ] && echo ActiveState=inactive || echo ActiveState=activating; touch "$SCRATCH/looked"`)
	program(t, b.bin, "sleep", `echo "slept $1"`)
	if out, err := b.call(t, "wait_for_upgrades"); err != nil || out != "slept 2\n" {
		t.Errorf("%v: %s", err, out)
	}
	program(t, b.bin, "systemctl", "echo ActiveState=activating")
	program(t, b.bin, "sleep", "exit 0")
	b.refuses(t, "wait_for_upgrades", "apt's own upgrade has not ended")
}
