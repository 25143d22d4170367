package packer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"amiship/sandbox/exectest"
)

// fake writes a shell script that stands in for packer, and a template.
func fake(t *testing.T, script string) (Runner, Build) {
	t.Helper()
	dir := t.TempDir()
	program, template := filepath.Join(dir, "packer"), filepath.Join(dir, "image.pkr.hcl")
	const declares = "variable \"source_ami\" {}\nvariable \"tags\" {}\nvariable \"manifest\" {}\nvariable \"license_file\" {}\nvariable \"custom_endpoint_ec2\" {}\n"
	for name, text := range map[string]string{program: "#!/bin/bash\n" + script, template: declares} {
		exectest.Write(t, name, text)
	}
	return Runner{Path: program, Grace: 5 * time.Second}, Build{Template: template, Vars: map[string]any{"source_ami": "ami-base"}}
}

const (
	artifact = `echo "1,amazon-ebs.x,artifact,0,id,us-east-1:ami-from-output"` + "\n"
	vars     = `vars=$(echo "$@" | tr ' ' '\n' | sed -n 's/-var-file=//p')` + "\n"
	manifest = vars + `cat >"$(sed -n 's/.*"manifest": "\([^"]*\)".*/\1/p' "$vars")" <<END
{"builds": [{"artifact_id": "us-east-1:ami-old", "packer_run_uuid": "a"}, {"artifact_id": "us-east-1:ami-0123", "packer_run_uuid": "b"}], "last_run_uuid": "b"}
END
`
)

func TestBuildFindsTheAMI(t *testing.T) {
	for name, c := range map[string]struct{ script, ami, err string }{
		"in the manifest":           {artifact + manifest, "ami-0123", ""},
		"in the output":             {artifact, "ami-from-output", ""},
		"not at all":                {"true", "", `made "", not one AMI`},
		"copied to a second region": {`echo "1,x,artifact,0,id,us-east-1:ami-1%!(PACKER_COMMA)eu-west-1:ami-2"`, "", "not one AMI"},
	} {
		t.Run(name, func(t *testing.T) {
			r, b := fake(t, c.script)
			res, err := r.Build(t.Context(), b)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Fatalf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if res.AMI != c.ami || res.Region != "us-east-1" || res.Base != "ami-base" || res.Took <= 0 {
				t.Errorf("got %+v", res)
			}
		})
	}
}

func TestBuildFails(t *testing.T) {
	r, b := fake(t, `
echo '1,,ui,message,    amazon-ebs.x: Unpacking'
echo '1,,ui,error,==> amazon-ebs.x: dpkg: no space%!(PACKER_COMMA) left on license-0815'
echo '1,,ui,say,==> amazon-ebs.x: Provisioning step had errors: Running the cleanup provisioner'
echo '1,,ui,say,==> amazon-ebs.x: Terminating'
echo '1,amazon-ebs.x,error,Script exited with non-zero exit status: 3'
exit 1`)
	var log bytes.Buffer
	b.Log, b.Secrets = &log, []string{"license-0815"}
	_, err := r.Build(t.Context(), b)
	const want = "packer build: Script exited with non-zero exit status: 3\n  | Unpacking\n  | dpkg: no space, left on [secret]"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if strings.Contains(log.String(), "0815") || !strings.Contains(log.String(), "Terminating\n") {
		t.Errorf("log: %s", &log)
	}
}

// TestWhatPackerNamesAsAnError: only its errors count, not what it prints otherwise.
func TestWhatPackerNamesAsAnError(t *testing.T) {
	r, b := fake(t, `echo "1,,ui,say,InsufficientX"; echo "1,amazon-ebs.x,error,Error launching source instance: InsufficientY: no"; exit 1`)
	_, err := r.Build(t.Context(), b)
	var failed *Error
	if !errors.As(err, &failed) || !failed.Says("InsufficientY") || failed.Says("InsufficientX") {
		t.Errorf("got %v", err)
	}
}

