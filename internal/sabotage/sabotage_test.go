// Package sabotage breaks the promises of the design, one at a time, and expects
// some test to notice. It is tests only.
//
// A sabotage that no longer fits the code is a fault as well. Correct it, or
// write another for the same promise.
package sabotage

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = "../.."

// sabotage is a change that breaks one promise of the design. A file of
// testdata/sabotage begins with the promise, the file to change and the packages
// whose tests guard it; then come a text that stands there once, and another for
// its place.
type sabotage struct {
	promise, file string
	guards        []string
	from, to      string
}

func readSabotage(t *testing.T, path string) sabotage {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(text), "\n--- from\n")
	from, to, ok2 := strings.Cut(rest, "\n--- to\n")
	if !ok || !ok2 {
		t.Fatalf("%s: want a head, --- from, and --- to", path)
	}
	s := sabotage{from: from, to: strings.TrimSuffix(to, "\n")}
	for line := range strings.Lines(head) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "promise":
			s.promise = value
		case "file":
			s.file = value
		case "guards":
			s.guards = strings.Fields(value)
		default:
			t.Fatalf("%s: no line %q", path, line)
		}
	}
	if s.promise == "" || s.file == "" || len(s.guards) == 0 {
		t.Fatalf("%s: names no promise, file or guards", path)
	}
	return s
}

// overlay writes the changed file beside the tree, and the file by which the go
// command takes it in place of the real one.
func (s sabotage) overlay(t *testing.T) string {
	t.Helper()
	real, err := filepath.Abs(filepath.Join(root, s.file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(real)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), s.from); n != 1 {
		t.Fatalf("%s has the text to change %d times, want once: correct the sabotage\n%s", s.file, n, s.from)
	}
	dir := t.TempDir()
	changed := filepath.Join(dir, filepath.Base(s.file))
	if err := os.WriteFile(changed, []byte(strings.Replace(string(text), s.from, s.to, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {real: changed}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(path, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSabotageIsFound applies each sabotage, and expects some test of its guards
// to fail: a promise that nothing guards is none.
func TestSabotageIsFound(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "testdata", "sabotage", "*.txt"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d sabotages, want 20 at least: %v", len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			s := readSabotage(t, path)
			overlay := s.overlay(t)
			for _, guard := range s.guards {
				if s.noticed(t, overlay, guard) {
					return
				}
			}
			t.Errorf("broken, and no test of %s fails: %s", strings.Join(s.guards, " "), s.promise)
		})
	}
}

// noticed builds a guard's tests over the overlay and runs them, in a directory
// where they may leave what they like. It reports whether one of them failed.
func (s sabotage) noticed(t *testing.T, overlay, guard string) bool {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", filepath.Join(dir, "guard"), guard)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("it does not build:\n%s", out)
	}
	run := exec.CommandContext(t.Context(), filepath.Join(dir, "guard"), "-test.failfast", "-test.timeout=10m")
	run.Dir = dir
	out, err := run.CombinedOutput()
	hangs := strings.Contains(string(out), "panic: test timed out") // what CI would notice, too
	if err != nil && !hangs && !strings.Contains(string(out), "--- FAIL: ") {
		t.Fatalf("no test has failed, and yet: %v\n%s", err, out)
	}
	return err != nil
}
