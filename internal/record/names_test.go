package record

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTags: each constant that is a tag's key is among the tags, once, with its meaning.
func TestTags(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "names.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{markPrefix + "EVENT"}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if ok && strings.HasPrefix(spec.Names[0].Name, "Tag") {
			key, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, key)
		}
		return true
	})
	var got []string
	for _, tag := range Tags() {
		got = append(got, tag.Key)
		if tag.On == "" || !strings.HasSuffix(tag.Means, ".") {
			t.Errorf("%s: on %q, means %q", tag.Key, tag.On, tag.Means)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if len(want) < 20 || !slices.Equal(got, want) {
		t.Errorf("the tags are\n%q, the constants\n%q", got, want)
	}
}
