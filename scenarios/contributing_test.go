package scenarios

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var exampleScript = regexp.MustCompile("(?ms)^```txtar\n(.*?)^```$")

// TestExampleOfContributing: the scenario that CONTRIBUTING.md explains runs as it
// is printed there.
func TestExampleOfContributing(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := exampleScript.FindAllSubmatch(page, -1)
	if len(found) != 1 {
		t.Fatalf("%d scripts in CONTRIBUTING.md, want 1", len(found))
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "contributing.txtar"), found[0][1], 0o600); err != nil {
		t.Fatal(err)
	}
	runScripts(t, dir)
}
