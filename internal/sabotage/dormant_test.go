package sabotage

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"
	"testing"
)

// wakes names the sabotage that a test binary runs with.
const wakes = "AMISHIP_SABOTAGE"

// wakened declares what functions with a dormant sabotage ask.
func wakened(pkg string) string {
	return fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar sabotaged = os.Getenv(%q)\n", pkg, wakes)
}

// dormant returns a file with all sabotages of it, each asleep: its function has the
// changed body beside its own, and runs that where the environment names the sabotage.
// So a package is compiled and linked once for all of them. It says which ones do not fit.
func dormant(text string, all []sabotage) (pkg, out string, unfit map[string]error) {
	unfit = map[string]error{}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", text, parser.SkipObjectResolution)
	if err != nil {
		for _, s := range all {
			unfit[s.name] = err
		}
		return "", text, unfit
	}
	cases := map[*ast.FuncDecl]string{}
	for _, s := range all {
		if in, body, err := s.changed(set, file, text); err != nil {
			unfit[s.name] = fmt.Errorf("%s: %w\n%s", s.file, err, s.from)
		} else {
			cases[in] += fmt.Sprintf("case %q:\n//line %s.txt:1\n%s\n", s.name, s.name, body)
		}
	}
	var b strings.Builder
	done := 0
	for _, decl := range file.Decls {
		in, _ := decl.(*ast.FuncDecl)
		if cases[in] == "" {
			continue
		}
		start := set.Position(in.Body.Lbrace)
		fmt.Fprintf(&b, "%s\nswitch sabotaged {\n%s}\n//line %s:%d", text[done:start.Offset+1], cases[in], path.Base(all[0].file), start.Line)
		done = start.Offset + 1
		if !strings.HasPrefix(text[done:], "\n") {
			b.WriteString("\n")
		}
	}
	b.WriteString(text[done:])
	return file.Name.Name, b.String(), unfit
}

// changed returns the function that a sabotage is in, and its body with it.
func (s sabotage) changed(set *token.FileSet, file *ast.File, text string) (*ast.FuncDecl, string, error) {
	if n := strings.Count(text, s.from); n != 1 {
		return nil, "", fmt.Errorf("the text to change is there %d times, want once", n)
	}
	at := strings.Index(text, s.from)
	for _, decl := range file.Decls {
		in, ok := decl.(*ast.FuncDecl)
		if !ok || in.Body == nil {
			continue
		}
		start, end := set.Position(in.Body.Lbrace).Offset+1, set.Position(in.Body.Rbrace).Offset
		if at < start || at+len(s.from) > end {
			continue
		}
		body := text[start:at] + s.to + text[at+len(s.from):end]
		if in.Type.Results == nil {
			body += "\nreturn"
		}
		return in, body, nil
	}
	return nil, "", errors.New("the text to change is not within a function")
}

func TestDormant(t *testing.T) {
	const text = `package p

const limit = 1

func f() (int, error) { return limit, nil }

func g(n int) {
	if n > limit {
		panic(n)
	}
}
`
	pkg, got, unfit := dormant(text, []sabotage{
		{name: "one", file: "p.go", from: "return limit", to: "return 2"},
		{name: "two", file: "p.go", from: "n > limit", to: "n > 3"},
		{name: "three", file: "p.go", from: "panic(n)", to: ""},
		{name: "outside", file: "p.go", from: "const limit = 1", to: "const limit = 2"},
		{name: "gone", file: "p.go", from: "limit = 4", to: ""},
		{name: "twice", file: "p.go", from: "limit", to: ""},
	})
	if pkg != "p" || len(unfit) != 3 || unfit["outside"] == nil || unfit["gone"] == nil || unfit["twice"] == nil {
		t.Errorf("package %q, unfit %v", pkg, unfit)
	}
	const want = `package p

const limit = 1

func f() (int, error) {
switch sabotaged {
case "one":
//line one.txt:1
 return 2, nil 
}
//line p.go:5
 return limit, nil }

func g(n int) {
switch sabotaged {
case "two":
//line two.txt:1

	if n > 3 {
		panic(n)
	}

return
case "three":
//line three.txt:1

	if n > limit {
		
	}

return
}
//line p.go:7
	if n > limit {
		panic(n)
	}
}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