func TestBuildKeepsSecretsOffTheCommandLine(t *testing.T) {
	r, b := fake(t, vars+`
echo "1,,ui,say,args $*"
echo "1,,ui,say,mode $(stat -c %a "$vars" "$(dirname "$vars")/license_file" "$(dirname "$vars")" | xargs)"
echo "1,,ui,say,vars $(grep -c '"tags"' "$vars") $(grep -c undeclared "$vars") $(grep -c 0815 "$vars")"
echo "1,,ui,say,license $(tail -n 1 "$(dirname "$vars")/license_file")"
echo "1,,ui,say,session $AWS_SESSION_TOKEN; log $PACKER_LOG$PACKER_LOG_PATH$PACKER_TMP_DIR; cache $PACKER_CACHE_DIR"
echo "1,,ui,say,env $CI_TOKEN $PKR_VAR_x $AWS_PROFILE $CHECKPOINT_DISABLE $AWS_POLL_DELAY_SECONDS $AWS_MAX_ATTEMPTS"
`+artifact)
	var log bytes.Buffer
	r.Env = []string{
		"PATH=" + os.Getenv("PATH"), "CI_TOKEN=token", "PKR_VAR_x=sneaked", "AWS_PROFILE=vendor", "AWS_SESSION_TOKEN=session-0815",
		"PACKER_LOG=1", "PACKER_LOG_PATH=/tmp/packer.log", "PACKER_TMP_DIR=/tmp", "PACKER_CACHE_DIR=/cache",
	}
	b.Log = &log
	b.Vars["tags"], b.Vars["undeclared"] = map[string]string{"A": "${b}"}, "x"
	b.Files = map[string][]byte{"license_file": []byte("BEGIN\nlicense-0815\n")}
	if _, err := r.Build(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"mode 600 600 700\n", "vars 1 0 0\n", "license [secret]\n", "session [secret]; log ; cache /cache\n", "PACKER_LOG_PATH is not handed on", "env   vendor 1 2 1800\n"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in\n%s", want, &log)
		}
	}
	if strings.Contains(log.String(), "0815") {
		t.Errorf("the license shows up in\n%s", &log)
	}
}

