package archtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// outsideWorld are packages of the standard library that a pure one does not import.
func outsideWorld() []string {
	return []string{"os", "os/exec", "os/signal", "net", "net/http", "log", "log/slog", "math/rand", "math/rand/v2", "syscall"}
}

// misplaced returns what is wrong with the table itself: a row that imports a
// later one, or a pure one that imports another kind.
func misplaced(table []layer) (wrong []string) {
	above := map[string]layer{}
	for _, l := range table {
		for _, dep := range l.imports {
			row, known := above[dep]
			switch {
			case outer(dep):
			case !known:
				wrong = append(wrong, fmt.Sprintf("%s imports %s, which does not come before it in the table: no import runs upward", l.pkg, dep))
			case l.pure && !row.pure:
				wrong = append(wrong, fmt.Sprintf("%s is pure and imports %s, which is not", l.pkg, dep))
			}
		}
		if l.why == "" {
			wrong = append(wrong, l.pkg+" has no reason")
		}
		if _, twice := above[l.pkg]; twice {
			wrong = append(wrong, l.pkg+" has two rows")
		}
		above[l.pkg] = l
	}
	return wrong
}

// outer reports whether a package of a row is another module's: a host is named.
func outer(dep string) bool {
	host, _, _ := strings.Cut(dep, "/")
	return strings.Contains(host, ".")
}

// short is an import path as the table has it.
func short(path string) string { return strings.TrimPrefix(path, module+"/") }

// allows reports whether a row permits an import.
func (l layer) allows(path string) bool {
	if standard(path) {
		return !l.pure || !slices.Contains(outsideWorld(), path)
	}
	return slices.ContainsFunc(l.imports, func(dep string) bool { return covers(dep, path) })
}

// covers reports whether an entry of a row stands for an import.
func covers(dep, path string) bool {
	return short(path) == dep || outer(dep) && below(path, dep)
}

// standard reports whether a package comes with Go.
func standard(path string) bool { return !below(path, module) && !outer(path) }

// unlayered returns the imports that the table does not permit, and what is in
// the table and not in the tree.
func unlayered(table []layer, all []pkg) (wrong []string) {
	rows := map[string]layer{}
	for _, l := range table {
		rows[l.pkg] = l
	}
	for _, p := range all {
		l, ok := rows[p.short()]
		if !ok {
			wrong = append(wrong, p.short()+" has no row in layers(): say what it may import, and why")
			continue
		}
		for _, path := range p.Imports {
			if !l.allows(path) {
				wrong = append(wrong, fmt.Sprintf("%s must not import %s: %s", p.short(), short(path), l.why))
			}
		}
		for _, dep := range l.imports {
			if !slices.ContainsFunc(p.Imports, func(path string) bool { return covers(dep, path) }) {
				wrong = append(wrong, fmt.Sprintf("%s no longer imports %s: remove it from its row", p.short(), dep))
			}
		}
		delete(rows, p.short())
	}
	for name := range rows {
		wrong = append(wrong, name+" does not exist: remove its row")
	}
	return wrong
}

// linked returns what packages link, through others too, and never should.
func linked(all []pkg) (wrong []string) {
	for _, p := range all {
		for who, never := range apart() {
			if !below(p.short(), who) {
				continue
			}
			for _, dep := range p.Deps {
				if slices.ContainsFunc(never, func(not string) bool { return below(dep, not) && !below(dep, module+"/"+who) }) {
					wrong = append(wrong, fmt.Sprintf("%s must not link %s", p.short(), dep))
				}
			}
		}
		for _, dep := range slices.Concat(p.TestImports, p.XTestImports) { // the sandbox's tests may use AWS's clients, and nothing of ours
			if below(p.short(), "sandbox") && below(dep, module+"/internal") {
				wrong = append(wrong, fmt.Sprintf("tests of %s must not import %s", p.short(), dep))
			}
		}
	}
	return wrong
}

func TestLayers(t *testing.T) {
	all := packages(t)
	for _, wrong := range slices.Concat(misplaced(layers()), unlayered(layers(), all), linked(all)) {
		t.Error(wrong)
	}
}

