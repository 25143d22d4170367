package wire_test

import (
	"go/ast"
	"go/parser"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadsOfAnOperation: what an operation calls counts, what it only sets or another reads does not.
func TestReadsOfAnOperation(t *testing.T) {
	const text = `package p
type in struct { base; Read, Set, ByAnother string; Nested []inner; ByTable int; Called inner2 }
type base struct{ Embedded bool }
type inner struct{ Deep, Never int }
type inner2 struct{ Taken int }
func (i inner2) take() int { return i.Taken }
var table = map[string]func(*in) int{"x": func(i *in) int { return i.ByTable }}
func first(i *in) { i.Set = i.Read; for _, n := range i.Nested { use(n.Deep) }; _ = i.Embedded; table["x"](i); i.Called.take() }
func second(i *in) { _ = i.ByAnother }
func use(int) {}
func rows() { row("First", 1, first); row("Second", 1, second) }
func row(string, int, func(*in)) {}
`
	s := newSources(t)
	f, err := parser.ParseFile(s.fset, "p.go", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	c := s.examine("p", []*ast.File{f})
	got := map[string]bool{}
	for _, field := range []string{".Read", ".Set", ".ByAnother", ".Nested.Deep", ".Nested.Never", ".base.Embedded", ".ByTable", ".Called.Taken"} {
		got[field] = c.reads("First")[c.field("in", field)]
	}
	want := map[string]bool{
		".Read": true, ".Set": false, ".ByAnother": false, ".Nested.Deep": true, ".Nested.Never": false, ".base.Embedded": true, ".ByTable": true, ".Called.Taken": true,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestJudgeOfMembers: what nobody has thought of is named, and so is what is over.
func TestJudgeOfMembers(t *testing.T) {
	entries := readEntries(t, "# list\nrefused ec2 Run* Network.Ipv6*  why\nharmless ec2 * Latest  why\nextra ec2 Stop .Old  why\n")
	known := []member{
		{"ec2", "RunInstances", "Network.Ipv6Address.Primary", refused}, {"ec2", "Console", "Latest", unread}, {"ec2", "Stop", ".Old", extra}, {"ec2", "Stop", "Force", honored},
	}
	for name, tc := range map[string]struct {
		more []member
		left []member
		want string
	}{
		"all is said":             {left: known},
		"a new member":            {left: known, more: []member{{"ec2", "RunInstances", "Colour", refused}}, want: "refused ec2 RunInstances Colour: honor it"},
		"one that is not read":    {left: known, more: []member{{"ec2", "Stop", "Hibernate", unread}}, want: "harmless ec2 Stop Hibernate: honor it"},
		"of another fate":         {left: known, more: []member{{"ec2", "Console", "Latest", refused}}, want: "refused ec2 Console Latest: honor it"},
		"of another service":      {left: known, more: []member{{"ssm", "Console", "Latest", unread}}, want: "harmless ssm Console Latest: honor it"},
		"one that is not AWS's":   {left: known, more: []member{{"ec2", "Stop", ".Own", extra}}, want: "extra ec2 Stop .Own: honor it"},
		"an entry that is over":   {left: known[1:], want: "refused ec2 Run* Network.Ipv6*: there is no such member any more"},
		"one that is honored now": {left: append([]member{{"ec2", "Console", "Latest", honored}}, known[0], known[2]), want: "harmless ec2 * Latest: there is no such member any more"},
	} {
		got := strings.Join(judge(append(tc.left[:len(tc.left):len(tc.left)], tc.more...), entries), "; ")
		if !strings.HasPrefix(got, tc.want) || (tc.want == "") != (got == "") {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
		}
	}
}
