package archtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// mostFiles is in how many files a kind of step is written down: its row, its decision and
// its applier.
const mostFiles = 3

// TestANewKindOfStep: a patch adds a made-up kind of step. What it adds is built and tested,
// and the tests of plan and apply hold with it.
func TestANewKindOfStep(t *testing.T) {
	patch, err := filepath.Abs(filepath.Join("testdata", "newkind", "kind.patch"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(patch)
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, m := range regexp.MustCompile(`(?m)^\+\+\+ b/(.*)$`).FindAllStringSubmatch(string(text), -1) {
		files = append(files, m[1])
	}
	if len(files) > mostFiles {
		t.Errorf("it takes %d files, want %d at most: %s", len(files), mostFiles, files)
	}
	overlay := patched(t, patch, files)
	for _, args := range [][]string{
		// the one that is left out reads the table's own file
		{"test", "-count=1", "-skip", "^TestKindsAreDescribed$", "-overlay", overlay, "./internal/plan", "./internal/reconcile", "./internal/apply", "./internal/report"},
		{"build", "-overlay", overlay, "-o", filepath.Join(filepath.Dir(overlay), "amiship"), "./cmd/amiship"},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = filepath.Join("..", "..")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	out, err := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(overlay), "amiship"), "explain", "--help").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "stamp a public AMI as inspected") {
		t.Errorf("the program does not have it: %v\n%s", err, out)
	}
}

// patched writes the patched files, and the test of what the patch adds, beside the tree,
// and the file by which the go command takes them in place of the real ones.
func patched(t *testing.T, patch string, files []string) (overlay string) {
	t.Helper()
	dir, replace := t.TempDir(), map[string]string{}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(root, f))
		if err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, f)] = filepath.Join(dir, f)
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, f)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, f), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "git", "apply", "--recount", patch)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the patch does not fit: adapt it: %v\n%s", err, out)
	}
	replace[filepath.Join(root, "internal", "reconcile", "stamp_test.go")] = filepath.Join(filepath.Dir(patch), "stamp_test.go.txt")
	list, err := json.Marshal(map[string]map[string]string{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}