func TestLayersFindsFaults(t *testing.T) {
	table := []layer{
		{pkg: "internal/world", pure: true, why: "values"},
		{pkg: "internal/plan", pure: true, imports: []string{"internal/world", semver}, why: "decisions"},
		{pkg: "internal/awsapi", imports: []string{sdk}, why: "clients"},
	}
	world := pkg{ImportPath: "amiship/internal/world", Imports: []string{"fmt"}}
	plan := pkg{ImportPath: "amiship/internal/plan", Imports: []string{"amiship/internal/world", semver}}
	awsapi := pkg{ImportPath: "amiship/internal/awsapi", Imports: []string{"os", sdk + "/smithy-go"}}
	for name, c := range map[string]struct {
		packages []pkg
		want     string
	}{
		"nothing":                  {packages: []pkg{world, plan, awsapi}},
		"one upward":               {packages: []pkg{{ImportPath: "amiship/internal/world", Imports: []string{"amiship/internal/plan"}}, plan, awsapi}, want: "internal/world must not import internal/plan: values"},
		"another module":           {packages: []pkg{{ImportPath: "amiship/internal/world", Imports: []string{sdk + "/smithy-go"}}, plan, awsapi}, want: "internal/world must not import " + sdk},
		"a pure one runs programs": {packages: []pkg{{ImportPath: "amiship/internal/world", Imports: []string{"os/exec"}}, plan, awsapi}, want: "internal/world must not import os/exec"},
		"one without a row":        {packages: []pkg{world, plan, awsapi, {ImportPath: "amiship/internal/util"}}, want: "internal/util has no row"},
		"a row without a package":  {packages: []pkg{world, plan}, want: "internal/awsapi does not exist"},
		"an import that is over":   {packages: []pkg{world, {ImportPath: "amiship/internal/plan", Imports: []string{"amiship/internal/world"}}, awsapi}, want: "internal/plan no longer imports " + semver},
		"a parent's permission":    {packages: []pkg{world, {ImportPath: "amiship/internal/plan", Imports: []string{"amiship/internal/world/sub", "amiship/internal/world", semver}}, awsapi}, want: "internal/plan must not import internal/world/sub"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(unlayered(table, c.packages), "; "); (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestLayersFindsFaultsOfTheTable(t *testing.T) {
	for name, c := range map[string]struct {
		table []layer
		want  string
	}{
		"in order":               {table: []layer{{pkg: "a", why: "x"}, {pkg: "b", imports: []string{"a", sdk}, why: "x"}}},
		"upward":                 {table: []layer{{pkg: "a", imports: []string{"b"}, why: "x"}, {pkg: "b", why: "x"}}, want: "a imports b, which does not come before it"},
		"a circle":               {table: []layer{{pkg: "a", imports: []string{"a"}, why: "x"}}, want: "a imports a, which does not come before it"},
		"a pure one that is not": {table: []layer{{pkg: "a", why: "x"}, {pkg: "b", pure: true, imports: []string{"a"}, why: "x"}}, want: "b is pure and imports a, which is not"},
		"no reason":              {table: []layer{{pkg: "a"}}, want: "a has no reason"},
		"two rows":               {table: []layer{{pkg: "a", why: "x"}, {pkg: "a", why: "x"}}, want: "a has two rows"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(misplaced(c.table), "; "); (c.want == "") != (got == "") || !strings.HasPrefix(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestLayersFindsLinks(t *testing.T) {
	for name, c := range map[string]struct {
		planted pkg
		want    string
	}{
		"sandbox knows the product, through another": {planted: pkg{ImportPath: "amiship/sandbox/ec2", Deps: []string{"amiship/internal/release"}}, want: "amiship/internal/release"},
		"its tests know it":                          {planted: pkg{ImportPath: "amiship/sandbox/ec2", XTestImports: []string{"amiship/internal/awsapi"}}, want: "tests of sandbox/ec2"},
		"a machine that knows EC2":                   {planted: pkg{ImportPath: "amiship/sandbox/machine/container", Deps: []string{"amiship/sandbox/ec2"}}, want: "amiship/sandbox/ec2"},
		"verify trusts observe":                      {planted: pkg{ImportPath: "amiship/internal/outside", Deps: []string{"amiship/internal/observe"}}, want: "amiship/internal/observe"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := linked([]pkg{c.planted}); len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("found %q, want one fault: %s", got, c.want)
			}
		})
	}
}

// TestApartGuardsSomething: a rule about a package that does not exist guards nothing.
func TestApartGuardsSomething(t *testing.T) {
	all := packages(t)
	for who, never := range apart() {
		for _, path := range append(slices.Clone(never), module+"/"+who) {
			exists := func(p pkg) bool {
				return below(p.ImportPath, path) || slices.ContainsFunc(p.Deps, func(dep string) bool { return below(dep, path) })
			}
			if !slices.ContainsFunc(all, exists) {
				t.Errorf("%s is in a rule of apart() and does not exist", path)
			}
		}
	}
}
