package scenarios

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// raceScripts run the product with the race detector under the tag races, as CI has it:
// they go through every loop and every kind of step. With all scripts, CI would take half
// as long again.
var raceScripts = map[string]bool{
	"release": true, "package-replaced": true, "replaced": true, "retire": true, "throttled": true, "waive": true, "withdraw": true,
}

// racing builds the product with the race detector, once. In CI its packages were compiled
// so before: it is linked only.
var racing = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(program), "race", "amiship")
	out, err := exec.Command("go", "build", "-race", "-o", path, "amiship/cmd/amiship").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// raced is the product with the race detector, where that is asked for. A race is told on
// standard error, and ends a run with 66 that would have ended with 0.
func raced(t testing.TB) string {
	t.Helper()
	if !underRace {
		return program
	}
	path, err := racing()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// withRaces has a script use it. A race fails the script, whatever the exit code is.
func withRaces(env *testscript.Env) (string, error) {
	if name := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-"); !underRace || !raceScripts[name] {
		return program, nil
	}
	reports := filepath.Join(env.WorkDir, "race")
	env.Setenv("GORACE", "log_path="+reports)
	env.Defer(func() {
		found, _ := filepath.Glob(reports + ".*") // the pattern is right
		for _, report := range found {
			text, _ := os.ReadFile(report)
			env.T().Fatal(string(text))
		}
	})
	return racing()
}

// TestRaceScripts: each that is named is there.
func TestRaceScripts(t *testing.T) {
	for name := range raceScripts {
		if _, err := os.Stat(filepath.Join("testdata", "script", name+".txtar")); err != nil {
			t.Error(err)
		}
	}
}
