package archtest

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiship/sandbox/exectest"
)

// fake puts programs before all others of their names, for the command.
func fake(t *testing.T, cmd *exec.Cmd, programs map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range programs {
		exectest.Write(t, filepath.Join(dir, name), "#!/bin/sh\n"+script+"\n")
	}
	cmd.Env = append(cmd.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
}

func TestOffered(t *testing.T) {
	for name, c := range map[string]struct{ candidate, want string }{
		"Debian's":            {"2.42.0+ds-5+deb12u1", "v2.42.0\n"},
		"with an epoch":       {"1:3.5.0-1", "v3.5.0\n"},
		"native":              {"1.2.3", "v1.2.3\n"},
		"a release candidate": {"3.0.0~rc.1+ds-1", "v3.0.0-rc.1\n"},
		"none":                {"(none)", ""},
		"an unknown one":      {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), filepath.Join(root, "script/offered"), "prometheus")
			answer := "prometheus:\n  Installed: (none)\n  Candidate: " + c.candidate + "\n"
			if c.candidate == "" {
				answer = ""
			}
			fake(t, cmd, map[string]string{"apt-cache": "printf '" + answer + "'"})
			out, err := cmd.Output()
			if string(out) != c.want || (err == nil) != (c.want != "") {
				t.Errorf("got %q, %v, want %q", out, err, c.want)
			}
		})
	}
}

func TestNothing(t *testing.T) {
	for name, c := range map[string]struct {
		command string
		ok      bool
	}{
		"prints nothing": {"true", true},
		"finds a fault":  {"echo fault", false},
		"fails":          {"exit 3", false},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), filepath.Join(root, "script/nothing"), "faults", "sh", "-c", c.command).CombinedOutput()
			if (err == nil) != c.ok {
				t.Errorf("got %v, %s", err, out)
			}
		})
	}
}

// copyScripts returns a copy of script/, in a tree where it can do no harm.
func copyScripts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	gomod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "go.mod"), gomod, 0o600)
	}
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, "script"), os.DirFS(filepath.Join(root, "script")))
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "script")
}

// installedAll stands for a machine on which script/setup finds everything: each
// program exists, python3 has boto3, and apt offers what is released.
func installedAll() map[string]string {
	programs := map[string]string{
		"apt-cache": "echo '  Candidate: 1.0-1'",
		"apt-get":   "exit 0",
		"sudo":      `exec "$@"`,
		"gcc":       "cat", // reads its input, or the pipe to it breaks
	}
	for _, name := range []string{"git", "packer", "mmdebstrap", "qemu-aarch64-static", "shellcheck", "ssh", "python3", "gpg", "aws"} {
		programs[name] = "exit 0"
	}
	return programs
}

// TestSetup: script/setup says what to install where it cannot do so itself. It
// runs on fake programs, so the result does not depend on this machine.
func TestSetup(t *testing.T) {
	for name, c := range map[string]struct {
		programs map[string]string
		want     string
	}{
		"all is there":          {nil, "setup: all is there\n"},
		"Go is too old":         {map[string]string{"go": `[ "$1" = version ] && echo go version go1.21.0 linux/amd64; exit 1`}, "go1.21.0 is too old: install 1."},
		"another python3":       {map[string]string{"python3": "exit 1"}, "does not see boto3, which Debian's python3 has"},
		"apt lacks a package":   {map[string]string{"python3": "exit 1", "apt-cache": "exit 0"}, "apt offers no python3-boto3"},
		"apt-get fails":         {map[string]string{"python3": "exit 1", "apt-get": "[ $2 = update ] || { echo no room >&2; exit 100; }"}, "setup: apt-get: no room"},
		"apt knows nothing yet": {map[string]string{"apt-cache": "exit 0"}, "setup: apt-get update, apt-get install nothing\n"},
	} {
		t.Run(name, func(t *testing.T) {
			programs := installedAll()
			maps.Copy(programs, c.programs)
			cmd := exec.CommandContext(t.Context(), filepath.Join(copyScripts(t), "setup"), "tests")
			fake(t, cmd, programs)
			out, err := cmd.CombinedOutput()
			fails := c.programs != nil && name != "apt knows nothing yet"
			if !strings.Contains(string(out), c.want) || (err != nil) != fails {
				t.Errorf("got %v, %s\nwant %s", err, out, c.want)
			}
		})
	}
}

// TestUnit: every package is tested once, this one by make check, and with the race
// detector where its code runs at once. Who is not root runs the tests of real machines, and no others, through sudo;
// a failure of any part is one of the whole.
func TestUnit(t *testing.T) {
	const list = `shift; for p; do case "$p" in
./...) printf 'amiship/%s\n' internal/archtest internal/calm internal/busy sandbox/ec2 real ;;
./sandbox/...) echo amiship/sandbox/ec2 ;;
*) echo "amiship/${p#./}" ;;
esac; done; exit`
	const run = `[ "$1" = build ] && exit; shift 3; case "$*" in *amiship/"$FAILS") echo "$@"; exit 1 ;; esac; echo "$@"`
	want := []string{
		"-tags races -parallel 16 amiship/scenarios", "-timeout 80m -race amiship/real", "-race amiship/sandbox/ec2 amiship/internal/busy", "-timeout 80m amiship/internal/calm",
	}
	for name, c := range map[string]struct {
		user, fails string
		ok          bool
	}{
		"root":                         {"0", "", true},
		"a user":                       {"1000", "", true},
		"a real machine fails":         {"1000", "real", false},
		"a scenario fails":             {"1000", "scenarios", false},
		"what runs at once fails":      {"0", "internal/busy", false},
		"what decides by values fails": {"0", "internal/calm", false},
	} {
		t.Run(name, func(t *testing.T) {
			scripts := copyScripts(t)
			for name, text := range map[string]string{"busy": "package busy\n\nfunc f() {\n\tgo f()\n}\n", "calm": "package calm\n\n// to go far\n"} {
				plant(t, filepath.Dir(scripts), filepath.Join("internal", name, name+".go"), text)
			}
			cmd := exec.CommandContext(t.Context(), filepath.Join(scripts, "unit"), "./real", "./scenarios")
			fake(t, cmd, map[string]string{"id": "echo " + c.user, "sudo": "exit 0", "go": `[ "$1" = list ] && { ` + list + "; }\n" + run})
			cmd.Env = append(cmd.Env, "FAILS="+c.fails)
			out, err := cmd.CombinedOutput()
			if (err == nil) != c.ok {
				t.Errorf("got %v, want success to be %t", err, c.ok)
			}
			if strings.Contains(string(out), "archtest") {
				t.Errorf("make check has run this: %s", out)
			}
			for _, want := range want {
				if c.user != "0" {
					for _, rooted := range []string{"amiship/scenarios", "amiship/real"} {
						want = strings.ReplaceAll(want, rooted, "-exec "+scripts+"/as-root "+rooted)
					}
				}
				if strings.Count(string(out), want+"\n") != 1 {
					t.Errorf("got %s\nwant %s", out, want)
				}
			}
		})
	}
}

// plant writes a file of a made-up tree.
func plant(t *testing.T, tree, name, text string) {
	t.Helper()
	path := filepath.Join(tree, name)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}
