// Package history reads the git repository that contains a bundle: its current
// commit, and its files at another commit.
//
// Nothing here is needed to release. A bundle may be in no repository, on a
// machine without git, or in a clone that lacks a commit; each is an answer,
// and the caller continues without.
package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// patience is how long git may take to say where a bundle is: a release does not
// wait for it.
const patience = 10 * time.Second

// RefusedError says that git refuses a repository, which another user owns.
type RefusedError struct{ Dir string }

func (e *RefusedError) Error() string {
	return "git refuses " + e.Dir + ", which another user owns"
}

// Commit returns the commit that some paths below a directory are as at, and ""
// if there is none: one of them was changed, or is not in git, or nothing is. The error is
// a *RefusedError, or nil.
func Commit(ctx context.Context, dir string, paths []string) (string, error) {
	ctx, end := context.WithTimeout(ctx, patience)
	defer end()
	args := []string{"--literal-pathspecs", "status", "--porcelain", "--untracked-files=all", "--ignored", "--"}
	changed, err := git(ctx, dir, nil, append(args, paths...)...)
	var refused *RefusedError
	if errors.As(err, &refused) {
		return "", refused
	}
	if err != nil || changed != "" {
		return "", nil
	}
	head, err := git(ctx, dir, nil, "rev-parse", "--verify", "HEAD^{commit}")
	if err != nil {
		return "", nil
	}
	return head, nil
}

// Unsaved says what of a release others would not find in the repository of some paths below
// a directory: that it has no git tag of its name, and changes of the paths that are in no
// commit. It is silent where git can't tell: outside of repositories, and about tags in a
// shallow clone, which has few of them.
func Unsaved(ctx context.Context, dir string, paths []string, tag string) (notes []string) {
	ctx, end := context.WithTimeout(ctx, patience)
	defer end()
	shallow, err := git(ctx, dir, nil, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return nil
	}
	if _, err := git(ctx, dir, nil, "rev-parse", "--verify", "refs/tags/"+tag); err != nil && ctx.Err() == nil && shallow == "false" {
		notes = append(notes, tag+" is no git tag of this repository")
	}
	var changed []string
	for _, list := range [][]string{{"diff", "--name-only", "--relative", "HEAD", "--"}, {"ls-files", "--others", "--exclude-standard", "--"}} {
		names, err := git(ctx, dir, nil, slices.Concat([]string{"--literal-pathspecs"}, list, paths)...)
		if err == nil && names != "" {
			changed = append(changed, strings.Split(names, "\n")...)
		}
	}
	if len(changed) > 0 {
		notes = append(notes, "changed and not committed: "+strings.Join(changed, ", "))
	}
	return notes
}

// NotHereError says that a clone has not got a commit.
type NotHereError struct {
	Commit  string
	Shallow bool // it has only the newest ones
}

func (e *NotHereError) Error() string {
	return fmt.Sprintf("commit %.12s is not in this clone", e.Commit)
}

var hash = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// At writes what a directory was at a commit into a new one, which is there until
// use returns. A commit that this clone has not got is a *NotHereError.
func At(ctx context.Context, dir, commit string, use func(dir string) error) error {
	if !hash.MatchString(commit) {
		return fmt.Errorf("%q is no commit", commit)
	}
	tree, err := treeOf(ctx, dir, commit)
	if err != nil {
		return err
	}
	repo, err := git(ctx, dir, nil, "rev-parse", "--absolute-git-dir")
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "amiship-commit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	files := filepath.Join(tmp, "files")
	if err := os.Mkdir(files, 0o700); err != nil {
		return err
	}
	// Not by git archive: it leaves out what .gitattributes keeps from archives.
	index := []string{"GIT_INDEX_FILE=" + filepath.Join(tmp, "index")}
	for _, args := range [][]string{{"read-tree", tree}, {"checkout-index", "--all"}} {
		if _, err := git(ctx, files, index, append([]string{"--git-dir=" + repo, "--work-tree=" + files}, args...)...); err != nil {
			return err
		}
	}
	return use(files)
}

// treeOf finds what a directory was at a commit.
func treeOf(ctx context.Context, dir, commit string) (string, error) {
	shallow, err := git(ctx, dir, nil, "rev-parse", "--is-shallow-repository")
	if err != nil {
		return "", err
	}
	if _, err := git(ctx, dir, nil, "cat-file", "-e", commit+"^{commit}"); err != nil {
		return "", &NotHereError{Commit: commit, Shallow: shallow == "true"}
	}
	return git(ctx, dir, nil, "rev-parse", "--verify", commit+":./")
}

// git runs it in a directory, and returns what it says, less the last newline. It
// asks no remote, writes nothing to the repository, and starts none of its
// programs but the filters of files.
func git(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.sparseCheckout=false"}, args...)...)
	var faults bytes.Buffer
	cmd.Dir, cmd.Stderr, cmd.Env = dir, &faults, append(environ(), env...)
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	text, _, _ := strings.Cut(strings.TrimSpace(faults.String()), "\n")
	if at := dubious.FindStringSubmatch(text); err != nil && at != nil {
		return "", &RefusedError{Dir: at[1]}
	}
	if err != nil && text != "" {
		return "", errors.New("git: " + strings.TrimPrefix(text, "fatal: "))
	}
	return strings.TrimSuffix(string(out), "\n"), err
}

// dubious is how git says that it refuses a repository: it has no code for that.
var dubious = regexp.MustCompile(`detected dubious ownership in repository at '(.*)'$`)

// environ is the environment without what would lead git to another repository,
// as a hook has it.
func environ() []string {
	out := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains([]string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}, name)
	})
	return append(out, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_LFS_SKIP_SMUDGE=1")
}

// Tags are the tags of the repository of a directory, the newest first.
func Tags(ctx context.Context, dir string) ([]string, error) {
	text, err := git(ctx, dir, nil, "tag", "--sort=-creatordate")
	return strings.Fields(text), err
}
