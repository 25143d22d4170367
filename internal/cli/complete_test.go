package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCompletes: what a shell asks for, of the catalog and its repository, and nothing of files.
func TestCompletes(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "..", "examples", "prometheus"))); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "-q"}, {"-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "--allow-empty", "-m", "x"}, {"tag", "v2.42.0"}, {"tag", "other"},
	} {
		if out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	file := filepath.Join(dir, "amiship.yaml")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a tag":               {[]string{"release", "--file", file, ""}, "v2.42.0"},
		"no tag twice":        {[]string{"plan", "--file", file, "v2.42.0", ""}, ""},
		"a region":            {[]string{"waive", "--file", file, "us-east"}, "us-east-1"},
		"a stage":             {[]string{"release", "--until", ""}, "built tested shared public listed"},
		"a form":              {[]string{"rehearse", "--progress", ""}, "auto live plain json"},
		"a tag of no catalog": {[]string{"release", "--file", filepath.Join(dir, "none.yaml"), ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out, said bytes.Buffer
			if code := Main(t.Context(), append([]string{"__complete"}, c.args...), Stdio{In: strings.NewReader(""), Out: &out, Err: &said}, Version{}); code != 0 {
				t.Fatalf("exit %d: %s", code, &said)
			}
			words, _, _ := strings.Cut(out.String(), ":")
			got := strings.Fields(words)
			if name == "a region" {
				got = got[:min(1, len(got))]
			}
			if diff := cmp.Diff(strings.Fields(c.want), got); diff != "" {
				t.Errorf("%s\n%s", diff, &out)
			}
		})
	}
}
