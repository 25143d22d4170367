package house

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const (
	sdk = "github.com/aws"
	ec2 = "github.com/aws/aws-sdk-go-v2/service/ec2"
)

// pure are the packages that decide. They link nothing but what stands here and
// the standard library, and talk to nobody.
func pure() map[string][]string {
	const (
		semver      = "github.com/Masterminds/semver/v3"
		marketplace = "amiship/internal/marketplace"
	)
	return map[string][]string{
		marketplace[len(module)+1:]: {},
		"internal/release":          {semver, marketplace},
		"internal/world":            {semver, marketplace, "amiship/internal/release"},
		"internal/plan":             {semver, marketplace, "amiship/internal/release", "amiship/internal/world"},
		"internal/engine":           {semver, marketplace, "amiship/internal/release", "amiship/internal/world", "amiship/internal/plan"},
	}
}

// outsideWorld are packages of the standard library that a pure one does not import.
func outsideWorld() []string {
	return []string{"os", "os/exec", "os/signal", "net", "net/http", "log", "log/slog", "math/rand", "math/rand/v2", "syscall"}
}

// apart says what a package, or any below it, never links, through others neither.
func apart() map[string][]string {
	return map[string][]string{
		"sandbox":           {"amiship/internal", sdk}, // the independent witness
		"sandbox/machine":   {"amiship/sandbox/ec2", "amiship/sandbox/cloud", "amiship/sandbox/wire"},
		"sandbox/cloud":     {"amiship/sandbox/wire", "amiship/sandbox/machine"},
		"internal/history":  {"amiship/internal", sdk},
		"internal/catalog":  {"amiship/internal/plan", "amiship/internal/world", sdk},
		"internal/source":   {"amiship/internal/plan", "amiship/internal/catalog", sdk},
		"internal/packer":   {"amiship/internal", sdk},
		"internal/scaffold": {"amiship/internal/plan", sdk},
		"internal/report":   {sdk},
		"internal/observe":  {"amiship/internal/apply", "amiship/internal/engine"},
		"internal/apply":    {"amiship/internal/engine"},
		"internal/outside":  {"amiship/internal/observe", "amiship/internal/plan", "amiship/internal/apply"},
	}
}

// importers says who alone imports a package, or any below it.
func importers() map[string][]string {
	return map[string][]string{
		ec2:                         {"internal/awsapi", "internal/observe", "internal/apply", "internal/boottest", "internal/outside"},
		"github.com/spf13/cobra":    {"internal/cli"},
		"amiship/internal/cli":      {"cmd"},
		"amiship/internal/rehearse": {"internal/cli"},
		"amiship/sandbox":           {"internal/cli", "sandbox"}, // all others reach it over HTTP
		"github.com/goccy/go-yaml":  {"internal/catalog", "sandbox"},
	}
}

// layering returns what is wrong with the imports.
func layering(all []pkg) []string {
	var wrong []string
	add := func(p pkg, verb, dep string) {
		wrong = append(wrong, fmt.Sprintf("%s %s %s", p.short(), verb, dep))
	}
	for _, p := range all {
		for _, dep := range notPure(p) {
			add(p, "is to decide only, and links", dep)
		}
		for _, dep := range notApart(p) {
			add(p, "must not link", dep)
		}
		for _, dep := range notImporter(p) {
			add(p, "must not import", dep)
		}
	}
	return wrong
}

func notPure(p pkg) (wrong []string) {
	allowed, ok := pure()[p.short()]
	if !ok {
		return nil
	}
	for _, dep := range p.Deps {
		if !standard(dep) && !slices.Contains(allowed, dep) {
			wrong = append(wrong, dep)
		}
	}
	for _, dep := range p.Imports {
		if slices.Contains(outsideWorld(), dep) {
			wrong = append(wrong, dep)
		}
	}
	return wrong
}

// standard reports whether a package comes with Go: no host is named.
func standard(path string) bool {
	host, _, _ := strings.Cut(path, "/")
	return host != module && !strings.Contains(host, ".")
}

