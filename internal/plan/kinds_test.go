package plan

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"slices"
	"strconv"
	"testing"

	"amiship/internal/release"
)

// TestKindsAreDescribed: every constant of type Kind has one row in the table, with all that
// a row needs.
func TestKindsAreDescribed(t *testing.T) {
	file, err := parser.ParseFile(gotoken.NewFileSet(), "kinds.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var declared []Kind
	ast.Inspect(file, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Values) != 1 {
			return true
		}
		if name, ok := v.Type.(*ast.Ident); ok && name.Name == "Kind" {
			text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			declared = append(declared, Kind(text))
		}
		return true
	})
	if len(declared) < 20 || !slices.Equal(declared, Kinds()) {
		t.Errorf("declared:    %s\nin the table: %s", declared, Kinds())
	}
	at := release.Key{Image: "ce", Arch: "amd64", Listing: "ce", Place: release.Place{Region: "us-east-1"}}
	for _, k := range Kinds() {
		s := k.spec()
		if s.change == nil || s.change.Kind() != k || s.does == "" || !slices.Contains(stages, s.until) || (s.affects == nil) != s.passive {
			t.Errorf("%s: the row lacks something: %+v", k, s)
			continue
		}
		if s.passive {
			continue
		}
		d := release.Desired{Variants: []release.Variant{{Image: "ce", Arch: "amd64", Share: []string{"111111111111"}}}}
		if len((Action{Change: s.change, Target: at}).Affects(d)) == 0 {
			t.Errorf("%s: nothing is read again after it", k)
		}
	}
}
