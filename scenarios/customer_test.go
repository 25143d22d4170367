package scenarios

import (
	_ "embed"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// customerProgram is a customer with boto3, who knows nothing of Amiship.
//
//go:embed testdata/customer.py
var customerProgram string

// customer is another account, in one region.
type customer struct {
	env []string
	key string // file of the private key
}

// instance is a machine of a customer's.
type instance struct{ ID, Host, Address string }

const customersRegion = "us-west-2"

// do runs a command of customer.py, whose answer is JSON.
func (c customer) do(t *testing.T, answer any, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "python3", append([]string{"-c", customerProgram, customersRegion, c.key}, args...)...)
	cmd.Env, cmd.Stderr = c.env, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("as a customer, %s: %v", args, err)
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("as a customer, %s: %v\n%s", args, err, out)
	}
}

// ssh runs a command on a customer's machine.
func (c customer) ssh(t *testing.T, m instance, command string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ssh", "-i", c.key, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
		"-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=20", "admin@"+m.Address, command)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("ssh to %s: %v\n%s", m.ID, err, out)
	}
	return string(out)
}

// knows waits until a machine's Prometheus says that it is reached at url.
func (m instance) knows(t *testing.T, url string) {
	t.Helper()
	client := http.Client{Timeout: 5 * time.Second}
	last := ""
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		res, err := client.Get("http://" + m.Address + ":9090/api/v1/status/flags")
		if err != nil {
			last = err.Error()
			continue
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if last = string(text); err == nil && strings.Contains(last, `"`+url+`"`) {
			return
		}
	}
	t.Fatalf("%s does not say that it is reached at %s, but: %s", m.ID, url, last)
}

func (m instance) url() string { return "http://" + m.Host + ":9090/" }

// self is what makes a machine itself: how often the first-boot script ran on
// its disk, what that set, its ids and keys.
type self struct{ boots, settings, instance, machine, hostKey string }

func (c customer) self(t *testing.T, m instance) self {
	t.Helper()
	out := c.ssh(t, m, `cloud-init status --wait >/dev/null
grep -c '^first boot:' /var/log/prometheus-first-boot.log
sha256sum </etc/default/prometheus
cat /var/lib/cloud/data/instance-id
cat /etc/machine-id
cat /etc/ssh/ssh_host_ed25519_key.pub`)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 5 {
		t.Fatalf("%s says of itself %q", m.ID, out)
	}
	return self{lines[0], lines[1], lines[2], lines[3], lines[4]}
}

// customersMachines starts a machine from the AMI, stops and starts it, and
// starts another from an image of it.
func customersMachines(t *testing.T, b *box, name string) {
	c := customer{env: b.env(t, "customer", ""), key: filepath.Join(t.TempDir(), "key")}
	var first, again, clone instance
	c.do(t, &first, "launch", name)
	first.knows(t, first.url())
	was := c.self(t, first)
	if was.boots != "1" || was.instance != first.ID || len(was.machine) != 32 {
		t.Errorf("the first machine is %+v", was)
	}

	c.do(t, &again, "restart", first.ID)
	again.knows(t, first.url())
	if is := c.self(t, again); is != was {
		t.Errorf("a second boot made %+v of %+v", is, was)
	}

	var image string
	c.do(t, &image, "image", first.ID, "a copy")
	c.do(t, &clone, "launch", image)
	clone.knows(t, clone.url())
	is := c.self(t, clone)
	if is.boots != "2" || is.instance != clone.ID || is.hostKey == was.hostKey || is.settings == was.settings {
		t.Errorf("the machine from a copy is %+v, the one that was copied %+v", is, was)
	}

	var left int
	if c.do(t, &left, "end"); left != 0 {
		t.Errorf("%d instances are left", left)
	}
	if left := machinesOf(t, b); len(left) != 0 {
		t.Errorf("machines are left: %s", left)
	}
}
