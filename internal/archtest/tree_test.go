// Package archtest checks the architecture of this repository: which package may
// import which, what code must not do, and what every package, script, document
// and example must have. It contains tests only.
//
// A rule that cannot fail guards nothing, so each rule has a table of planted
// faults that it must find. An exception is an entry with its reason in the
// rule's own list, and an exception that is no longer needed is a fault too.
// Rules that run another program pass without it, except in CI: see installed.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// root is the repository, seen from this package.
const root = "../.."

// module is the path of this one.
const module = "amiship"

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Name, Dir              string
	Imports, TestImports, XTestImports []string
	Deps                               []string // what it links, through others too
	GoFiles, TestGoFiles, XTestGoFiles []string
}

// short is the path below the module: internal/plan.
func (p pkg) short() string { return strings.TrimPrefix(p.ImportPath, module+"/") }

// packages lists those of this module.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e",
		"-json=ImportPath,Name,Dir,Imports,TestImports,XTestImports,Deps,GoFiles,TestGoFiles,XTestGoFiles", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("go list found %d packages, which cannot be all", len(all))
	}
	return all
}

// source is a parsed file.
type source struct {
	*ast.File
	fset *token.FileSet
	path string // below the repository, with slashes
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// at names a place in the file: internal/plan/plan.go:12.
func (s source) at(n ast.Node) string {
	return s.path + ":" + itoa(s.fset.Position(n.Pos()).Line)
}

// in reports whether the file is below one of the directories.
func (s source) in(dirs ...string) bool {
	for _, dir := range dirs {
		if below(path.Dir(s.path), dir) {
			return true
		}
	}
	return false
}

// below reports whether a path is the parent or under it.
func below(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

// sources parses the files of a package, tests last.
func (p pkg) sources(t *testing.T) []source {
	t.Helper()
	var all []source
	fset := token.NewFileSet()
	for _, names := range [][]string{p.GoFiles, p.TestGoFiles, p.XTestGoFiles} {
		for _, name := range names {
			all = append(all, parse(t, fset, path.Join(p.short(), name), nil, filepath.Join(p.Dir, name)))
		}
	}
	return all
}

// snippet parses a file that a test has made up.
func snippet(t *testing.T, path, text string) source {
	t.Helper()
	return parse(t, token.NewFileSet(), path, text, path)
}

func parse(t *testing.T, fset *token.FileSet, path string, text any, file string) source {
	t.Helper()
	f, err := parser.ParseFile(fset, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return source{f, fset, path}
}
