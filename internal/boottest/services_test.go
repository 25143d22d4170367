package boottest

import (
	"fmt"
	"strings"
	"testing"

	"amiship/internal/release"
)

// TestPortsThatTheCatalogDoesNotName: what others reach, and the catalog says nothing of,
// is noted.
func TestPortsThatTheCatalogDoesNotName(t *testing.T) {
	const printed = `udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=71,fd=13))
udp UNCONN 0 0 172.31.0.11%eth0:68 0.0.0.0:* users:(("systemd-network",pid=69,fd=17))
udp UNCONN 0 0 0.0.0.0:161 0.0.0.0:*
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=110,fd=3))
tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=110,fd=4))
tcp LISTEN 0 511 [::1]:6379 [::]:* users:(("redis-server",pid=9,fd=7))
tcp LISTEN 0 511 *:9100 *:* users:(("node_exporter",pid=9,fd=7))
tcp LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=9,fd=7))
tcp LISTEN 0 511 0.0.0.0:5432 0.0.0.0:* users:(("postgres",pid=9,fd=7))
tcp LISTEN 0 511 0.0.0.0:8443 0.0.0.0:* users:(("java",pid=9,fd=7))
tcp LISTEN 0 511 0.0.0.0:9999 0.0.0.0:* users:(("x",pid=9,fd=7))
`
	v := newVisit(Test{
		Checks: []release.Check{{Path: "/", Port: 80}, {TCP: 5432}}, Ports: []Range{{8000, 9000}}, Allow: []string{"tcp/9999"},
	}, Machine{ID: "i-1"}, newKey(t))
	v.shell = answers{"ss -H": {out: printed}}
	want := "the image listens where the catalog names no port: tcp/9100 (node_exporter), udp/161"
	if got := v.listening(t.Context()); got != want {
		t.Errorf("got %s", got)
	}
	v.shell = answers{"ss -H": {out: strings.ReplaceAll(printed, "9100", "8100")}}
	v.test.Allow = []string{"*/9999", "udp/161"}
	if got := v.listening(t.Context()); got != "" {
		t.Errorf("with all named or allowed, got %s", got)
	}
}

// TestServicesThatFailed: with a check that failed, a service shows its state and the end
// of its journal, without secrets; with none it is a note.
func TestServicesThatFailed(t *testing.T) {
	machine := answers{
		"cloud-init status": {}, "machine-id": {out: "1"},
		"systemctl is-active":  {out: "inactive\n", exit: 3},
		"systemctl list-units": {out: "cloud-final.service loaded failed failed Execute cloud user/final scripts\nredis-server.service loaded failed failed Advanced key-value store\n"},
		"show --property=ActiveState,SubState,Result,ExecMainStatus,UnitFileState redis-server": {
			out: "ActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainStatus=217\nUnitFileState=enabled\n\nStarting\nFailed: {\"seats\": 5}\n",
		},
		"show --property=ActiveState,SubState,Result,ExecMainStatus,UnitFileState app-web": {
			out: "ActiveState=inactive\nSubState=dead\nResult=success\nExecMainStatus=0\nUnitFileState=disabled\n\n",
		},
	}
	v := newVisit(Test{Hide: hide, Checks: []release.Check{{Run: "sudo systemctl is-active --quiet app-web.service"}}}, Machine{ID: "i-1"}, newKey(t))
	v.shell = machine
	v.inspect(t.Context())
	rep := v.test.report(t.Context(), []*visit{v})
	want := []string{
		"i-1: run sudo systemctl is-active --quiet app-web.service: exit status 3, want 0: inactive",
		"i-1: service app-web: is inactive (dead), and disabled: nothing starts it at boot (systemctl enable app-web)",
		"i-1: service redis-server: is failed (failed), exit-code, status 217; its journal ends: Starting Failed: [secret]",
	}
	if got := fmt.Sprint(rep.Failures); got != fmt.Sprint(want) || len(rep.Notes) != 0 {
		t.Errorf("got %s, noted %q", got, rep.Notes)
	}
	v.failures = nil
	if rep := v.test.report(t.Context(), []*visit{v}); len(rep.Failures) > 0 || fmt.Sprint(rep.Notes) != "["+want[2]+"]" {
		t.Errorf("got %v, noted %q", rep.Failures, rep.Notes)
	}
}
