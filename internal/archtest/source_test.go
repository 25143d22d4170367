package archtest

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

// ban is something of a package that code outside its places must not use.
type ban struct {
	pkg    string   // import path
	names  []string // a trailing * stands for any ending; nil: the import itself
	except []string // directories that may
	tests  bool     // tests must not either
	why    string
}

func bans() []ban {
	cli := []string{"cmd", "internal/cli", "bench"}
	machines := []string{"sandbox/machine", "sandbox/ec2"} // a machine outlives the request that starts it
	return []ban{
		{"os", []string{"Exit"}, cli, false, "a return lets deferred work be done"},
		{"syscall", []string{"Exit"}, nil, false, "a return lets deferred work be done"},
		{"log", nil, nil, true, "log/slog is what this program logs with"},
		{"flag", nil, nil, false, "only cli reads flags, with cobra"},
		{"fmt", []string{"Print*"}, nil, false, "only cli prints, to the writer that it was given"},
		{"os", []string{"Stdin", "Stdout", "Stderr", "Args"}, cli, false, "only cli reads and prints"},
		{"os", []string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, cli, false, "only cli reads the environment"},
		{"os", []string{"Setenv", "Unsetenv", "Chdir"}, nil, true, "it changes the whole process"},
		{"time", []string{"Sleep", "Tick"}, nil, false, "waiting is a timer or ticker beside a context"},
		{"context", []string{"Background", "TODO"}, slices.Concat(cli, machines), false, "a context is passed on from main"},
		{"math/rand", nil, nil, true, "math/rand/v2 replaces it"},
		{"io/ioutil", nil, nil, true, "os and io replace it"},
	}
}

// excused are the exceptions: what may stand in which file, and why.
func excused() map[string]string {
	return map[string]string{
		"sandbox/machine/container/inside.go os.Args": "a machine's init is this program under another name",
		"internal/history/history.go os.Environ":      "git gets the environment, less what names another repository",
		"internal/packer/process.go os.Environ":       "Packer gets the environment, less what it needs not",
		"internal/rehearse/rehearse.go os.Environ":    "commands of the rehearsal get the environment and the sandbox's account",
		"internal/source/apt.go os.Environ":           "apt gets the environment in a language that can be read",
		"internal/awsapi/errors.go strings.Cut":       "what the SDK says before AWS's own words is left out of a text",
		"internal/source/secret.go os.Getenv":         "a catalog names the variables of its secrets",
	}
}

// banned returns the banned things that a file uses, without their places.
func banned(f source) map[string]ast.Node {
	found := map[string]ast.Node{}
	for _, b := range bans() {
		if f.in(b.except...) || f.test() && !b.tests {
			continue
		}
		name := importedAs(f, b.pkg)
		if name == "" {
			continue
		}
		if b.names == nil {
			found[b.pkg+": "+b.why] = f.Name
			continue
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if sel := selected(n, name); sel != "" && matches(sel, b.names) {
				found[b.pkg+"."+sel+": "+b.why] = n
			}
			return true
		})
	}
	return found
}

// importedAs returns the name of a package in a file, or nothing.
func importedAs(f source, pkg string) string {
	for _, spec := range f.Imports {
		if strings.Trim(spec.Path.Value, `"`) != pkg {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(pkg)
	}
	return ""
}

// selected returns Y of an expression pkg.Y.
func selected(n ast.Node, pkg string) string {
	sel, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if x, ok := sel.X.(*ast.Ident); !ok || x.Name != pkg {
		return ""
	}
	return sel.Sel.Name
}

func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		prefix, any := strings.CutSuffix(p, "*")
		return name == p || any && strings.HasPrefix(name, prefix)
	})
}

// offences returns what a file must not have, each with its place.
func offences(f source, used map[string]bool) []string {
	var wrong []string
	for what, n := range banned(f) {
		name, _, _ := strings.Cut(what, ":")
		if key := f.path + " " + name; excused()[key] != "" {
			used[key] = true
			continue
		}
		wrong = append(wrong, f.at(n)+" uses "+what)
	}
	for _, decl := range f.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			wrong = append(wrong, f.at(fn)+" has an init function: what happens at the start stands in main")
		}
	}
	for what, n := range readsReasons(f) {
		key := f.path + " " + what
		if excused()[key] != "" {
			used[key] = true
			continue
		}
		wrong = append(wrong, f.at(n)+" uses "+what+" on a text for people: go by its code or type")
	}
	return append(wrong, skips(f)...)
}

