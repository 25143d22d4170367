package archtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// tools are the programs that rules run, with the Debian package of each.
func tools() map[string]string {
	return map[string]string{"packer": "packer", "shellcheck": "shellcheck"}
}

// installed reports whether a program that a rule runs can be found. Where it is
// missing, the test's log names what to install and the rule checks less; in CI,
// where the log of a passing test is not read, the test fails.
func installed(t *testing.T, program string) bool {
	t.Helper()
	_, err := exec.LookPath(program)
	if err == nil {
		return true
	}
	if message, fails := missing(program, os.Getenv("CI")); fails {
		t.Error(message)
	} else {
		t.Log(message)
	}
	return false
}

// missing says what to install, and whether the environment (its variable CI)
// requires it.
func missing(program, ci string) (message string, fails bool) {
	fails = ci != "" && ci != "false"
	return fmt.Sprintf("%s is missing, so what it checks is NOT CHECKED here: apt-get install %s, or script/setup tests", program, tools()[program]), fails
}

func TestMissing(t *testing.T) {
	for name, c := range map[string]struct {
		ci    string
		fails bool
	}{
		"at a desk":        {ci: "", fails: false},
		"CI":               {ci: "true", fails: true},
		"CI, as 1":         {ci: "1", fails: true},
		"CI=false":         {ci: "false", fails: false},
		"CI, written True": {ci: "True", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			message, fails := missing("shellcheck", c.ci)
			if fails != c.fails || !strings.Contains(message, "apt-get install shellcheck") {
				t.Errorf("got %q, fails %t, want %t", message, fails, c.fails)
			}
		})
	}
}

// TestSetupInstallsTools: script/setup installs every program that a rule runs.
func TestSetupInstallsTools(t *testing.T) {
	setup := text(t, os.DirFS(root), "script/setup")
	for program, pkg := range tools() {
		if !strings.Contains(setup, program+":"+pkg) {
			t.Errorf("script/setup does not install %s from %s", program, pkg)
		}
	}
}

// shellcheck returns what shellcheck finds in the scripts below a directory.
func shellcheck(t *testing.T, dir string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "shellcheck", shellScripts(t, os.DirFS(dir))...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatalf("shellcheck: %v", err)
	}
	return string(out)
}

func TestShellScripts(t *testing.T) {
	if !installed(t, "shellcheck") {
		return
	}
	if found := shellcheck(t, root); found != "" {
		t.Error(found)
	}
	planted := t.TempDir()
	if err := os.CopyFS(planted, fstest.MapFS{"script/x": {Data: []byte("#!/bin/sh\nset -e\necho $1\n")}}); err != nil {
		t.Fatal(err)
	}
	if found := shellcheck(t, planted); !strings.Contains(found, filepath.Join("script", "x")) {
		t.Errorf("shellcheck does not find an unquoted variable: %q", found)
	}
}