func notApart(p pkg) (wrong []string) {
	tests := slices.Concat(p.TestImports, p.XTestImports)
	for who, never := range apart() {
		if !below(p.short(), who) {
			continue
		}
		for _, dep := range p.Deps {
			if slices.ContainsFunc(never, func(not string) bool { return below(dep, not) && !below(dep, module+"/"+who) }) {
				wrong = append(wrong, dep)
			}
		}
		if below(who, "sandbox") { // its tests neither, but for AWS's own clients
			for _, dep := range tests {
				if below(dep, module+"/internal") {
					wrong = append(wrong, dep)
				}
			}
		}
	}
	return wrong
}

func notImporter(p pkg) (wrong []string) {
	for _, dep := range p.Imports {
		if dep == module+"/internal/boottest" {
			continue // tests images
		}
		if below(dep, module) && strings.HasSuffix(dep, "test") && !strings.HasSuffix(p.ImportPath, "test") { // wiretest and its like are for tests
			wrong = append(wrong, dep)
		}
	}
	for what, who := range importers() {
		if slices.ContainsFunc(who, func(parent string) bool { return below(p.short(), parent) }) {
			continue
		}
		for _, dep := range p.Imports {
			if below(dep, what) && !below(p.ImportPath, what) {
				wrong = append(wrong, dep)
			}
		}
	}
	return wrong
}

func TestLayers(t *testing.T) {
	for _, wrong := range layering(packages(t)) {
		t.Error(wrong)
	}
}

func TestLayersFindsFaults(t *testing.T) {
	for name, c := range map[string]struct {
		planted pkg
		want    string
	}{
		"the SDK in plan, through another": {pkg{ImportPath: "amiship/internal/plan", Deps: []string{"fmt", sdk + "/smithy-go"}}, "decide only"},
		"engine runs a program":            {pkg{ImportPath: "amiship/internal/engine", Imports: []string{"os/exec"}}, "decide only"},
		"world knows plan":                 {pkg{ImportPath: "amiship/internal/world", Deps: []string{"amiship/internal/plan"}}, "decide only"},
		"the EC2 client in report":         {pkg{ImportPath: "amiship/internal/report", Imports: []string{ec2 + "/types"}}, "must not import"},
		"sandbox knows the product":        {pkg{ImportPath: "amiship/sandbox/ec2", Deps: []string{"amiship/internal/release"}}, "must not link"},
		"its tests know it":                {pkg{ImportPath: "amiship/sandbox/ec2", XTestImports: []string{"amiship/internal/awsapi"}}, "must not link"},
		"a machine that knows EC2":         {pkg{ImportPath: "amiship/sandbox/machine/container", Deps: []string{"amiship/sandbox/ec2"}}, "must not link"},
		"apply uses cli":                   {pkg{ImportPath: "amiship/internal/apply", Imports: []string{"amiship/internal/cli"}}, "must not import"},
		"a test's support in use":          {pkg{ImportPath: "amiship/internal/apply", Imports: []string{"amiship/internal/awsapi/awstest"}}, "must not import"},
		"apply uses the sandbox":           {pkg{ImportPath: "amiship/internal/apply", Imports: []string{"amiship/sandbox/admin"}}, "must not import"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := layering([]pkg{c.planted}); len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("found %q, want one fault: %s", got, c.want)
			}
		})
	}
}

// TestLayersGuardSomething: a rule about a package that is gone guards nothing.
func TestLayersGuardSomething(t *testing.T) {
	var there []string
	for _, p := range packages(t) {
		there = append(there, p.short())
	}
	var named []string
	for who := range pure() {
		named = append(named, who)
	}
	for who := range apart() {
		named = append(named, who)
	}
	for _, who := range importers() {
		named = append(named, who...)
	}
	for _, name := range named {
		if !slices.ContainsFunc(there, func(path string) bool { return below(path, name) }) {
			t.Errorf("%s is not there; correct the rules that name it", name)
		}
	}
}
