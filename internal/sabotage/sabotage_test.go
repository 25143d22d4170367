// Package sabotage breaks the promises of the design, one at a time, and expects
// some test to notice. It is tests only.
//
// A sabotage that no longer fits the code is a fault as well. Correct it, or
// write another for the same promise.
package sabotage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = "../.."

// sabotage is a change that breaks one promise of the design. A file of
// testdata/sabotage begins with the promise, the file to change and the packages
// whose tests guard it; then come a text that stands there once, within a function,
// and another for its place.
type sabotage struct {
	name          string
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
	s := sabotage{name: strings.TrimSuffix(filepath.Base(path), ".txt"), from: from, to: strings.TrimSuffix(to, "\n")}
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

// sabotages are all that there are.
func sabotages(t *testing.T) []sabotage {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "testdata", "sabotage", "*.txt"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d sabotages, want 20 at least: %v", len(files), err)
	}
	all := make([]sabotage, len(files))
	for i, path := range files {
		all[i] = readSabotage(t, path)
	}
	return all
}

// TestSabotagesFit: each changes a text that is in its file once, within a function.
func TestSabotagesFit(t *testing.T) {
	_, unfit := changed(t, sabotages(t))
	for name, err := range unfit {
		t.Errorf("correct the sabotage %s: %v", name, err)
	}
}

// TestSabotageIsFound applies each sabotage, and expects some test of its guards
// to fail that passes without it: a promise that nothing guards is none. The test that
// the guarantee's row names runs first.
func TestSabotageIsFound(t *testing.T) {
	all, named := sabotages(t), map[string]string{}
	for _, g := range guarantees(t) {
		named[g.sabotage] = g.test
	}
	in, unfit := newTree(t, all)
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			if err := unfit[s.name]; err != nil {
				t.Fatalf("correct the sabotage: %v", err)
			}
			for _, guard := range s.guards {
				if in.noticed(t, s.name, guard, named[s.name]) {
					return
				}
			}
			t.Errorf("broken, and no test of %s fails: %s", strings.Join(s.guards, " "), s.promise)
		})
	}
}
