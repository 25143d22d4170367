package archtest

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// maxMethods is how many methods a type may have: one that has more knows too
// many things.
const maxMethods = 60

// methods counts the methods of each type, tests aside: dir.Type.
func methods(dir string, files []source) map[string]int {
	count := map[string]int{}
	for _, f := range files {
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil && !f.test() {
				count[dir+"."+receiver(fn.Recv.List[0].Type)]++
			}
		}
	}
	return count
}

// receiver names the type of a method, without pointer and type parameters.
func receiver(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.IndexListExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return "?"
}

// overloaded names the types that have more methods than maxMethods.
func overloaded(count map[string]int) (wrong []string) {
	for name, n := range count {
		if n > maxMethods {
			wrong = append(wrong, fmt.Sprintf("%s has %d methods, at most %d are allowed: split it by what it knows", name, n, maxMethods))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func TestMethods(t *testing.T) {
	for _, p := range packages(t) {
		for _, wrong := range overloaded(methods(p.short(), p.sources(t))) {
			t.Error(wrong)
		}
	}
}

func TestMethodsFindsFaults(t *testing.T) {
	got := overloaded(map[string]int{"a.T": maxMethods, "a.U": maxMethods + 1})
	if len(got) != 1 || !strings.Contains(got[0], "a.U has 61 methods, at most 60") {
		t.Errorf("found %q", got)
	}
}

func TestMethodsCounts(t *testing.T) {
	file := snippet(t, "a/a.go", "package a\nfunc (t T) x() {}\nfunc (*T) y() {}\nfunc (U[K]) x() {}\nfunc (*U[K]) y() {}\nfunc (V[K, L]) x() {}\nfunc f(T) {}\n")
	tests := snippet(t, "a/a_test.go", "package a\nfunc (T) z() {}\n")
	got := methods("a", []source{file, tests})
	if got["a.T"] != 2 || got["a.U"] != 2 || got["a.V"] != 1 || len(got) != 3 {
		t.Errorf("counted %v", got)
	}
}
