package probe

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"amiship/sandbox/sandboxtest"
)

// unknowns are the settings that are unknown of AWS, and what each may be.
func unknowns() map[string][]string {
	return map[string][]string{
		"ec2.image_changes":          {"500", "-1"},
		"ec2.snapshot_block_code":    {"OperationNotPermitted", "UnsupportedOperation", "InvalidParameterValue"},
		"ec2.deregister_pending":     {"free", "keep", "refuse"},
		"ec2.snapshot_copies":        {"1", "2", "5", "9"},
		"ec2.copy_image_limit":       {"queue", "fail", "refuse"},
		"marketplace.token_reused":   {"ValidationException", "ResourceInUseException", "ResourceNotFoundException"},
		"marketplace.cancel_refusal": {"in_use", "validation"},
		"image_check":                {"20m", "40m"}, // of the sandbox's time, which runs 1000 times faster
	}
}

// TestFindsWhatIsUnknown: a probe finds each unknown setting of a sandbox, and nothing of
// what the account has is touched.
func TestFindsWhatIsUnknown(t *testing.T) {
	for _, s := range Statements() {
		if s.Setting != "" && unknowns()[s.Setting] == nil {
			t.Errorf("the setting %s is not drawn", s.Setting)
		}
	}
	tight := map[string]string{"ec2.snapshot_copies": "1", "ec2.copy_image_limit": "refuse"} // one copy must not be in the other's way
	seed := uint64(time.Now().UnixNano())
	for n := range uint64(3) {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, n))
			want := map[string]string{}
			var lines [3]string // of marketplace, of ec2, of neither
			for _, name := range slices.Sorted(maps.Keys(unknowns())) {
				values := unknowns()[name]
				value := values[random.IntN(len(values))]
				if n == 0 && tight[name] != "" {
					value = tight[name]
				}
				want[name] = value
				section, key, _ := strings.Cut(name, ".")
				switch section {
				case "marketplace":
					lines[0] += ", " + key + ": " + value
				case "ec2":
					lines[1] += ", " + key + ": " + value
				default:
					lines[2] += "  " + name + ": " + value + "\n"
				}
			}
			t.Logf("seed %d: %v", seed, want)
			box := sandboxtest.Start(t, fmt.Sprintf(world, lines[0], lines[1], lines[2]))
			cfg := everything(clients(t, box, box.URL))
			cfg.Launch = false
			got, err := Run(t.Context(), nil, cfg)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range got.Answers {
				switch {
				case !a.Asked():
					t.Errorf("%d %s was not asked: %s", a.Number, a.Name, a.Problem)
				case a.Setting == "" && !a.Same():
					t.Errorf("%d %s: %q, which is no setting", a.Number, a.Name, a.Got)
				case a.Measured:
					took, err := time.ParseDuration(a.Got)
					least, _ := time.ParseDuration(want[a.Setting])
					if took *= 1000; err != nil || took < least || took > 2*least+10*time.Minute {
						t.Errorf("%d %s: %v, want %v", a.Number, a.Name, took, least)
					}
				case a.Setting != "" && (a.Got != want[a.Setting] || fmt.Sprint(find(got.Settings, a.Setting)) != a.Got):
					t.Errorf("%d %s: %q, and the setting %v; want %q", a.Number, a.Name, a.Got, find(got.Settings, a.Setting), want[a.Setting])
				}
			}
		})
	}
}

func find(settings map[string]any, name string) any {
	section, key, nested := strings.Cut(name, ".")
	if !nested {
		return settings[section]
	}
	inner, _ := settings[section].(map[string]any)
	return inner[key]
}

// TestEveryUnknownIsAsked: what the sandbox's comments mark [?] is the setting of a
// statement, or says why no probe asks it.
func TestEveryUnknownIsAsked(t *testing.T) {
	marked := markedUnknown(t, filepath.Join("..", "..", "sandbox"))
	known := map[string]bool{}
	for _, u := range UnaskedOnes() {
		if known[u.Where] = true; !slices.Contains(marked, u.Where) {
			t.Errorf("%s is not marked [?]", u.Where)
		}
	}
	asked := map[string]bool{}
	for _, s := range Statements() {
		asked[strings.ReplaceAll(s.Setting, "_", "")] = true
	}
	for _, name := range marked {
		setting := strings.ToLower(strings.Replace(name, ".Settings", "", 1))
		if setting == "ssm.config.imagecheck" {
			setting = "imagecheck"
		}
		if asked[setting] == known[name] {
			t.Errorf("%s is marked [?]: is its setting that of a statement: %v; says unasked.go why not: %v; want one of them", name, asked[setting], known[name])
		}
	}
	if len(marked) < 20 {
		t.Errorf("only %d are marked: %q", len(marked), marked)
	}
}

// markedUnknown names what has [?] in its comment: package, type and field, or package and
// name.
func markedUnknown(t *testing.T, root string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		add := func(names ...string) { out = append(out, file.Name.Name+"."+strings.Join(names, ".")) }
		unknown := func(groups ...*ast.CommentGroup) bool {
			return slices.ContainsFunc(groups, func(g *ast.CommentGroup) bool { return strings.Contains(g.Text(), "[?]") })
		}
		rest := 0
		for _, g := range file.Comments {
			rest += strings.Count(g.Text(), "[?]")
		}
		before := len(out)
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if unknown(d.Doc) {
					add(d.Name.Name)
				}
			case *ast.GenDecl:
				for i, spec := range d.Specs {
					doc := []*ast.CommentGroup{}
					if i == 0 {
						doc = append(doc, d.Doc)
					}
					switch spec := spec.(type) {
					case *ast.ValueSpec:
						if unknown(append(doc, spec.Doc, spec.Comment)...) {
							add(spec.Names[0].Name)
						}
					case *ast.TypeSpec:
						if fields, ok := spec.Type.(*ast.StructType); ok {
							for _, f := range fields.Fields.List {
								if unknown(f.Doc, f.Comment) {
									add(spec.Name.Name, f.Names[0].Name)
								}
							}
						}
					}
				}
			}
		}
		if found := len(out) - before; found != rest {
			t.Errorf("%s: %d of %d marks [?] are at a field, a value or a function", path, found, rest)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
