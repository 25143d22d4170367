package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// The figures of reconcile's builder: it puts findings into a plan, and decides nothing.
const (
	builderFields    = 12 // embedded ones included
	builderFunctions = 60 // that have it as receiver, as a parameter, or embedded
)

// usesOf counts the fields of a type of some files, and names the functions that can change
// what it holds: those that take it, and the methods of types that embed it.
func usesOf(name string, files []source) (fields int, functions []string) {
	structs := structsOf(files)
	holders := map[string]bool{name: true}
	for again := true; again; {
		again = false
		for other, s := range structs {
			if !holders[other] && hasEmbedded(s, holders) {
				holders[other], again = true, true
			}
		}
	}
	for _, f := range files {
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && takes(fn, holders) {
				functions = append(functions, f.at(fn)+" "+fn.Name.Name)
			}
		}
	}
	return fieldsOf(name, structs), functions
}

func structsOf(files []source) map[string]*ast.StructType {
	out := map[string]*ast.StructType{}
	for _, f := range files {
		for _, decl := range f.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range gen.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok {
					if s, ok := t.Type.(*ast.StructType); ok {
						out[t.Name.Name] = s
					}
				}
			}
		}
	}
	return out
}

func hasEmbedded(s *ast.StructType, holders map[string]bool) bool {
	return slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool { return len(f.Names) == 0 && holders[receiver(f.Type)] })
}

func takes(fn *ast.FuncDecl, holders map[string]bool) bool {
	of := func(f *ast.Field) bool { return holders[receiver(f.Type)] }
	return fn.Recv != nil && slices.ContainsFunc(fn.Recv.List, of) || slices.ContainsFunc(fn.Type.Params.List, of)
}

// fieldsOf counts fields, those of embedded structs of the same package included.
func fieldsOf(name string, structs map[string]*ast.StructType) int {
	n := 0
	if structs[name] == nil {
		return 1
	}
	for _, f := range structs[name].Fields.List {
		if len(f.Names) == 0 {
			n += fieldsOf(receiver(f.Type), structs)
		}
		n += len(f.Names)
	}
	return n
}

func TestTheBuilderIsSmall(t *testing.T) {
	var files []source
	for _, p := range packages(t) {
		if p.short() == "internal/reconcile" {
			files = slices.DeleteFunc(p.sources(t), source.test)
		}
	}
	fields, functions := usesOf("builder", files)
	if fields == 0 || fields > builderFields {
		t.Errorf("the builder has %d fields, want 1 to %d", fields, builderFields)
	}
	if len(functions) == 0 || len(functions) > builderFunctions {
		t.Errorf("%d functions can change a plan, want 1 to %d: a decision returns findings\n%s", len(functions), builderFunctions, strings.Join(functions, "\n"))
	}
}

func TestUsesOf(t *testing.T) {
	file := snippet(t, "a/a.go", `package a
type inner struct { a, b int; *other }
type other struct { c int }
type T struct { inner; d int }
type U struct { *T; e int }
type V struct { t T }
func (T) method() {}
func (*U) promoted() {}
func parameter(n int, t *T) {}
func (V) field() {}
func neither(v V) {}
`)
	fields, functions := usesOf("T", []source{file})
	if got := fmt.Sprint(fields, functions); got != "4 [a/a.go:7 method a/a.go:8 promoted a/a.go:9 parameter]" {
		t.Errorf("found %s", got)
	}
}

// noting reports whether a subject of reconcile notes something by a method of that name.
func noting(method string) bool {
	return slices.Contains(strings.Fields("add decide conclude include block lack note wait waitSince waitUnshown waitClaim refresh apply"), method)
}

// actingQuestions names the functions that return a bool and also note something for the
// plan, by their receiver: directly, or by a method of its type or of a field.
func actingQuestions(files []source) (wrong []string) {
	acts := map[string]bool{} // by type and method
	for again := true; again; {
		again = false
		for _, f := range files {
			for _, decl := range f.Decls {
				fn, ok := decl.(*ast.FuncDecl)
				if ok && fn.Recv != nil && !acts[receiver(fn.Recv.List[0].Type)+"."+fn.Name.Name] && acting(fn, acts) {
					acts[receiver(fn.Recv.List[0].Type)+"."+fn.Name.Name], again = true, true
				}
			}
		}
	}
	for _, f := range files {
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil && returnsBool(fn) && acts[receiver(fn.Recv.List[0].Type)+"."+fn.Name.Name] {
				wrong = append(wrong, f.at(fn)+" "+fn.Name.Name)
			}
		}
	}
	return wrong
}

// acting reports whether a method notes something: x.add(s), x.findings.wait(…), need(x.findings, …),
// x.other(…) that does, or x.claims.end(…) of a field that is named like its type.
func acting(fn *ast.FuncDecl, acts map[string]bool) bool {
	names := fn.Recv.List[0].Names
	if len(names) == 0 || fn.Body == nil {
		return false
	}
	of, found := receiver(fn.Recv.List[0].Type), false
	own := func(x ast.Expr) bool { id, ok := x.(*ast.Ident); return ok && id.Name == names[0].Name }
	ast.Inspect(fn.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		for _, arg := range call.Args {
			if s, ok := arg.(*ast.SelectorExpr); ok && own(s.X) && s.Sel.Name == "findings" {
				found = true
			}
		}
		s, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		field, isField := s.X.(*ast.SelectorExpr)
		switch {
		case own(s.X):
			found = found || noting(s.Sel.Name) || acts[of+"."+s.Sel.Name]
		case isField && own(field.X):
			found = found || field.Sel.Name == "findings" || acts[field.Sel.Name+"."+s.Sel.Name]
		}
		return true
	})
	return found
}

func returnsBool(fn *ast.FuncDecl) bool {
	return fn.Type.Results != nil && slices.ContainsFunc(fn.Type.Results.List, func(f *ast.Field) bool {
		id, ok := f.Type.(*ast.Ident)
		return ok && id.Name == "bool"
	})
}

func TestQuestionsDoNotAct(t *testing.T) {
	for _, p := range packages(t) {
		if p.short() == "internal/reconcile" {
			for _, wrong := range actingQuestions(slices.DeleteFunc(p.sources(t), source.test)) {
				t.Errorf("%s returns a bool and notes something for the plan: return a verdict", wrong)
			}
		}
	}
}

func TestActingQuestions(t *testing.T) {
	file := snippet(t, "a/a.go", `package a
func (x T) direct() bool { x.add(1); return true }
func (x T) told() (int, bool) { need(x.findings, 1); return 1, true }
func (x T) byField() bool { x.U.end(); return true }
func (x T) byMethod() bool { return x.direct() }
func (x T) verdict() bool { var out findings; out.add(1); return len(out) > 0 }
func (x T) acts() { x.add(1) }
func (x U) end() { x.findings.wait(1) }
func (x U) question() bool { return x.n > 0 }
`)
	got := strings.Join(actingQuestions([]source{file}), ", ")
	if got != "a/a.go:2 direct, a/a.go:3 told, a/a.go:4 byField, a/a.go:5 byMethod" {
		t.Errorf("found %s", got)
	}
}
