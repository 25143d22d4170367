package sabotage

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guarantee is a row of docs/explanation/guarantees.md.
type guarantee struct{ promise, file, test, sabotage string }

func guarantees(t *testing.T) (rows []guarantee) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "docs", "explanation", "guarantees.md"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if len(cells) == 4 && strings.HasPrefix(line, "| ") && cells[1] != "kept in" {
			rows = append(rows, guarantee{cells[0], cells[1], cells[2], strings.Trim(cells[3], " |")})
		}
	}
	return rows
}

// TestGuarantees holds docs/explanation/guarantees.md against what there is: each
// row names a file and a test, and each sabotage stands in one, with its own file.
func TestGuarantees(t *testing.T) {
	tests, files := testNames(t), map[string]string{}
	for _, g := range guarantees(t) {
		if _, err := os.Stat(filepath.Join(root, g.file)); err != nil {
			t.Errorf("%s: %v", g.promise, err)
		}
		if !tests[g.test] {
			t.Errorf("%s: there is no %s", g.promise, g.test)
		}
		if _, twice := files[g.sabotage]; twice && g.sabotage != "" {
			t.Errorf("%s stands twice", g.sabotage)
		}
		files[g.sabotage] = g.file
	}
	for _, s := range sabotages(t) {
		if files[s.name] != s.file {
			t.Errorf("%s changes %s, and stands in a row of %q", s.name, s.file, files[s.name])
		}
		delete(files, s.name)
	}
	delete(files, "")
	for name := range files {
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
