package cli

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// every calls do for each command and topic, the root first.
func every(cmd *cobra.Command, do func(*cobra.Command)) {
	do(cmd)
	for _, sub := range cmd.Commands() {
		every(sub, do)
	}
}

func newRoot() *cobra.Command {
	a := &app{Stdio: Stdio{In: strings.NewReader(""), Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}, lost: newLost(), noted: noted{}}
	return a.root()
}

// ofCobra reports whether a text is cobra's own.
func ofCobra(cmd *cobra.Command) bool { return strings.Contains(cmd.CommandPath(), "completion") }

// TestHelpScreens: each fits a terminal of 80 columns, and looks like the others.
func TestHelpScreens(t *testing.T) {
	screens := 0
	every(newRoot(), func(cmd *cobra.Command) {
		screens++
		var out bytes.Buffer
		cmd.InitDefaultHelpFlag()
		writeHelp(&out, cmd)
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > width && !ofCobra(cmd) || strings.TrimRight(line, " ") != line {
				t.Errorf("%s --help: %q", cmd.CommandPath(), line)
			}
		}
		if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") || strings.ToUpper(cmd.Short[:1]) != cmd.Short[:1] {
			t.Errorf("%s: short description %q", cmd.CommandPath(), cmd.Short)
		}
		if cmd.Runnable() && !strings.Contains(out.String(), "\nUsage:\n  "+cmd.CommandPath()) {
			t.Errorf("%s --help has no usage line: %s", cmd.CommandPath(), out.String())
		}
	})
	if screens < 35 {
		t.Errorf("%d screens", screens)
	}
}

// TestGroups: each command is in a group, each topic is in none; and a command takes one
// line of the list.
func TestGroups(t *testing.T) {
	root := newRoot()
	got := map[string][]string{}
	for _, cmd := range root.Commands() {
		got[cmd.GroupID] = append(got[cmd.GroupID], cmd.Name())
	}
	want := map[string][]string{
		"Release":   {"history", "listings", "plan", "release", "report", "serve", "status", "verify"},
		"Blockers":  {"blockers", "explain", "unblock", "waive"},
		"Lifecycle": {"pause", "repair", "resume", "retire", "sweep", "withdraw"},
		"Rehearse":  {"probe", "rehearse", "sandbox"},
		"Set up":    {"adopt", "check", "completion", "help", "iam", "init", "pipeline", "schema", "version"},
		"":          {"environment", "exit-codes", "tags"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var out bytes.Buffer
	writeHelp(&out, root)
	for _, cmd := range root.Commands() {
		if !regexp.MustCompile(`(?m)^  ` + cmd.Name() + ` +` + regexp.QuoteMeta(cmd.Short) + `$`).MatchString(out.String()) {
			t.Errorf("%s is not on one line of\n%s", cmd.Name(), out.String())
		}
	}
}

// code is this package without its tests: its functions, and what names stand for in it.
type code struct {
	info      *types.Info
	functions map[types.Object]*ast.FuncDecl
	fields    map[types.Object]string // of app that hold global flags: the flag
}

// noImports is an importer to which every package is empty: what is asked of them is not what
// this is about.
type noImports struct{}

func (noImports) Import(name string) (*types.Package, error) {
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p, nil
}

func readCode(t *testing.T) code {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	out := code{&types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}, map[types.Object]*ast.FuncDecl{}, map[types.Object]string{}}
	conf := types.Config{Importer: noImports{}, Error: func(error) {}}
	pkg, _ := conf.Check("cli", set, files, out.info) // it has errors: see noImports
	for _, file := range files {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
				out.functions[out.info.Defs[f.Name]] = f
			}
		}
	}
	fields := pkg.Scope().Lookup("app").Type().Underlying().(*types.Struct)
	for f := range fields.Fields() {
		if slices.Contains([]string{"file", "set", "json", "verbose"}, f.Name()) {
			out.fields[f] = f.Name()
		}
		if f.Name() == "answering" {
			out.fields[f] = "json"
		}
	}
	return out
}

// constructors are the functions that make a command, by the command's name.
func (c code) constructors() map[string]*ast.FuncDecl {
	out := map[string]*ast.FuncDecl{}
	for _, f := range c.functions {
		ast.Inspect(f, func(n ast.Node) bool {
			if kv, ok := n.(*ast.KeyValueExpr); ok && isNamed(kv.Key, "Use") {
				if lit, ok := kv.Value.(*ast.BasicLit); ok {
					use, _ := strconv.Unquote(lit.Value)
					name, _, _ := strings.Cut(use, " ")
					out[name] = f
				}
			}
			return true
		})
	}
	return out
}

