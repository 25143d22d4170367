package scenarios

import (
	"slices"
	"testing"
)

// leavesKey leaves a key on a machine, and has it ask for passwords.
const leavesKey = `
  provisioner "shell" {
    inline = [
      "sudo mkdir -p -m 700 /root/.ssh",
      "echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA left' | sudo tee /root/.ssh/authorized_keys >/dev/null",
      "echo 'PasswordAuthentication yes' | sudo tee /etc/ssh/sshd_config.d/00-left.conf >/dev/null",
    ]
  }
`

// boxThatScans has real machines and a product of the vendor's. Marketplace looks
// at disks within seconds.
func boxThatScans(t *testing.T) *box {
	t.Helper()
	world := worldFile(t, shopWorld)
	replaceIn(t, world, "preparing: 20000h, applying: 5990h", "preparing: 5m, applying: 5m")
	return realBox(t, "--world", world)
}

// marketplaceRefuses offers what a build has left behind as it is: without the
// boot test, which might have ended it before. Marketplace looks at the disk, and
// the run says what is there, and what to do. The build's sandbox has ended:
// another one goes on from its state.
func marketplaceRefuses(t *testing.T, s *secretBuild) {
	t.Helper()
	file := s.run.cmd.Args[slices.Index(s.run.cmd.Args, "--file")+1]
	appendTo(t, file, scanned)
	b := startBox(t, s.box.state, "--driver", "container", "--speed", "100")
	env := append(b.env(t, "vendor", ""), "XDG_CACHE_HOME="+t.TempDir())
	code, out := amiship(t, env, "release", "v2.42.0", "--no-test", "--file", file, "--poll", "500ms", "--wait", "5m")
	if code != 20 {
		t.Errorf("exit %d, want 20", code)
	}
	wantAll(t, out, []string{"BLOCKED  changeset/pro\n", ": CLIENT_ERROR\n", "SCAN_ERROR: ", "/root/.ssh/authorized_keys", "PasswordAuthentication", "--resubmit"})
	if t.Failed() {
		t.Log(out)
	}
}

// scanned lists the bundle's image.
const scanned = `
listings:
  pro:
    product: prod-prometheuspro
    image: prometheus/amd64
    title: "Prometheus {version}"
    release_notes: "https://prometheus.io/"
    usage_instructions: Open port 9090 of the instance in a browser.
    access_role_arn: "arn:aws:iam::123456789012:role/ingestion"
    operating_system: {name: DEBIAN, version: "12"}
    security_groups: [{protocol: tcp, from_port: 9090, ip_ranges: ["0.0.0.0/0"]}]
`
