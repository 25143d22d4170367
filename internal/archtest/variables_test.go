package archtest

import (
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"
	"testing"
)

// fixed are calls whose result nobody can change, or does.
func fixed() []string {
	return []string{
		"errors.New", "fmt.Errorf", "regexp.MustCompile", "template.Must", "strings.Fields", "strings.NewReplacer",
		"netip.MustParseAddr", "netip.MustParsePrefix", "netip.AddrFrom4", "semver.MustParse", "time.Date", "reflect.TypeFor",
		"NewTable", "cloud.NewTable", "NewIndex", "cloud.NewIndex", // names; what is in them is the store's
	}
}

// settable are variables that something outside Go's view sets.
func settable() map[string]string {
	return map[string]string{
		"cmd/amiship.version": "the build sets it",
		"cmd/amiship.commit":  "the build sets it",
	}
}

// variables finds package-level variables that are state: that have no value
// from the start, or get another later. Tables, errors and patterns that nobody
// writes to are none.
func variables(dir string, files []source, used map[string]bool) []string {
	info := resolve(files)
	var wrong []string
	for _, f := range files {
		for _, spec := range packageVars(f) {
			for i, name := range spec.Names {
				if key := dir + "." + name.Name; settable()[key] != "" {
					used[key] = true
				} else if why := notFixed(spec, i); name.Name != "_" && why != "" {
					wrong = append(wrong, f.at(name)+" variable "+name.Name+" "+why)
				}
			}
		}
	}
	for _, f := range files {
		for _, id := range writes(f) {
			if v, ok := info.Uses[id].(*types.Var); ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				wrong = append(wrong, f.at(id)+" changes the variable "+id.Name+" of the package")
			}
		}
	}
	return wrong
}

// resolve tells what names stand for, as far as that is seen in these files:
// imports are taken for empty.
func resolve(files []source) *types.Info {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: empty{}, Error: func(error) {}}
	if len(files) == 0 {
		return info
	}
	var all []*ast.File
	for _, f := range files {
		all = append(all, f.File)
	}
	_, _ = conf.Check("p", files[0].fset, all, info) // it has errors: see empty
	return info
}

type empty struct{}

func (empty) Import(name string) (*types.Package, error) {
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p, nil
}

func packageVars(f source) []*ast.ValueSpec {
	var all []*ast.ValueSpec
	for _, decl := range f.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR || embeds(gen) {
			continue
		}
		for _, spec := range gen.Specs {
			all = append(all, spec.(*ast.ValueSpec))
		}
	}
	return all
}

// embeds reports whether the compiler fills the variable from a file.
func embeds(gen *ast.GenDecl) bool {
	return gen.Doc != nil && slices.ContainsFunc(gen.Doc.List, func(c *ast.Comment) bool {
		return strings.HasPrefix(c.Text, "//go:embed ")
	})
}

// notFixed says what is wrong with a variable's first value.
func notFixed(spec *ast.ValueSpec, i int) string {
	if len(spec.Values) != len(spec.Names) {
		return "has no value: it can only be state"
	}
	switch v := ast.Unparen(spec.Values[i]).(type) {
	case *ast.CompositeLit:
		if sel, ok := v.Type.(*ast.SelectorExpr); ok && isFrom(sel, "sync", "atomic") {
			return "is made to be changed"
		}
	case *ast.FuncLit:
	case *ast.CallExpr:
		if !slices.Contains(fixed(), called(v)) && !isConversion(v) {
			return "is what a call returns, which may be changed"
		}
	case *ast.BasicLit:
		return "should be a constant"
	case *ast.SelectorExpr:
		if !strings.HasPrefix(v.Sel.Name, "Err") { // another package's error
			return "may be changed: make it a constant, a function or a field"
		}
	default:
		return "may be changed: make it a constant, a function or a field"
	}
	return ""
}