// readsReasons finds where a program decides by what an error, or the reason of a step, says
// in words.
func readsReasons(f source) map[string]ast.Node {
	found := map[string]ast.Node{}
	name := importedAs(f, "strings")
	if name == "" || f.test() {
		return found
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel := selected(call.Fun, name)
		if matches(sel, []string{"Contains*", "HasPrefix", "HasSuffix", "Cut*", "Index*", "Count", "EqualFold"}) && isReason(call.Args[0]) {
			found[name+"."+sel] = n
		}
		return true
	})
	return found
}

// isReason reports whether an expression is x.Error(), x.Why or x.Err.
func isReason(e ast.Expr) bool {
	if call, ok := e.(*ast.CallExpr); ok {
		sel, ok := call.Fun.(*ast.SelectorExpr)
		return ok && sel.Sel.Name == "Error" && len(call.Args) == 0
	}
	sel, ok := e.(*ast.SelectorExpr)
	return ok && (sel.Sel.Name == "Why" || sel.Sel.Name == "Err")
}

// skips finds tests that end without having tested.
func skips(f source) []string {
	var wrong []string
	ast.Inspect(f.File, func(n ast.Node) bool {
		for _, t := range []string{"t", "b", "tb", "f"} {
			if sel := selected(n, t); f.test() && matches(sel, []string{"Skip", "Skipf", "SkipNow"}) {
				wrong = append(wrong, f.at(n)+" skips a test: nobody sees it, so let it fail or run")
			}
		}
		return true
	})
	return wrong
}

func TestSources(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		for _, f := range p.sources(t) {
			for _, wrong := range offences(f, used) {
				t.Error(wrong)
			}
		}
	}
	for key := range excused() {
		if !used[key] {
			t.Errorf("%s: the exception is needed no more", key)
		}
	}
}

func TestSourcesFindsFaults(t *testing.T) {
	for name, c := range map[string]struct{ path, text, want string }{
		"nothing":                 {"internal/plan/x.go", `import "os"; func f() { _ = os.ReadFile }`, ""},
		"exit":                    {"internal/plan/x.go", `import "os"; func f() { os.Exit(1) }`, "uses os.Exit"},
		"exit in cli":             {"internal/cli/x.go", `import "os"; func f() { os.Exit(1) }`, ""},
		"exit by another name":    {"internal/plan/x.go", `import sys "os"; func f() { sys.Exit(1) }`, "uses os.Exit"},
		"an exit of another kind": {"internal/plan/x.go", `import "os"; type o struct{}; func (x o) Exit() { _ = os.ReadFile; x.Exit() }`, ""},
		"print":                   {"internal/report/x.go", `import "fmt"; func f() { fmt.Println() }`, "uses fmt.Println"},
		"print to a writer":       {"internal/report/x.go", `import "fmt"; func f() { fmt.Fprintln(nil) }`, ""},
		"stdout below cli":        {"sandbox/x.go", `import "os"; var _ = os.Stdout`, "uses os.Stdout"},
		"environment":             {"internal/awsapi/x.go", `import "os"; var _ = os.Getenv("X")`, "uses os.Getenv"},
		"sleep":                   {"internal/apply/x.go", `import "time"; func f() { time.Sleep(1) }`, "uses time.Sleep"},
		"sleep in a test":         {"internal/apply/x_test.go", `import "time"; func f() { time.Sleep(1) }`, ""},
		"background":              {"internal/apply/x.go", `import "context"; var _ = context.Background()`, "uses context.Background"},
		"log":                     {"internal/apply/x_test.go", `import "log"; func f() { log.Fatal() }`, "uses log: "},
		"init":                    {"internal/apply/x.go", `func init() {}`, "has an init function"},
		"a method init":           {"internal/apply/x.go", `type t int; func (t) init() {}`, ""},
		"an error by its text":    {"internal/cli/x.go", `import "strings"; func f(err error) bool { return strings.Contains(err.Error(), "denied") }`, "uses strings.Contains on a text"},
		"a reason by its text":    {"internal/cli/x.go", `import "strings"; type s struct{ Why string }; func f(x s) bool { return strings.HasPrefix(x.Why, "AWS") }`, "uses strings.HasPrefix on a text"},
		"a name by its prefix":    {"internal/cli/x.go", `import "strings"; type s struct{ Name string }; func f(x s) bool { return strings.HasPrefix(x.Name, "ami-") }`, ""},
		"skip":                    {"internal/apply/x_test.go", `func TestX(t *T) { t.Skipf("no packer") }`, "skips a test"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(offences(snippet(t, c.path, "package x; "+c.text), map[string]bool{}), "; ")
			if (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}
