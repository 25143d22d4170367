package history

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// clone is a repository with a bundle in its directory ship, at one commit.
type clone struct {
	t   *testing.T
	dir string
}

func newClone(t *testing.T) clone {
	t.Helper()
	c := clone{t, t.TempDir()}
	c.git("init", "--quiet")
	c.write("ship/amiship.yaml", "version: 1\n")
	c.write("ship/scripts/install.sh", "true\n")
	c.write("ship/.gitattributes", "scripts export-ignore\n")
	c.write("ship/.gitignore", "*.deb\n*.tmp\n")
	c.write("README", "read me\n")
	c.commit()
	return c
}

func (c clone) git(args ...string) string {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), "git", append([]string{"-c", "user.name=n", "-c", "user.email=n@example.com"}, args...)...)
	cmd.Dir, cmd.Env = c.dir, environ()
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (c clone) write(name, text string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

func (c clone) remove(name string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.dir, name)); err != nil {
		c.t.Fatal(err)
	}
}

// commit returns the new commit.
func (c clone) commit() string {
	c.t.Helper()
	c.git("add", "--all")
	c.git("commit", "--quiet", "--message", "m")
	return c.git("rev-parse", "HEAD")
}

func TestCommit(t *testing.T) {
	for name, c := range map[string]struct {
		change func(clone)
		saved  bool
	}{
		"as it was committed":        {func(clone) {}, true},
		"staged":                     {func(c clone) { c.write("ship/amiship.yaml", "version: 2\n"); c.git("add", "--all") }, false},
		"changed":                    {func(c clone) { c.write("ship/amiship.yaml", "version: 2\n") }, false},
		"a script changed":           {func(c clone) { c.write("ship/scripts/install.sh", "false\n") }, false},
		"a script is new":            {func(c clone) { c.write("ship/scripts/more.sh", "true\n") }, false},
		"a script is ignored by git": {func(c clone) { c.write("ship/scripts/more.tmp", "true\n") }, false},
		"a script is gone":           {func(c clone) { c.remove("ship/scripts/install.sh") }, false},
		"others changed": {func(c clone) {
			c.write("README", "read it\n")
			c.write("ship/amis.json", "{}\n")
			c.write("ship/product.deb", "")
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			r := newClone(t)
			want := r.git("rev-parse", "HEAD")
			c.change(r)
			if !c.saved {
				want = ""
			}
			if got, _ := Commit(t.Context(), filepath.Join(r.dir, "ship"), []string{"amiship.yaml", "scripts"}); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestCommitWithoutHistory: none is no fault.
func TestCommitWithoutHistory(t *testing.T) {
	if got, _ := Commit(t.Context(), t.TempDir(), []string{"amiship.yaml"}); got != "" {
		t.Errorf("no repository is at %q", got)
	}
	empty := clone{t, t.TempDir()}
	empty.git("init", "--quiet")
	if got, _ := Commit(t.Context(), empty.dir, []string{"amiship.yaml"}); got != "" {
		t.Errorf("an empty repository is at %q", got)
	}
	c := newClone(t)
	t.Setenv("PATH", t.TempDir())
	if got, _ := Commit(t.Context(), c.dir, []string{"README"}); got != "" {
		t.Errorf("without git it is at %q", got)
	}
}

// TestAt: what the directory was then, whole, and nothing of it stays.
func TestAt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	c := newClone(t)
	first := c.git("rev-parse", "HEAD")
	c.write("ship/amiship.yaml", "version: 2\n")
	c.remove("ship/scripts/install.sh")
	c.commit()
	for _, dir := range []string{"ship", "."} {
		var there string
		err := At(t.Context(), filepath.Join(c.dir, dir), first, func(tmp string) error {
			there = tmp
			if dir == "." {
				tmp = filepath.Join(tmp, "ship")
			}
			for name, want := range map[string]string{"amiship.yaml": "version: 1\n", "scripts/install.sh": "true\n"} {
				if got, err := os.ReadFile(filepath.Join(tmp, name)); err != nil || string(got) != want {
					t.Errorf("%s is %q, want %q: %v", name, got, want, err)
				}
			}
			return nil
		})
		if _, left := os.Stat(there); err != nil || !errors.Is(left, os.ErrNotExist) {
			t.Errorf("%v; %s: %v", err, there, left)
		}
	}
	if status := c.git("status", "--porcelain"); status != "" {
		t.Errorf("the repository was changed: %s", status)
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAtWithoutTheCommit(t *testing.T) {
	c := newClone(t)
	first := c.git("rev-parse", "HEAD")
	c.write("README", "more\n")
	c.write("late/amiship.yaml", "version: 1\n")
	c.commit()
	shallow := clone{t, t.TempDir()}
	shallow.git("clone", "--quiet", "--depth", "1", "file://"+c.dir, ".")
	unknown := strings.Repeat("0", 40)
	for name, x := range map[string]struct {
		dir, commit, want string
		shallow           bool
	}{
		"rewritten":             {c.dir, unknown, "commit 000000000000 is not in this clone", false},
		"shallow":               {shallow.dir, first, "is not in this clone", true},
		"no commit":             {c.dir, "--help", "is no commit", false},
		"a tree":                {c.dir, c.git("rev-parse", "HEAD^{tree}"), "is not in this clone", false},
		"not there at the time": {filepath.Join(c.dir, "late"), first, "git: ", false},
		"no repository":         {t.TempDir(), first, "git: not a git repository", false},
	} {
		t.Run(name, func(t *testing.T) {
			err := At(t.Context(), x.dir, x.commit, func(string) error { return errors.New("it was used") })
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Fatalf("got %v, want %s", err, x.want)
			}
			var gone *NotHereError
			if got := errors.As(err, &gone) && gone.Shallow; got != x.shallow {
				t.Errorf("shallow: %v, want %v", got, x.shallow)
			}
		})
	}
	ctx, end := context.WithCancel(t.Context())
	end()
	if err := At(ctx, c.dir, first, func(string) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// TestAtOfAWorktree: several directories may share one repository.
func TestAtOfAWorktree(t *testing.T) {
	c := newClone(t)
	first := c.git("rev-parse", "HEAD")
	other := clone{t, filepath.Join(t.TempDir(), "other")}
	c.git("worktree", "add", "--quiet", "--detach", other.dir)
	if got, _ := Commit(t.Context(), other.dir, []string{"ship"}); got != first {
		t.Errorf("at %q, want %q", got, first)
	}
	err := At(t.Context(), other.dir, first, func(tmp string) error {
		_, err := os.Stat(filepath.Join(tmp, "README"))
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestARepositoryOfAnotherUser: git refuses it, and that is not taken for a directory that is
// in no repository.
func TestARepositoryOfAnotherUser(t *testing.T) {
	c := clone{t, t.TempDir()}
	c.git("init", "--quiet")
	t.Setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
	_, err := Commit(t.Context(), c.dir, []string{"."})
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Dir == "" {
		t.Errorf("it ends with %v", err)
	}
	if err := At(t.Context(), c.dir, strings.Repeat("a", 40), nil); !errors.As(err, &refused) {
		t.Errorf("another commit ends with %v", err)
	}
}

// TestUnsaved: what others would not find; nothing is said where git can't tell.
func TestUnsaved(t *testing.T) {
	c := newClone(t)
	ship, paths := filepath.Join(c.dir, "ship"), []string{"amiship.yaml", "scripts"}
	unsaved := func(dir string) string { return strings.Join(Unsaved(t.Context(), dir, paths, "v1.2.0"), "; ") }
	if got := unsaved(ship); got != "v1.2.0 is no git tag of this repository" {
		t.Errorf("untagged: %q", got)
	}
	c.git("tag", "v1.2.0")
	if got := unsaved(ship); got != "" {
		t.Errorf("tagged: %q", got)
	}
	c.write("README", "of no interest\n")
	c.write("ship/scripts/install.sh", "false\n")
	c.write("ship/amiship.yaml", "version: 1 # changed\n")
	c.write("ship/scripts/new.sh", "true\n")
	c.write("ship/scripts/left.tmp", "ignored\n")
	if got := unsaved(ship); got != "changed and not committed: amiship.yaml, scripts/install.sh, scripts/new.sh" {
		t.Errorf("changed: %q", got)
	}
	shallow := t.TempDir()
	c.git("tag", "--delete", "v1.2.0")
	c.git("clone", "--quiet", "--depth", "1", "file://"+c.dir, shallow)
	for name, dir := range map[string]string{"shallow": filepath.Join(shallow, "ship"), "no repository": t.TempDir()} {
		if got := unsaved(dir); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
