package apply

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"amiship/internal/plan"
	"amiship/internal/release"
)

// logging are builds whose logs go to a directory, and what they tell.
func logging(dir string) (b builds, told *[]string) {
	told = &[]string{}
	b = builds{targets: targets{desired: &release.Desired{Project: "p", Tag: "v1"}}, logs: dir, log: slog.New(slog.DiscardHandler)}
	b.tell = func(id plan.ID, text string, _ time.Duration) { *told = append(*told, string(id)+": "+text) }
	return b, told
}

// TestPackerLogIsKept: for its owner alone, that of an earlier build too; the error of a build
// names it, and each line is told at once.
func TestPackerLogIsKept(t *testing.T) {
	dir := t.TempDir()
	b, told := logging(dir)
	v := release.Variant{Image: "ce", Arch: "amd64"}
	for i, text := range []string{"first\nsecond\n", "  third\n"} {
		l := b.packerLog(plan.Action{ID: "build/ce", Change: plan.BuildCandidate{}}, v)
		if _, err := fmt.Fprint(l, text); err != nil {
			t.Fatal(err)
		}
		l.close()
		path := filepath.Join(dir, b.desired.Owner(v).Name(), "packer.log")
		if got := l.where(); got != "\nPacker's whole log is in "+path {
			t.Errorf("it is said to be %q, and is in %s", got, path)
		}
		kept, err := os.ReadFile(path)
		if err != nil || strings.Count(string(kept), "\n") != 2+i || !strings.HasSuffix(string(kept), "  "+[]string{"second\n", "  third\n"}[i]) {
			t.Errorf("kept is %q, %v", kept, err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	if got := strings.Join(*told, "; "); got != "build/ce: first; build/ce: second; build/ce: third" {
		t.Errorf("told is %q", got)
	}
}

// TestPackerLogIsNotNeeded: where it can't be kept, what builds goes on.
func TestPackerLogIsNotNeeded(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b, told := logging(file)
	l := b.packerLog(plan.Action{ID: "build/ce", Change: plan.BuildCandidate{}}, release.Variant{Image: "ce", Arch: "amd64"})
	fmt.Fprintln(l, "a line")
	l.close()
	if l.where() != "" || len(*told) != 1 {
		t.Errorf("it is said to be %q, and %q was told", l.where(), *told)
	}
}