// TestRenamedVariables: a template gets a variable by the names that it declares, be they
// today's or those of before.
func TestRenamedVariables(t *testing.T) {
	for name, c := range map[string]struct{ declares, want string }{
		"today's name": {`variable "license_file" {}`, "license_file"},
		"the old one":  {`variable "licence_file" {}`, "licence_file"},
		"both":         {"variable \"license_file\" {}\nvariable \"licence_file\" {}", "licence_file license_file"},
		"neither":      {`variable "tags" {}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, b := fake(t, vars+`echo "1,,ui,say,given: $(sed -n 's/.*"\(lic[a-z_]*\)": "\(.*\)",*/\1/p' "$vars" | xargs)."`+"\n"+
				`echo "1,,ui,say,read: $(sed -n 's/.*"lic[a-z_]*": "\(.*\)".*/\1/p' "$vars" | xargs head -qn 1)."`+"\n"+artifact)
			if err := os.WriteFile(b.Template, []byte(c.declares), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			b.Log, b.Files = &log, map[string][]byte{"license_file": []byte("seats-0815\n")}
			if _, err := r.Build(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			if text := log.String(); !strings.Contains(text, "given: "+c.want+".\n") || c.want != "" && !strings.Contains(text, "read: [secret]") {
				t.Errorf("want %q, log: %s", c.want, text)
			}
		})
	}
}

func TestCancelLetsPackerCleanUp(t *testing.T) {
	r, b := fake(t, `trap 'echo "1,,ui,say,cleaned up"; exit 1' INT
echo "1,,ui,say,started"; while :; do sleep 0.1; done`)
	ctx, cancel := context.WithCancel(t.Context())
	log := &watcher{when: "started", then: cancel}
	b.Log = log
	_, err := r.Build(ctx, b)
	if !errors.Is(err, context.Canceled) || !strings.Contains(log.String(), "cleaned up") {
		t.Errorf("got %v, log %s", err, log)
	}
}

func TestCancelKillsWhatDoesNotEnd(t *testing.T) {
	r, b := fake(t, `trap '' INT; sleep 300 & echo "1,,ui,say,pids $! $$"; wait; sleep 300`)
	r.Grace = 200 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	log := &watcher{when: "pids", then: cancel}
	b.Log = log
	if _, err := r.Build(ctx, b); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	gone(t, log.String())
}

// TestGuardOutlivesInterrupt: a guard that is there ignores ^C from its first moment, and
// its group ends with it also when something else has ended the guard.
func TestGuardOutlivesInterrupt(t *testing.T) {
	for range 20 {
		g, err := newGuard()
		if err != nil {
			t.Fatal(err)
		}
		pid := g.cmd.Process.Pid
		if err := syscall.Kill(-pid, syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		sleep := exec.CommandContext(t.Context(), "sleep", "300")
		sleep.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: pid}
		if err := sleep.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Millisecond)
		if zombie(strconv.Itoa(pid)) {
			t.Error("^C ended the guard")
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		g.end()
		if err := sleep.Wait(); err == nil {
			t.Error("sleep outlived its guard")
		}
	}
}

// watcher is a log that calls a function when it has read some word.
type watcher struct {
	text []byte
	when string
	then func()
}

func (w *watcher) String() string { return string(w.text) }

func (w *watcher) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	if strings.Contains(w.String(), w.when) {
		w.then()
	}
	return len(p), nil
}

// gone waits until the processes named by "pids" have ended.
func gone(t *testing.T, log string) {
	t.Helper()
	_, text, _ := strings.Cut(log, "pids ")
	pids := strings.Fields(text)
	if len(pids) < 2 {
		t.Fatalf("no pids in %q", log)
	}
	for _, pid := range pids[:2] {
		n, err := strconv.Atoi(pid)
		if err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(5 * time.Second); syscall.Kill(n, 0) == nil && !zombie(pid); time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("process %s is still there", pid)
			}
		}
	}
}

// zombie reports whether a process is dead but for its parent's notice.
func zombie(pid string) bool {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && strings.Contains(string(text), ") Z ")
}

// killedLeavesNothing kills a process when it has said "pids", two of them, and a
// directory, all of which must be gone soon.
func killedLeavesNothing(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	log := &watcher{when: "pids", then: func() { _ = cmd.Process.Kill() }}
	cmd.Stdout = log
	if err := cmd.Run(); err == nil {
		t.Fatalf("the process was not killed: %s", log)
	}
	gone(t, log.String())
	dir := strings.Fields(log.String())[3]
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
}

// TestNothingOutlivesUs kills a process that runs a build, and looks for what
// it leaves behind.
func TestNothingOutlivesUs(t *testing.T) {
	if template := os.Getenv("PACKER_TEST_BUILD"); template != "" {
		_, err := Runner{Path: filepath.Join(filepath.Dir(template), "packer")}.Build(t.Context(), Build{Template: template, Log: os.Stdout})
		t.Fatal("the build ended: ", err)
	}
	_, b := fake(t, vars+`trap '' INT; sleep 300 & echo "1,,ui,say,pids $! $$ $(dirname "$vars")"; wait; sleep 300`)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=TestNothingOutlivesUs")
	cmd.Env = append(os.Environ(), "PACKER_TEST_BUILD="+b.Template)
	killedLeavesNothing(t, cmd)
}

// TestKilledBeforePacker kills a process that has a build's directory and has not
// started Packer yet: a license may be in it by then.
func TestKilledBeforePacker(t *testing.T) {
	if os.Getenv("PACKER_TEST_GUARD") != "" {
		g, err := newGuard()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(g.dir, "license"), []byte("secret"), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(os.Stdout, "pids", g.cmd.Process.Pid, os.Getpid(), g.dir)
		time.Sleep(time.Minute)
		t.Fatal("this was not killed")
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=TestKilledBeforePacker")
	cmd.Env = append(os.Environ(), "PACKER_TEST_GUARD=1")
	killedLeavesNothing(t, cmd)
}

// TestVersionHasItsOwnPlace for what Packer writes, and leaves none.
func TestVersionHasItsOwnPlace(t *testing.T) {
	r, _ := fake(t, `touch "$TMPDIR/packer-log-left"; echo "Packer v1.6.6"; echo "$TMPDIR" >"$(dirname "$0")/place"; yes | head -c 100000`)
	got, err := r.Version(t.Context())
	if err != nil || got != "1.6.6" {
		t.Errorf("got %q, %v", got, err)
	}
	place, err := os.ReadFile(filepath.Join(filepath.Dir(r.Path), "place"))
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSpace(string(place))
	if _, err := os.Stat(dir); !strings.Contains(dir, "amiship-packer-") || !os.IsNotExist(err) {
		t.Errorf("it wrote into %q, which is there: %v", dir, err)
	}
}

func TestNoPacker(t *testing.T) {
	_, err := Runner{Path: filepath.Join(t.TempDir(), "packer")}.Build(t.Context(), Build{})
	if !errors.Is(err, ErrNotInstalled) {
		t.Errorf("got %v", err)
	}
}

// TestRequiredVariables: a template that would do without a variable that it must use is
// not built from.
func TestRequiredVariables(t *testing.T) {
	template := filepath.Join(t.TempDir(), "image.pkr.hcl")
	if err := os.WriteFile(template, []byte("variable \"tags\" {}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, required := range []string{"tags", "security_group_id"} {
		err := keepDeclared(map[string]any{}, template, []string{required})
		if named := err != nil && strings.Contains(err.Error(), "declares no variable "+required); named != (required == "security_group_id") {
			t.Errorf("%s: %v", required, err)
		}
	}
}
