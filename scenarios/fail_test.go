package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstallScriptFails: the script's last lines are shown, and nothing is
// left of the build: no machine, no claim, no key, no AMI.
func TestInstallScriptFails(t *testing.T) {
	t.Parallel()
	takePlace(t)
	b := realBox(t)
	before := worldOf(t, b)
	file := instantBundle(t)
	script := "#!/bin/bash\necho this is said before\necho 'install: the disk is made of cheese' >&2\nexit 3\n"
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "scripts", "install.sh"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	code, out := amiship(t, b.env(t, "vendor", ""), "release", "v2.42.0", "--file", file, "--poll", "500ms")
	if code != 1 {
		t.Errorf("exit %d, want 1", code)
	}
	for _, want := range []string{"FAILED", "build prometheus/amd64 in us-east-1", "this is said before", "the disk is made of cheese", "continue: amiship release v2.42.0"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	sameWorld(t, before, worldOf(t, b))
}
