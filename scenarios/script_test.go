package scenarios

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"amiship/sandbox/exectest"
)

// TestScripts runs testdata/script: one file for each thing that a user types.
// Beyond testscript's own commands they have
//
//	sandbox [FLAGS]   start one and point this script's environment at it
//	account NAME      become another of its accounts
//	bundle            put the example into the current directory, with a package from a file
func TestScripts(t *testing.T) {
	t.Parallel()
	runScripts(t, filepath.Join("testdata", "script"))
}

// runScripts runs the scripts of a directory.
func runScripts(t *testing.T, dir string) {
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			product, err := withRaces(env)
			if err != nil {
				return err
			}
			shim := awsShim(t)
			env.Setenv("PATH", strings.Join([]string{filepath.Dir(product), filepath.Dir(shim), env.Getenv("PATH")}, string(os.PathListSeparator)))
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandbox": cmdSandbox, "account": cmdAccount, "bundle": cmdBundle,
		},
	})
}

// awsShim is the AWS CLI, told where the sandbox is: Debian's is too old to read
// AWS_ENDPOINT_URL by itself.
func awsShim(t testing.TB) string {
	t.Helper()
	cli, err := loadedAWS()
	if err != nil {
		t.Fatal(err)
	}
	shim := filepath.Join(filepath.Dir(program), "shim", "aws")
	writeShim.Do(func() {
		exectest.Write(t, shim, "#!/bin/sh\nexec "+cli.command+" --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"\n")
	})
	return shim
}

var writeShim sync.Once

// awsProcess is the AWS CLI, which is loaded once for all calls: that takes a second of
// the CPU, and there are hundreds. It ends when its standard input is closed, as it is
// with this process.
type awsProcess struct {
	command string
	in      io.Closer
}

var loadedAWS = sync.OnceValues(func() (awsProcess, error) {
	script, err := filepath.Abs(filepath.Join("testdata", "forked_aws.py"))
	if err != nil {
		return awsProcess{}, err
	}
	socket := filepath.Join(filepath.Dir(program), "aws.sock")
	server := exec.Command("python3", script, socket)
	in, err := server.StdinPipe()
	if err != nil {
		return awsProcess{}, err
	}
	out, err := server.StdoutPipe()
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		return awsProcess{}, err
	}
	var python string
	if _, err := fmt.Fscanf(out, "ready %s\n", &python); err == nil {
		return awsProcess{fmt.Sprintf("'%s' -IS '%s' '%s'", python, script, socket), in}, nil
	}
	// One that is no package of this python3, such as version 2 as Amazon ships it.
	alone, err := exec.LookPath("aws")
	if err != nil {
		return awsProcess{}, fmt.Errorf("%w: make setup installs it", err)
	}
	return awsProcess{command: "'" + alone + "'", in: in}, nil
})

// awsCLI runs the AWS CLI against a sandbox.
func awsCLI(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), awsShim(t), args...)
	var faults strings.Builder
	cmd.Env, cmd.Stderr = env, &faults
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("aws %s: %v\n%s%s", strings.Join(args, " "), err, out, faults.String())
	}
	return strings.TrimSpace(string(out))
}

// failer lets helpers that want a testing.TB end a script.
type failer struct {
	testing.TB
	ts *testscript.TestScript
}

func (f failer) Helper()                           {}
func (f failer) Fatal(args ...any)                 { f.ts.Fatalf("%v", args) }
func (f failer) Fatalf(format string, args ...any) { f.ts.Fatalf(format, args...) }
func (f failer) Errorf(format string, args ...any) { f.ts.Fatalf(format, args...) }
func (f failer) Cleanup(fn func())                 { f.ts.Defer(fn) }

func cmdSandbox(ts *testscript.TestScript, _ bool, args []string) {
	for i := 1; i < len(args); i++ {
		if args[i-1] == "--world" || args[i-1] == "--as" {
			args[i] = ts.MkAbs(args[i])
		}
	}
	state := "state"
	if len(args) > 1 && args[0] == "--state" { // a second one
		state, args = args[1], args[2:]
	}
	b := startBox(failer{ts: ts}, ts.MkAbs(state), append([]string{"--driver", "instant", "--speed", "1000"}, args...)...)
	ts.Setenv("STATE", b.state)
	setAccount(ts, b, "vendor")
}

func cmdAccount(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 1 {
		ts.Fatalf("usage: account NAME")
	}
	setAccount(ts, &box{state: ts.Getenv("STATE")}, args[0])
}

func setAccount(ts *testscript.TestScript, b *box, account string) {
	for _, kv := range b.env(failer{ts: ts}, account, "") {
		if key, val, _ := strings.Cut(kv, "="); key != "PATH" && key != "HOME" {
			ts.Setenv(key, val)
		}
	}
}

func cmdBundle(ts *testscript.TestScript, _ bool, _ []string) {
	asksLittle(failer{ts: ts}, copyBundle(failer{ts: ts}, ts.MkAbs(".")))
}
