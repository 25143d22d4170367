package wire_test

import (
	"go/ast"
	"go/build"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sources are packages of this module, as their code says. Of the standard library they know what
// gives back the type that it is given; all other imports are empty, as no input's field is of theirs.
type sources struct {
	t     *testing.T
	fset  *token.FileSet
	std   types.Importer
	known map[string]code
}

func newSources(t *testing.T) *sources {
	t.Helper()
	if build.Default.GOROOT == "" { // go test -trimpath does not tell
		root, err := exec.CommandContext(t.Context(), "go", "env", "GOROOT").Output()
		if err != nil {
			t.Fatal(err)
		}
		build.Default.GOROOT = strings.TrimSpace(string(root))
	}
	fset := token.NewFileSet()
	return &sources{t, fset, importer.ForCompiler(fset, "source", nil), map[string]code{}}
}

// Import implements types.Importer.
func (s *sources) Import(name string) (*types.Package, error) {
	switch {
	case slices.Contains([]string{"cmp", "maps", "slices"}, name):
		p, err := s.std.Import(name)
		if err != nil {
			s.t.Fatalf("what %s gives back is not known: %v", name, err)
		}
		return p, nil
	case strings.HasPrefix(name, module):
		c, err := s.load(name)
		return c.pkg, err
	}
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p, nil
}

const module = "amiship/"

func (s *sources) load(importPath string) (code, error) {
	if c, known := s.known[importPath]; known {
		return c, nil
	}
	names, err := filepath.Glob(filepath.Join("..", "..", strings.TrimPrefix(importPath, module), "*.go"))
	if err != nil {
		return code{}, err
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(s.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return code{}, err
		}
		files = append(files, f)
	}
	s.known[importPath] = s.examine(importPath, files)
	return s.known[importPath], nil
}

// read reports whether an operation, or what it calls, reads a field of its input.
func (s *sources) read(t *testing.T, input reflect.Type, operation, field string) bool {
	t.Helper()
	c, err := s.load(input.PkgPath())
	if err != nil {
		t.Fatal(err)
	}
	v := c.field(input.Name(), field)
	if v == nil {
		t.Fatalf("%s: %s has no field %s", operation, input, field)
	}
	return c.reads(operation)[v]
}

// code is what the parts of a package read and use.
type code struct {
	pkg   *types.Package
	info  *types.Info
	parts map[types.Object]part // functions, methods and variables
	begin map[string]part       // by the operation that begins there
}

type part struct {
	reads map[*types.Var]bool // fields
	uses  map[types.Object]bool
}

func (s *sources) examine(importPath string, files []*ast.File) code {
	c := code{
		info:  &types.Info{Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}},
		parts: map[types.Object]part{}, begin: map[string]part{},
	}
	conf := types.Config{Importer: s, Error: func(error) {}} // it has errors: see Import
	c.pkg, _ = conf.Check(importPath, s.fset, files, c.info)
	for _, f := range files {
		for _, decl := range f.Decls {
			c.declared(decl)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && len(call.Args) > 2 {
				c.row(call)
			}
			return true
		})
	}
	return c
}

func (c code) declared(decl ast.Decl) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		c.parts[c.info.Defs[d.Name]] = c.of(d)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok {
				for _, name := range v.Names {
					c.parts[c.info.Defs[name]] = c.of(v)
				}
			}
		}
	}
}

// row notes where an operation begins: change("CopyImage", copying, o.copyImage).
func (c code) row(call *ast.CallExpr) {
	if name, ok := call.Args[0].(*ast.BasicLit); ok && name.Kind == token.STRING {
		operation, _ := strconv.Unquote(name.Value)
		c.begin[operation] = c.of(call)
	}
}

// of is what a piece of the source reads and uses. What it only sets is not read.
func (c code) of(n ast.Node) part {
	p := part{map[*types.Var]bool{}, map[types.Object]bool{}}
	set := map[ast.Node]bool{}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, to := range n.Lhs {
				set[to] = n.Tok == token.ASSIGN
			}
		case *ast.SelectorExpr:
			if is := c.info.Selections[n]; is != nil && !set[n] {
				if v, ok := is.Obj().(*types.Var); ok {
					p.reads[v.Origin()] = true
				}
			}
		case *ast.Ident:
			switch used := c.info.Uses[n].(type) {
			case *types.Func:
				p.uses[used.Origin()] = true
			case *types.Var:
				p.uses[used] = true
			}
		}
		return true
	})
	return p
}

// reads are the fields that an operation reads, whatever it calls for it.
func (c code) reads(operation string) map[*types.Var]bool {
	all, seen := map[*types.Var]bool{}, map[types.Object]bool{}
	var visit func(part)
	visit = func(p part) {
		for v := range p.reads {
			all[v] = true
		}
		for used := range p.uses {
			if next, ok := c.parts[used]; ok && !seen[used] {
				seen[used] = true
				visit(next)
			}
		}
	}
	visit(c.begin[operation])
	for of, p := range c.parts {
		if of.Name() == "IsDryRun" { // wire asks it of every input
			visit(p)
		}
	}
	return all
}

// field is the one at the path that a walk of an input's values gives; nil: there is none.
func (c code) field(input, at string) *types.Var {
	var found *types.Var
	t := c.pkg.Scope().Lookup(input).Type()
	for _, name := range strings.Split(at, ".")[1:] {
		of, ok := one(t).Underlying().(*types.Struct)
		if !ok {
			return found
		}
		for f := range of.Fields() {
			if f.Name() == name {
				found, t = f, f.Type()
			}
		}
	}
	return found
}

// one is what a list or a pointer is of.
func one(t types.Type) types.Type {
	for {
		switch u := t.Underlying().(type) {
		case *types.Pointer:
			t = u.Elem()
		case *types.Slice:
			t = u.Elem()
		default:
			return t
		}
	}
}