func isFrom(sel *ast.SelectorExpr, pkgs ...string) bool {
	x, ok := sel.X.(*ast.Ident)
	return ok && slices.Contains(pkgs, x.Name)
}

// called names the function of a call, without its type arguments.
func called(call *ast.CallExpr) string {
	if generic, ok := call.Fun.(*ast.IndexExpr); ok {
		return types.ExprString(generic.X)
	}
	return types.ExprString(call.Fun)
}

// isConversion recognises []byte("…").
func isConversion(call *ast.CallExpr) bool {
	_, ok := call.Fun.(*ast.ArrayType)
	return ok
}

// writes finds the variables that a file assigns to, changes or takes the
// address of.
func writes(f source) []*ast.Ident {
	var all []*ast.Ident
	add := func(x ast.Expr) {
		if id := owner(x); id != nil {
			all = append(all, id)
		}
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, x := range n.Lhs {
				add(x)
			}
		case *ast.IncDecStmt:
			add(n.X)
		case *ast.RangeStmt:
			add(n.Key)
			add(n.Value)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				add(n.X)
			}
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"delete", "clear", "copy"}, fn.Name) && len(n.Args) > 0 {
				add(n.Args[0])
			}
		}
		return true
	})
	return all
}

// owner returns the variable that an expression is a part of.
func owner(x ast.Expr) *ast.Ident {
	switch x := x.(type) {
	case *ast.Ident:
		return x
	case *ast.IndexExpr:
		return owner(x.X)
	case *ast.SelectorExpr:
		return owner(x.X)
	case *ast.SliceExpr:
		return owner(x.X)
	case *ast.StarExpr:
		return owner(x.X)
	case *ast.ParenExpr:
		return owner(x.X)
	}
	return nil
}

func TestVariables(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		for _, wrong := range variables(p.short(), slices.DeleteFunc(p.sources(t), source.test), used) {
			t.Error(wrong)
		}
	}
	for key := range settable() {
		if !used[key] {
			t.Errorf("%s: the exception is needed no more", key)
		}
	}
}

func TestVariablesFindsFaults(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an error":              {`import "errors"; var errX = errors.New("x")`, ""},
		"a table":               {`var t = map[string]int{"a": 1}; func f() int { return t["a"] }`, ""},
		"a check of a type":     {`var _ I = (*T)(nil)`, ""},
		"a file":                {"import _ \"embed\"\n//go:embed x\nvar text string", ""},
		"no value":              {`var count int`, "has no value"},
		"a lock":                {`import "sync"; var mu = sync.Mutex{}`, "made to be changed"},
		"a number":              {`var limit = 3`, "should be a constant"},
		"a pointer":             {`var p = &T{}`, "may be changed"},
		"a generic call":        {`import "reflect"; var t = reflect.TypeFor[int]()`, ""},
		"another's error":       {`import "io"; var errEnd = io.ErrUnexpectedEOF`, ""},
		"a call":                {`import "x"; var c = x.New()`, "what a call returns"},
		"a table that grows":    {`var t = map[string]int{}; func f() { t["a"] = 1 }`, "changes the variable t"},
		"a table that shrinks":  {`var t = map[string]int{}; func f() { delete(t, "a") }`, "changes the variable t"},
		"a field":               {`var s = T{}; func f() { s.x++ }`, "changes the variable s"},
		"an address":            {`var s = T{}; func f() *T { return &s }`, "changes the variable s"},
		"another of that name":  {`var s = T{}; func f() { s := T{}; s.x++; _ = &s }`, ""},
		"a hook for tests":      {`import "time"; var now = time.Now`, "may be changed"},
		"the address of a part": {`var s = T{}; func f() *int { return &s.x }`, "changes the variable s"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "package p\n" + c.text + "\ntype T struct{ x int }\ntype I interface{}\n"
			got := strings.Join(variables("internal/p", []source{snippet(t, "internal/p/p.go", text)}, map[string]bool{}), "; ")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}
