package house_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Name, Doc string
	Imports, Deps         []string
	GoFiles               []string
}

// list returns the packages of this module that have code besides tests.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps=false", "-json=ImportPath,Name,Doc,Imports,Deps,GoFiles", "amiship/...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if len(p.GoFiles) > 0 {
			all = append(all, p)
		}
	}
}

const (
	sdk = "github.com/aws/"
	ec2 = "github.com/aws/aws-sdk-go-v2/service/ec2"
)

// layers says what packages must not depend on, through others neither. What
// stands for packages includes those below them if it ends in /.
func layers() map[string][]string {
	return map[string][]string{
		"amiship/internal/release":  {"amiship/", sdk},
		"amiship/internal/world":    {"amiship/internal/plan", "amiship/internal/engine", "amiship/internal/cli", "amiship/sandbox", sdk},
		"amiship/internal/plan":     {"amiship/internal/engine", "amiship/internal/apply", "amiship/internal/cli", "amiship/sandbox", sdk},
		"amiship/internal/engine":   {"amiship/internal/apply", "amiship/internal/observe", "amiship/internal/cli", "amiship/sandbox", sdk},
		"amiship/internal/catalog":  {"amiship/internal/plan", "amiship/internal/world", "amiship/internal/cli", "amiship/sandbox", sdk},
		"amiship/internal/source":   {"amiship/internal/plan", "amiship/internal/catalog", "amiship/internal/cli", "amiship/sandbox", sdk},
		"amiship/internal/packer":   {"amiship/", sdk},
		"amiship/internal/scaffold": {"amiship/internal/cli", "amiship/sandbox", sdk},
		"amiship/internal/observe":  {"amiship/internal/apply", "amiship/internal/cli", "amiship/sandbox"},
		"amiship/internal/apply":    {"amiship/internal/engine", "amiship/internal/cli", "amiship/sandbox"},
		"amiship/internal/outside":  {"amiship/internal/observe", "amiship/internal/cli", "amiship/sandbox"},
		"amiship/sandbox/":          {"amiship/internal", sdk},
		"amiship/sandbox/machine/":  {"amiship/sandbox/ec2", "amiship/sandbox/cloud", "amiship/sandbox/wire"},
	}
}

// below reports whether a package is one, or stands below it.
func below(path, parent string) bool {
	parent = strings.TrimSuffix(parent, "/")
	return path == parent || strings.HasPrefix(path, parent+"/")
}

func TestLayers(t *testing.T) {
	packages := list(t)
	for layer, forbidden := range layers() {
		found := false
		for _, p := range packages {
			if p.ImportPath == layer || strings.HasSuffix(layer, "/") && below(p.ImportPath, layer) {
				found = true
				p.checkDeps(t, layer, forbidden)
			}
		}
		if !found {
			t.Errorf("no package %s: the rule about it guards nothing", layer)
		}
	}
}

// checkDeps reports the first dependency of each forbidden kind.
func (p pkg) checkDeps(t *testing.T, layer string, forbidden []string) {
	for _, not := range forbidden {
		i := slices.IndexFunc(p.Deps, func(dep string) bool { return below(dep, not) && !below(dep, layer) })
		if i >= 0 {
			t.Errorf("%s depends on %s", p.ImportPath, p.Deps[i])
		}
	}
}

// TestEC2 keeps the client of EC2, which takes minutes to compile, out of most
// packages.
func TestEC2(t *testing.T) {
	may := []string{"awsapi", "observe", "apply", "boottest", "outside"}
	for _, p := range list(t) {
		name, ok := strings.CutPrefix(p.ImportPath, "amiship/internal/")
		if slices.Contains(p.Imports, ec2) && (!ok || !slices.Contains(may, name)) {
			t.Errorf("%s imports %s", p.ImportPath, ec2)
		}
	}
}

func TestMainIsOneCall(t *testing.T) {
	for _, p := range list(t) {
		if p.Name != "main" || !strings.HasPrefix(p.ImportPath, "amiship/cmd/") {
			continue
		}
		for _, path := range p.Imports {
			if strings.HasPrefix(path, "amiship/") && path != "amiship/internal/cli" {
				t.Errorf("%s imports %s: wiring belongs into cli", p.ImportPath, path)
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	for _, p := range list(t) {
		want := "Package " + p.Name + " "
		if p.Name == "main" {
			want = "Command "
		}
		if !strings.HasPrefix(p.Doc, want) {
			t.Errorf("%s: its comment begins with %q, want %q", p.ImportPath, p.Doc, want+"…")
		}
	}
}

func TestPackageNames(t *testing.T) {
	vague := []string{"util", "utils", "common", "types", "helpers", "models", "misc", "shared"}
	for _, p := range list(t) {
		if slices.Contains(vague, p.Name) {
			t.Errorf("%s: a package is named by what it knows", p.ImportPath)
		}
	}
}
