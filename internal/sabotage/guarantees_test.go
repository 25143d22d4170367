package sabotage

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGuarantees holds docs/explanation/guarantees.md against what there is: each
// row names a file and a test, and each sabotage stands in one, with its own file.
func TestGuarantees(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "docs", "explanation", "guarantees.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests, rows := testNames(t), map[string]string{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) != 4 || !strings.HasPrefix(line, "| ") || cells[1] == "kept in" {
			continue
		}
		file, test, name := cells[1], cells[2], strings.Trim(cells[3], " |")
		if _, err := os.Stat(filepath.Join(root, file)); err != nil {
			t.Errorf("%s: %v", cells[0], err)
		}
		if !tests[test] {
			t.Errorf("%s: there is no %s", cells[0], test)
		}
		if _, twice := rows[name]; twice && name != "" {
			t.Errorf("%s stands twice", name)
		}
		rows[name] = file
	}
	files, err := filepath.Glob(filepath.Join(root, "testdata", "sabotage", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".txt")
		if want := readSabotage(t, path).file; rows[name] != want {
			t.Errorf("%s changes %s, and stands in a row of %q", name, want, rows[name])
		}
		delete(rows, name)
	}
	delete(rows, "")
	for name := range rows {
		t.Errorf("there is no sabotage %s", name)
	}
}

var testName = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)

// testNames are those of the repository.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range testName.FindAllStringSubmatch(string(text), -1) {
			out[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
