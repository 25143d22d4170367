package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"amiship/internal/history"
	"amiship/internal/reconcile"
)

const ofItsTime = `version: 1
project: p
tags: [{pattern: "v{version}"}]
vars: {flavour: plain}
base: {owner: "136693071363", name: "debian-12-{arch}-*", user: admin}
build: {region: us-east-1, template: image.pkr.hcl}
regions: {required: [us-east-1]}
package: {apt: p}
images: {p: {name: "First {version} {flavour}"}}
`

// TestWanted: each release by the catalog of its commit; where that can't be had, by
// today's, which is said.
func TestWanted(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=n", "-c", "user.email=n@example.com"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	commit := func(old, with string) string {
		text := strings.Replace(ofItsTime, old, with, 1)
		for name, text := range map[string]string{"amiship.yaml": text, "image.pkr.hcl": "# template\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		git("add", "--all")
		git("commit", "--quiet", "--allow-empty", "--message", "m")
		return git("rev-parse", "HEAD")
	}
	git("init", "--quiet")
	first := commit("", "")
	broken := commit("regions:", "region:")
	other := commit(`"v{version}"`, `"r{version}"`)
	today := commit("First", "Today")

	a := &app{file: filepath.Join(dir, "amiship.yaml"), set: map[string]string{"flavour": "sweet"}}
	b, err := a.loadSaved(t.Context())
	if err != nil || b.Commit != today {
		t.Fatalf("at %q, want %q: %v", b.Commit, today, err)
	}
	for name, c := range map[string]struct{ commit, name, note string }{
		"nobody noted it":       {"", "Today 1.0.0 sweet", ""},
		"today's":               {today, "Today 1.0.0 sweet", ""},
		"an earlier one":        {first, "First 1.0.0 sweet", "v1.0.0 is compared with the catalog of its commit, " + first[:12]},
		"one that is wrong":     {broken, "Today 1.0.0 sweet", "compared with today's catalog, as its own can't be read: at commit " + broken[:12] + ": "},
		"one of other tags":     {other, "Today 1.0.0 sweet", "compared with today's catalog, as its own can't be read: at commit " + other[:12] + ": "},
		"one that is not here":  {strings.Repeat("a", 40), "Today 1.0.0 sweet", "not in this clone: git fetch origin " + strings.Repeat("a", 40)},
		"something else's name": {"main", "Today 1.0.0 sweet", `"main" is no commit`},
	} {
		got := a.wanted(t.Context(), b, []reconcile.Released{{Tag: "v1.0.0", Commit: c.commit}})["v1.0.0"]
		if got.err != nil || got.desired.Variants[0].Name != c.name || !strings.Contains(got.note, c.note) || (got.note == "") != (c.note == "") {
			t.Errorf("%s: %+v, note %q, %v", name, got.desired.Variants, got.note, got.err)
		}
	}
}

// TestOutOfReach: a release of which a shallow clone has no catalog, or git refuses to read
// it, is not compared with another one.
func TestOutOfReach(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		apart string
	}{
		"shallow":  {&history.NotHereError{Commit: "abc", Shallow: true}, "commit abc is not in this clone, which is shallow: git fetch --unshallow"},
		"not here": {&history.NotHereError{Commit: "abc"}, ""},
		"refused":  {&history.RefusedError{Dir: "/my work"}, "git refuses /my work, which another user owns: git config --global --add safe.directory '/my work'"},
		"other":    {os.ErrNotExist, ""},
	} {
		if got := (wanted{}).outOfReach(c.err).apart; got != c.apart {
			t.Errorf("%s: %q, want %q", name, got, c.apart)
		}
	}
}
