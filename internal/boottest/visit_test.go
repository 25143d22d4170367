package boottest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"amiship/internal/release"
)

// answers is a machine that says what stands in it, by a part of the command.
type answers map[string]result

func (a answers) run(_ context.Context, command string) (result, error) {
	if strings.Contains(command, "END-OF-INSPECTION") {
		if r, ok := a["inspection"]; ok {
			return r, nil
		}
		return result{out: "end\n"}, nil
	}
	for part, r := range a {
		if strings.Contains(command, part) {
			if r.exit < 0 {
				return r, errors.New("did not end in time")
			}
			return r, nil
		}
	}
	return result{}, nil
}

func (answers) close() {}

func newKey(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// newKeyPEM is a private key, as EC2 hands it out.
func newKeyPEM(t *testing.T) []byte {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(block)
}

func hide(text string) string { return strings.ReplaceAll(text, `{"seats": 5}`, "[secret]") }

func TestLogsHideSecrets(t *testing.T) {
	machine := answers{"cloud-init-output.log": {out: `the license is {"seats": 5}`}, "journalctl": {out: "nothing"}}
	v := &visit{test: Test{Hide: hide}, machine: Machine{ID: "i-1"}, shell: machine}
	logs := map[string][]byte{}
	v.logs(t.Context(), logs)
	if got := string(logs["i-1.cloud-init-output.log"]); got != "the license is [secret]" || string(logs["i-1.journal.log"]) != "nothing" {
		t.Errorf("got %q", logs)
	}
}

func TestWhatAMachineSays(t *testing.T) {
	key := newKey(t)
	own := string(ssh.MarshalAuthorizedKey(key.PublicKey()))
	builder := newKey(t)
	builders := string(ssh.MarshalAuthorizedKey(builder.PublicKey()))
	fine := answers{"cloud-init status": {out: "status: done"}, "machine-id": {out: "0123\n"}, "inspection": {out: "key\t/root/.ssh/authorized_keys\tcommand=\"echo no\" " + own + "key\t/home/admin/.ssh/authorized_keys\t" + own + "end\n"}}
	with := func(part string, r result) answers {
		a := answers{part: r}
		for k, v := range fine {
			if k != part {
				a[k] = v
			}
		}
		return a
	}
	for name, c := range map[string]struct {
		machine answers
		check   release.Check
		want    string // "": nothing is wrong
	}{
		"a good machine":           {machine: fine},
		"cloud-init with warnings": {machine: with("cloud-init status", result{out: "status: done", exit: 2})},
		"a script with an error":   {machine: answers{"cloud-init-output": {out: "first boot: failed: reconfigure\n"}, "cloud-init status": {exit: 1}, "machine-id": {out: "0"}}, want: "cloud-init: ended with an error: first boot: failed: reconfigure"},
		"cloud-init with an error": {machine: with("cloud-init status", result{out: "status: error\nscripts-per-instance", exit: 1}), want: "cloud-init: ended with an error: status: error scripts-per-instance"},
		"cloud-init that hangs":    {machine: with("cloud-init status", result{exit: -1}), want: "cloud-init: did not end in time"},
		"the builder's key":        {machine: with("inspection", result{out: "key\t/srv/deploy/.ssh/authorized_keys\t" + builders + "end\n"}), want: "authorized_keys /srv/deploy/.ssh/authorized_keys: lets in " + ssh.FingerprintSHA256(builder.PublicKey()) + " (), which is not the key of this launch"},
		"a command":                {machine: with("gitlab-ctl", result{out: "run: puma"}), check: release.Check{Run: "gitlab-ctl", Contains: "puma"}},
		"a command that fails":     {machine: with("gitlab-ctl", result{errors: "down: puma", exit: 6}), check: release.Check{Run: "gitlab-ctl"}, want: "run gitlab-ctl: exit status 6, want 0: down: puma"},
		"a command that may fail":  {machine: with("gitlab-ctl", result{exit: 6}), check: release.Check{Run: "gitlab-ctl", Exit: 6}},
		"another text":             {machine: with("gitlab-ctl", result{out: "nothing"}), check: release.Check{Run: "gitlab-ctl", Contains: "http://{host}"}, want: `printed "nothing", which does not contain "http://ec2-1"`},
		"a secret that is printed": {machine: with("show-license", result{out: `it is {"seats": 5}`}), check: release.Check{Run: "show-license", Contains: "6"}, want: `printed "it is [secret]", which does not contain "6"`},
		"a secret in an error":     {machine: with("show-license", result{errors: `{"seats": 5}`, exit: 1}), check: release.Check{Run: "show-license"}, want: "exit status 1, want 0: [secret]"},
		"a command that hangs":     {machine: with("gitlab-ctl", result{exit: -1}), check: release.Check{Run: "gitlab-ctl"}, want: "run gitlab-ctl: did not end in time"},
	} {
		t.Run(name, func(t *testing.T) {
			test := Test{Poll: time.Millisecond, Hide: hide, User: "admin"}
			if c.check.Run != "" {
				test.Checks = []release.Check{c.check}
			}
			v := newVisit(test, Machine{ID: "i-1", Host: "ec2-1"}, key)
			v.shell = c.machine
			v.inspect(t.Context())
			got := append(v.failures, test.judged([]*visit{v})...)
			switch {
			case c.want == "" && len(got) > 0:
				t.Errorf("got %v", got)
			case c.want != "" && (len(got) != 1 || !strings.Contains(got[0].String(), c.want)):
				t.Errorf("got %v\nwant %s", got, c.want)
			}
		})
	}
}

func TestWhatTwoMachinesHaveInCommon(t *testing.T) {
	visits := []*visit{
		{machine: Machine{ID: "i-1"}, prints: map[string]string{"key": "a\n", "id": "1", "secret": ""}},
		{machine: Machine{ID: "i-2"}, prints: map[string]string{"key": "a", "id": "2", "secret": "x"}},
	}
	got := compare(visits)
	if len(got) != 2 || got[0].String() != "i-1: secret: is empty; it must be the machine's own" ||
		got[1].String() != "key: is the same on i-1 and i-2; it must be each machine's own" {
		t.Errorf("got %v", got)
	}
}

func TestAPageIsAskedForUntilItIsRight(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked++; asked < 3 {
			http.Error(w, "starting", http.StatusBadGateway)
			return
		}
		_, _ = w.Write([]byte("I am " + r.URL.Path))
	}))
	defer server.Close()
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		t.Fatal(err)
	}
	m := Machine{ID: "i-1", Address: u.Hostname(), Host: "ec2-1"}
	check := release.Check{Port: port, Path: "/{instance}", Status: 200, Contains: "I am /i-1"}
	if err := Ask(t.Context(), time.Millisecond, m, check); err != nil || asked != 3 {
		t.Errorf("got %v after %d tries", err, asked)
	}
	check.Contains = "I am not"
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := Ask(ctx, time.Millisecond, m, check); err == nil || !strings.Contains(err.Error(), `does not contain "I am not"`) {
		t.Errorf("got %v", err)
	}
}