func isNamed(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

// effects are the global flags that code looks at, from a function on, without the commands
// below it: fields of app that hold them, and clients of AWS, which have the timeouts.
func (c code) effects(from *ast.FuncDecl, seen map[*ast.FuncDecl]bool) map[string]bool {
	out := map[string]bool{}
	ast.Inspect(from.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if isNamed(n.X, "awsapi") && strings.HasPrefix(n.Sel.Name, "Load") {
				out["call-timeout"], out["read-timeout"] = true, true
			}
		case *ast.Ident:
			used := c.info.Uses[n]
			if flag := c.fields[used]; flag != "" {
				out[flag] = true
			}
			if f := c.functions[used]; f != nil && !seen[f] && !makesCommand(f) {
				seen[f] = true
				maps.Copy(out, c.effects(f, seen))
			}
		}
		return true
	})
	return out
}

func makesCommand(f *ast.FuncDecl) bool {
	if f.Type.Results == nil {
		return false
	}
	star, ok := f.Type.Results.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Command"
}

// TestGlobalFlagsHaveEffect: a command shows those global flags that its code looks at, and
// no others.
func TestGlobalFlagsHaveEffect(t *testing.T) {
	refused := map[string]string{"gitlab": "set"} // read, to be refused
	source := readCode(t)
	made := source.constructors()
	shown := 0
	every(newRoot(), func(cmd *cobra.Command) {
		if !cmd.HasParent() || !cmd.Runnable() || ofCobra(cmd) {
			return
		}
		from := made[cmd.Name()]
		if from == nil {
			t.Fatalf("no function makes %s", cmd.CommandPath())
		}
		want := source.effects(from, map[*ast.FuncDecl]bool{})
		delete(want, refused[cmd.Name()])
		if pages(cmd) { // whatever they do
			want[colorFlag] = true
		}
		var got []string
		shownGlobals(cmd).VisitAll(func(f *pflag.Flag) { got = append(got, f.Name) })
		shown += len(got)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), got); diff != "" {
			t.Errorf("%s: what its code looks at, and what it shows: %s", cmd.CommandPath(), diff)
		}
	})
	if shown < 80 {
		t.Errorf("only %d flags are shown", shown)
	}
}

// TestExitCodes: each code that is used is in the table, once, and in the topic.
func TestExitCodes(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "exit.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && regexp.MustCompile(`^code[A-Z]`).MatchString(spec.Names[0].Name) {
			want = append(want, spec.Values[0].(*ast.BasicLit).Value)
		}
		return true
	})
	for _, c := range exitCodes() {
		got = append(got, strconv.Itoa(c.code))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(got) < 10 {
		t.Errorf("constants and table differ: %s", diff)
	}
	for _, code := range want {
		if !regexp.MustCompile(`(?m)^  ` + code + ` +[A-Z]`).MatchString(exitCodesText()) {
			t.Errorf("no %s in\n%s", code, exitCodesText())
		}
	}
}

// otherwise are names in capitals in the source that are read as no environment variable.
func otherwise() map[string]string {
	return map[string]string{
		"GIT_DIR": "removed from git's environment", "GIT_WORK_TREE": "removed from git's environment",
		"GIT_INDEX_FILE": "set for git", "GIT_PREFIX": "removed from git's environment",
		"APT_CONFIG": "set for apt", "AWS_DEFAULT_REGION": "set for the AWS CLI",
		"CLIENT_ERROR": "Marketplace's", "SERVER_FAULT": "Marketplace's", "CASE_OPENED": "Service Quotas'", "CASE_CLOSED": "Service Quotas'",
		"NOT_APPROVED": "Service Quotas'", "INVALID_REQUEST": "Service Quotas'", "EC2_IMAGE": "the Recycle Bin's",
	}
}

