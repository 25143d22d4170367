package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/release"
)

func TestOfArchs(t *testing.T) {
	for name, c := range map[string]struct {
		archs   []string
		until   plan.Until
		want    []string // variants
		refused bool
	}{
		"all":              {nil, plan.UntilPublic, []string{"ce/amd64", "ce/arm64", "ee/amd64"}, false},
		"one":              {[]string{"amd64"}, plan.UntilTested, []string{"ce/amd64", "ee/amd64"}, false},
		"the other":        {[]string{"arm64"}, plan.UntilBuilt, []string{"ce/arm64"}, false},
		"both":             {[]string{"arm64", "amd64"}, plan.UntilTested, []string{"ce/amd64", "ce/arm64", "ee/amd64"}, false},
		"beyond the gate":  {[]string{"amd64"}, plan.UntilShared, nil, true},
		"no architecture":  {[]string{"x86_64"}, plan.UntilTested, nil, true},
		"to be made known": {[]string{"amd64"}, plan.UntilPublic, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := ofArchs(threeVariants(), c.archs, c.until)
			if (err != nil) != c.refused {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, v := range d.Variants {
				got = append(got, v.Key("").Variant())
			}
			if diff := cmp.Diff(c.want, got); diff != "" && !c.refused {
				t.Error(diff)
			}
			if d.Skip != "" {
				t.Errorf("skips with %q", d.Skip)
			}
		})
	}
	amd64 := threeVariants()
	amd64.Variants = amd64.Variants[:1]
	d, err := ofArchs(amd64, []string{"arm64"}, plan.UntilTested)
	if err != nil || d.Skip != "none of its images is for arm64" || len(d.Variants) != 0 {
		t.Errorf("an architecture that the release has not: %v, %+v", err, d)
	}
	if len(amd64.Variants) != 1 {
		t.Error("the caller's variants were changed")
	}
}

func threeVariants() release.Desired {
	return release.Desired{Variants: []release.Variant{{Image: "ce", Arch: "amd64"}, {Image: "ce", Arch: "arm64"}, {Image: "ee", Arch: "amd64"}}}
}

// TestReplaceFile: a reader sees the old file or the new one, and nothing lies
// beside it afterwards.
func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "amis.json")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	half := errors.New("half")
	err := replaceFile(path, 0o600, func(w io.Writer) error { _, _ = io.WriteString(w, "ne"); return half })
	if text, _ := os.ReadFile(path); !errors.Is(err, half) || string(text) != "old" {
		t.Errorf("when writing ends halfway: %v, the file holds %q", err, text)
	}
	for _, mode := range []os.FileMode{0o600, 0o644} {
		if err := replaceFile(path, mode, func(w io.Writer) error { _, err := io.WriteString(w, "new"); return err }); err != nil {
			t.Error(err)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("has mode %v, %v, want %v", info.Mode(), err, mode)
		}
	}
	if text, _ := os.ReadFile(path); string(text) != "new" {
		t.Errorf("holds %q", text)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("beside it: %v, %v", left, err)
	}
	if err := replaceFile(filepath.Join(dir, "no", "amis.json"), 0o600, nil); err == nil {
		t.Error("a directory that is not there is no fault")
	}
}

// TestFilesThatCannotBeWritten: they are an error before anything is changed, and the result
// is printed whatever becomes of them.
func TestFilesThatCannotBeWritten(t *testing.T) {
	s := newShell(t, shipped)
	for _, flag := range []string{"--catalog", "--dotenv", "--junit"} {
		for _, path := range []string{t.TempDir(), filepath.Join(t.TempDir(), "no", "file")} {
			code, out, said := s.run(t, "release", "v1.4.0", flag, path)
			if code != codeFailed || out != "" || !strings.Contains(said, "amiship: write "+path+": ") {
				t.Errorf("%s %s: exit code %d\n%s%s", flag, path, code, out, said)
			}
		}
	}
	if calls := s.box.Calls(t); len(calls) > 0 {
		t.Errorf("AWS was called: %v", calls)
	}
	c := releaseCmd{outputs: outputs{catalog: t.TempDir()}}
	if err := c.write(release.Desired{}, plan.Plan{}); err == nil {
		t.Error("a directory was replaced by a file")
	}
}

// TestAFullDiskIsNamed: what it stopped is not to blame.
func TestAFullDiskIsNamed(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		err := fmt.Errorf("package p.deb: %w", &os.PathError{Op: "write", Path: "/cache/p.deb", Err: cause})
		if text := awsapi.Text(err); !strings.HasPrefix(text, "a disk of this machine is full: ") || !strings.Contains(hintFor(err), "XDG_CACHE_HOME") {
			t.Errorf("it says %s, and hints %s", text, hintFor(err))
		}
	}
}
