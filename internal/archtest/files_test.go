package archtest

import (
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"amiship/internal/catalog"
)

// tree lists the files of the repository that are its own: not what was built,
// nor what git keeps.
func tree(t *testing.T, repo fs.FS) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(repo, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && slices.Contains([]string{".git", "bin", "dist", ".amiship"}, name) {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() {
			all = append(all, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var shebang = regexp.MustCompile(`^#!/(bin/sh|bin/bash|usr/bin/env bash)\n`)

// shellScripts lists the shell scripts of the repository.
func shellScripts(t *testing.T, repo fs.FS) []string {
	return slices.DeleteFunc(tree(t, repo), func(name string) bool {
		return path.Ext(name) != ".sh" && !below(name, "script") && !below(name, ".ci")
	})
}

// badScripts finds shell scripts that can't be run, or that continue after an error.
func badScripts(t *testing.T, repo fs.FS) []string {
	var wrong []string
	for _, name := range shellScripts(t, repo) {
		content := text(t, repo, name)
		if !shebang.MatchString(content) {
			wrong = append(wrong, name+" does not say which shell runs it")
		}
		if !strings.Contains(content, "\nset -e") {
			wrong = append(wrong, name+" continues after an error: set -e")
		}
		info, err := fs.Stat(repo, name)
		if err != nil {
			t.Fatal(err)
		}
		byProgram := below(name, "internal") || below(name, "sandbox") // embedded, or named to a shell
		if !byProgram && info.Mode()&0o111 == 0 {
			wrong = append(wrong, name+" is not executable")
		}
	}
	return wrong
}

// badFiles finds what is missing from the repository, or should not be in it.
func badFiles(t *testing.T, repo fs.FS) []string {
	var wrong []string
	for name, want := range map[string]string{
		"LICENSE":      `Apache License\s+Version 2\.0[\s\S]+END OF TERMS AND CONDITIONS`,
		"CHANGELOG.md": `(?m)^## Unreleased\n\n- `,
		"README.md":    `(?m)^# Amiship\n[\s\S]*make rehearse[\s\S]+make test`,
		".ci/run":      `make test`,
		"Makefile":     `(?m)^test:`,
	} {
		b, err := fs.ReadFile(repo, name)
		if err != nil {
			wrong = append(wrong, name+" is missing")
		} else if !regexp.MustCompile(want).Match(b) {
			wrong = append(wrong, name+" does not have what it should: "+want)
		}
	}
	for _, name := range tree(t, repo) {
		if strings.HasSuffix(name, ".fail") || strings.HasSuffix(name, ".orig") || strings.HasSuffix(name, "~") {
			wrong = append(wrong, name+" was left behind")
		}
	}
	return wrong
}

func text(t *testing.T, repo fs.FS, name string) string {
	t.Helper()
	b, err := fs.ReadFile(repo, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFiles(t *testing.T) {
	repo := os.DirFS(root)
	for _, wrong := range slices.Concat(badScripts(t, repo), badFiles(t, repo)) {
		t.Error(wrong)
	}
}

func TestFilesFindsFaults(t *testing.T) {
	good := fstest.MapFS{
		"LICENSE":           {Data: []byte("Apache License\n   Version 2.0\nEND OF TERMS AND CONDITIONS")},
		"CHANGELOG.md":      {Data: []byte("## Unreleased\n\n- It is there.\n")},
		"README.md":         {Data: []byte("# Amiship\nmake rehearse, make test")},
		".ci/run":           {Data: []byte("#!/bin/bash\nset -euo pipefail\nmake test\n"), Mode: 0o755},
		"Makefile":          {Data: []byte("test: check\n")},
		"examples/x/in.sh":  {Data: []byte("#!/bin/sh\nset -eu\n"), Mode: 0o755},
		"internal/s/in.sh":  {Data: []byte("#!/bin/sh\nset -eu\n"), Mode: 0o644},
		"script/as-root":    {Data: []byte("#!/bin/sh\nset -eu\n"), Mode: 0o755},
		"internal/x/t_test": {Data: []byte("")},
	}
	for name, c := range map[string]struct {
		file, text string
		mode       fs.FileMode
		want       string
	}{
		"good":                   {"docs/b.md", "fine", 0o644, ""},
		"a script without shell": {"script/x", "set -e\n", 0o755, "which shell"},
		"a careless script":      {"examples/x/y.sh", "#!/bin/sh\ntrue\n", 0o755, "continues after an error"},
		"no right to run it":     {"script/x", "#!/bin/sh\nset -e\n", 0o644, "not executable"},
		"half a license":         {"LICENSE", "Apache License Version 2.0", 0o644, "LICENSE does not have"},
		"nothing unreleased":     {"CHANGELOG.md", "## 1.0\n\n- x\n", 0o644, "CHANGELOG.md does not have"},
		"CI without tests":       {".ci/run", "#!/bin/bash\nset -e\ntrue\n", 0o755, ".ci/run does not have"},
		"a failure of rapid":     {"internal/x/testdata/rapid/T/1.fail", "", 0o644, "was left behind"},
	} {
		t.Run(name, func(t *testing.T) {
			repo := fstest.MapFS{}
			for name, f := range good {
				repo[name] = f
			}
			repo[c.file] = &fstest.MapFile{Data: []byte(c.text), Mode: c.mode}
			got := strings.Join(slices.Concat(badScripts(t, repo), badFiles(t, repo)), "; ")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// TestExamples: each has a catalog without a fault, says what it is, and a
// template as Packer itself would write it.
func TestExamples(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join(root, "examples"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			t.Run(e.Name(), func(t *testing.T) { checkExample(t, filepath.Join(root, "examples", e.Name())) })
		}
	}
}

func checkExample(t *testing.T, dir string) {
	if _, err := catalog.Load(filepath.Join(dir, catalog.File), nil); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Error(err)
	}
	templates, err := filepath.Glob(filepath.Join(dir, "packer", "*.pkr.hcl"))
	if err != nil || len(templates) == 0 {
		t.Fatalf("no template: %v", err)
	}
	for _, file := range templates {
		if !installed(t, "packer") {
			break
		}
		out, err := exec.CommandContext(t.Context(), "packer", "fmt", "-check", "-diff", file).CombinedOutput()
		if err != nil {
			t.Errorf("packer fmt: %v\n%s", err, out)
		}
	}
}
