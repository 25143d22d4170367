package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiship/sandbox"
	"amiship/sandbox/admin"
	"amiship/sandbox/sandboxtest"
)

func runSandbox(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := sandboxCommand(&app{})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	err := cmd.ExecuteContext(t.Context())
	return out.String(), err
}

// TestSandboxEnv lets a shell evaluate what is printed.
func TestSandboxEnv(t *testing.T) {
	state := sandboxtest.Start(t, "").State()
	env, err := runSandbox(t, "env", "--state", state, "--account", "customer", "--region", "eu-west-3")
	if err != nil {
		t.Fatal(err)
	}
	sh := exec.CommandContext(t.Context(), "sh", "-eu", "-c", env+`echo "$AWS_ENDPOINT_URL $AWS_REGION $AWS_DEFAULT_REGION $AWS_EC2_METADATA_DISABLED ${AWS_PROFILE-none} ${AWS_SESSION_TOKEN-none} ${#AWS_ACCESS_KEY_ID} ${#AWS_SECRET_ACCESS_KEY} $AWS_CONFIG_FILE $AWS_SHARED_CREDENTIALS_FILE"`)
	sh.Env = append(os.Environ(), "AWS_PROFILE=mine", "AWS_SESSION_TOKEN=old")
	out, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	url, _ := os.ReadFile(filepath.Join(state, sandbox.EndpointFile))
	want := strings.TrimSpace(string(url)) + " eu-west-3 eu-west-3 true none none 20 40 " + filepath.Join(state, "aws-config") + " " + filepath.Join(state, "aws-credentials") + "\n"
	if string(out) != want {
		t.Errorf("the shell has %swant %s", out, want)
	}
	if _, err := runSandbox(t, "env", "--state", state, "--account", "nobody"); err == nil || !strings.Contains(err.Error(), `no account "nobody"`) {
		t.Errorf("for nobody: %v", err)
	}
}

func TestSandboxAdvanceDumpStop(t *testing.T) {
	state := sandboxtest.Start(t, "").State()
	out, err := runSandbox(t, "advance", "1d2h", "--state", state)
	if err != nil {
		t.Fatal(err)
	}
	now, err := time.Parse(time.RFC3339, strings.TrimSpace(out))
	if ahead := time.Until(now); err != nil || ahead < 25*time.Hour || ahead > 27*time.Hour {
		t.Errorf("after 26 h it prints %q (%v)", out, err)
	}
	if out, err := runSandbox(t, "dump", "--state", state); err != nil || !strings.Contains(out, `"accounts"`) {
		t.Errorf("dump: %.100s (%v)", out, err)
	}
	if _, err := runSandbox(t, "stop", "--state", state); err != nil {
		t.Error(err)
	}
	_, err = runSandbox(t, "dump", "--state", state)
	var h *hinted
	if !errors.Is(err, admin.ErrNotRunning) || !errors.As(err, &h) || h.hint != "amiship sandbox --state "+state+" starts one" {
		t.Errorf("when it is gone: %v", err)
	}
}

func TestSandboxOnATakenState(t *testing.T) {
	state := sandboxtest.Start(t, "").State()
	_, err := runSandbox(t, "--state", state, "--listen", "127.0.0.1:0", "--driver", "instant")
	var h *hinted
	if !errors.Is(err, admin.ErrLocked) || !errors.As(err, &h) || !strings.HasPrefix(h.hint, "amiship sandbox stop") {
		t.Errorf("a second one: %v", err)
	}
}

func TestSandboxFault(t *testing.T) {
	state := sandboxtest.Start(t, "").State()
	if _, err := runSandbox(t, "fault", "--state", state, "--region", "eu-*", "--action", "Copy*", "--times", "2"); err != nil {
		t.Error(err)
	}
	if _, err := runSandbox(t, "fault", "--state", state, "--off"); err != nil {
		t.Error(err)
	}
	if _, err := runSandbox(t, "fault", "--state", state, "--ends", "badly"); err == nil || !strings.Contains(err.Error(), `ends "badly"`) {
		t.Errorf("an ending that there is not: %v", err)
	}
}

func TestSandboxFaultsOfAFile(t *testing.T) {
	state := sandboxtest.Start(t, "").State()
	for text, want := range map[string]string{
		"- {region: eu-west-3, for: 20m}\n- {action: CopyImage, ends: failed}\n": "",
		"":                                    "",
		"- {regoin: eu-west-3}\n":             "regoin",
		"- {ends: badly}\n":                   `fault 1: ends "badly"`,
		"- {region: eu-west-3, signed: 5m}\n": "",
		"- {signed: 5m, status: 500}\n":       "fault 1: signed is a limit",
	} {
		file := filepath.Join(t.TempDir(), "faults.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := runSandbox(t, "fault", "--state", state, "--file", file)
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestParseDays(t *testing.T) {
	tests := map[string]time.Duration{
		"90s": 90 * time.Second, "26h": 26 * time.Hour, "3d": 72 * time.Hour, "1d12h": 36 * time.Hour, "0d": 0, "1d1h30m": 25*time.Hour + 30*time.Minute,
		"": -1, "d": -1, "x": -1, "1x": -1, "-1h": -1, "1d-1h": -1, "-1d": -1, "1.5d": -1, "1h1d": -1,
	}
	for in, want := range tests {
		got, err := parseDays(in)
		if (err != nil) != (want < 0) || (err == nil && got != want) {
			t.Errorf("%q is %v (%v), want %v", in, got, err, want)
		}
	}
}

func TestPrintCalls(t *testing.T) {
	log := `{"At":"2026-11-22T12:00:00Z","Service":"ec2","Action":"DescribeImages","Region":"eu-west-1","Account":"123456789012","Status":200,"ReadOnly":true}
{"At":"2026-11-22T12:00:01Z","Service":"ec2","Action":"CopyImage","Region":"eu-west-1","Account":"123456789012","Status":400,"Code":"InvalidAMIID.NotFound"}
{"At":"2026-11-22T12:00:02Z","Service":"ec2","Action":"CopyImage","Region":"eu-west-1","Account":"123456789012","Status":412,"Code":"DryRunOperation"}
{"At":"2026-11-22T12:00:03Z","Service":"ec2","Action":"CopyImage","Region":"eu-west-1","Account":"123456789012","Status":500,"Code":"InternalError"}
{"At":"2026-11-22T12:00`
	const broke = "2026-11-22T12:00:03Z eu-west-1      123456789012 ec2:CopyImage 500 InternalError\n"
	tests := map[string]struct {
		changes bool
		want    string
	}{
		"all": {false, "2026-11-22T12:00:00Z eu-west-1      123456789012 ec2:DescribeImages 200 \n2026-11-22T12:00:01Z eu-west-1      123456789012 ec2:CopyImage 400 InvalidAMIID.NotFound\n" +
			"2026-11-22T12:00:02Z eu-west-1      123456789012 ec2:CopyImage 412 DryRunOperation\n" + broke},
		"changes": {true, broke},
	}
	for name, tt := range tests {
		var out bytes.Buffer
		calls, err := readCalls(strings.NewReader(log), tt.changes)
		if err != nil {
			t.Fatal(err)
		}
		printCalls(&out, calls)
		if out.String() != tt.want {
			t.Errorf("%s: printed\n%swant\n%s", name, out.String(), tt.want)
		}
	}
}