// variables are the names in the product's source that look like environment variables.
func variables(t *testing.T) map[string]string {
	t.Helper()
	form := regexp.MustCompile(`"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|CLICOLOR|TERM|PATH|HOME|USER|LOGNAME|LANG|TZ|TMPDIR)=?"`)
	out := map[string]string{}
	for _, top := range []string{"cmd", "internal", "sandbox"} {
		err := filepath.WalkDir(filepath.Join("..", "..", top), func(path string, e fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(filepath.Dir(path), "marketplace") || filepath.Base(path) == "topics.go" {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range form.FindAllSubmatch(text, -1) {
				out[string(m[1])] = path
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// implied are variables that are read by what the product calls.
func implied() map[string]string {
	return map[string]string{
		"TMPDIR": "os.MkdirTemp", "XDG_CACHE_HOME": "os.UserCacheDir", "SSL_CERT_FILE": "crypto/x509", "SSL_CERT_DIR": "crypto/x509",
		"HTTP_PROXY": "net/http", "HTTPS_PROXY": "net/http", "NO_PROXY": "net/http",
	}
}

// sdkVariables is the code with which the SDK reads its environment.
func sdkVariables(t *testing.T) string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/config").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "env_config.go"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestEnvironment: the topic has every variable that the source names, and no others but
// those that the SDK and Go read.
func TestEnvironment(t *testing.T) {
	named, sdk := variables(t), sdkVariables(t)
	topic := map[string]bool{}
	for _, s := range environment() {
		for _, row := range s.rows {
			if topic[row[0]] {
				t.Errorf("%s is there twice", row[0])
			}
			topic[row[0]] = true
			if named[row[0]] == "" && implied()[row[0]] == "" && !strings.Contains(sdk, `"`+row[0]+`"`) {
				t.Errorf("nothing reads %s", row[0])
			}
		}
	}
	for name, path := range named {
		if !topic[name] && otherwise()[name] == "" {
			t.Errorf("%s, in %s, is not in the topic environment", name, path)
		}
	}
	for name := range otherwise() {
		if named[name] == "" {
			t.Errorf("%s is nowhere in the source", name)
		}
	}
}

// TestUsageErrors: each says what is wrong, with the names that there are, and ends with
// the usage line of the command.
func TestUsageErrors(t *testing.T) {
	catalog := filepath.Join(t.TempDir(), "amiship.yaml")
	listed := strings.Replace(shipping, "images:\n", "listings: {basic: {product: prod-abcdefghijklm, image: p, title: \"P {version}\", release_notes: {file: p.deb}, usage_instructions: x, access_role_arn: \"arn:aws:iam::123456789012:role/r\", operating_system: {name: DEBIAN, version: \"12\"}, user_name: admin, security_groups: [{protocol: tcp, from_port: 80, ip_ranges: [\"0.0.0.0/0\"]}]}}\nimages:\n", 1)
	for name, text := range map[string]string{"amiship.yaml": listed, "image.pkr.hcl": "# no template", "p.deb": "no package"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(catalog), name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		args  []string
		says  string
		usage string
	}{
		"a command":               {[]string{"relaese", "v1"}, `unknown command "relaese" for "amiship"; did you mean release?`, "amiship COMMAND [flags]"},
		"a command like none":     {[]string{"dance"}, `unknown command "dance" for "amiship"`, "amiship COMMAND [flags]"},
		"another word for one":    {[]string{"cleanup"}, `unknown command "cleanup" for "amiship"; did you mean sweep?`, "amiship COMMAND [flags]"},
		"a command of another":    {[]string{"sandbox", "forward"}, `unknown command "forward" for "amiship sandbox"; known are advance, calls, dump,`, "amiship sandbox [flags]"},
		"a command of a group":    {[]string{"pipeline", "circle"}, `unknown command "circle" for "amiship pipeline"; known are gitlab`, "amiship pipeline COMMAND [flags]"},
		"a topic":                 {[]string{"help", "nosuch"}, `no help for "nosuch": known are adopt, blockers,`, "amiship help [COMMAND | TOPIC] [flags]"},
		"a topic, mistyped":       {[]string{"help", "exit-code"}, `did you mean exit-codes?`, "amiship help [COMMAND | TOPIC] [flags]"},
		"a flag":                  {[]string{"sweep", "--yess"}, `unknown flag: --yess; did you mean --yes?`, "amiship sweep [flags]"},
		"a flag like none":        {[]string{"sweep", "--zzzzzzzz"}, `unknown flag: --zzzzzzzz`, "amiship sweep [flags]"},
		"a letter":                {[]string{"sweep", "-z"}, `unknown shorthand flag: 'z' in -z`, "amiship sweep [flags]"},
		"a flag without a value":  {[]string{"sweep", "--older"}, `flag needs an argument: --older`, "amiship sweep [flags]"},
		"a value":                 {[]string{"sweep", "--older", "soon"}, `invalid argument "soon" for "--older" flag`, "amiship sweep [flags]"},
		"no tag":                  {[]string{"plan"}, `requires at least 1 arg(s)`, "amiship plan TAG... [flags]"},
		"two tags":                {[]string{"history", "a", "b"}, `accepts 1 arg(s), received 2`, "amiship history TAG [flags]"},
		"an argument too many":    {[]string{"version", "now"}, `unknown command "now" for "amiship version"`, "amiship version [flags]"},
		"one of cobra's":          {[]string{"completion", "bash", "now"}, `unknown command "now" for "amiship completion bash"`, "amiship completion bash"},
		"a flag that is missing":  {[]string{"sandbox", "dump"}, `required flag(s) "state" not set`, "amiship sandbox dump [flags]"},
		"a listing":               {[]string{"listings", "basics"}, `no listing "basics": known are basic`, "amiship listings [NAME...] [flags]"},
		"a region":                {[]string{"waive", "eu-west-9", "--reason", "x", "--until", "2999-12-31"}, `eu-west-9 is not a required region: known are us-east-1, eu-west-1`, "amiship waive REGION --reason TEXT --until DATE [flags]"},
		"a region of the sandbox": {[]string{"sandbox", "env", "--state", "x", "--region", "eu-west-9"}, `no region "eu-west-9": known are `, "amiship sandbox env [flags]"},
		"an architecture":         {[]string{"release", "v1.2.0", "--until", "tested", "--arch", "arm"}, `no architecture "arm": known are amd64, arm64`, "amiship release TAG | --all-open [flags]"},
		"a stage":                 {[]string{"release", "v1.2.0", "--until", "done"}, `no stage "done": built, tested, shared, public or listed`, "amiship release TAG | --all-open [flags]"},
		"a base":                  {[]string{"sandbox", "prepare", "debian-1"}, `no base "debian-1": known are `, "amiship sandbox prepare [NAME[/ARCH]...] [flags]"},
		"a var":                   {[]string{"plan", "v1.2.0", "--set", "x=y"}, `no var x: amiship.yaml has no vars`, "amiship plan TAG... [flags]"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, said bytes.Buffer
			code := Main(t.Context(), append([]string{"--file", catalog}, c.args...), Stdio{In: strings.NewReader(""), Out: &out, Err: &said}, Version{})
			text := said.String()
			if code != codeUsage || !strings.Contains(text, c.says) || !strings.HasSuffix(text, "\namiship: usage: "+c.usage+"\n") || out.Len() > 0 && c.args[1] != "env" {
				t.Errorf("exit code %d, says %s%s; want %s, usage: %s", code, text, out.String(), c.says, c.usage)
			}
		})
	}
}

// TestVersion: the flag and the command say the same.
func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		var out bytes.Buffer
		code := Main(t.Context(), args, Stdio{In: strings.NewReader(""), Out: &out, Err: &bytes.Buffer{}}, Version{Version: "v1.2.3", Commit: "abc"})
		if got := fmt.Sprint(code, " ", out.String()); got != "0 amiship v1.2.3 (abc)\n" {
			t.Errorf("%v prints %q", args, got)
		}
	}
}

// TestTopics: help of a topic, of a command, and of what it is about by its own name.
func TestTopics(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"environment":         {[]string{"help", "environment"}, "\n  AWS_PROFILE "},
		"exit-codes":          {[]string{"help", "exit-codes"}, "\n  75   Still waiting."},
		"tags":                {[]string{"help", "tags"}, "\n  amiship:stage "},
		"by its name":         {[]string{"tags"}, "\n  amiship:stage "},
		"a command":           {[]string{"help", "release"}, "Usage:\n  amiship release TAG | --all-open [flags]\n"},
		"a command of one":    {[]string{"help", "sandbox", "env"}, "Usage:\n  amiship sandbox env [flags]\n"},
		"nothing":             {[]string{"help"}, "\nLifecycle:\n"},
		"no command":          {nil, "\nLifecycle:\n"},
		"a group of commands": {[]string{"iam"}, "\nCommands:\n  marketplace-role  "},
	} {
		t.Run(name, func(t *testing.T) {
			var out, said bytes.Buffer
			code := Main(t.Context(), c.args, Stdio{In: strings.NewReader(""), Out: &out, Err: &said}, Version{})
			if code != 0 || !strings.Contains(out.String(), c.says) || said.Len() > 0 {
				t.Errorf("exit code %d, prints %s%s", code, out.String(), said.String())
			}
		})
	}
}
