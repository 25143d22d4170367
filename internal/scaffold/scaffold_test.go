package scaffold

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/catalog"
)

func TestInitMakesABundleThatIsRight(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "My Product_2")
	files, err := Init(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.State != Written {
			t.Errorf("%s was %s", f.Path, f.State)
		}
	}
	b, err := catalog.Load(filepath.Join(dir, catalog.File), nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Resolve(b, "v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	if v := d.Variants[0]; d.Project != "my-product-2" || v.Name != "My Product 2 1.2.3" || v.Public {
		t.Errorf("got project %q, variant %+v", d.Project, v)
	}
}

// TestTheListingOfACommentIsRight: who takes the comment signs away has a
// listing at which nothing is wrong.
func TestTheListingOfACommentIsRight(t *testing.T) {
	dir := t.TempDir()
	if _, err := Init(dir, Options{Project: "my-product"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, catalog.File)
	before, listings, found := strings.Cut(read(t, path), "# listings:\n")
	if !found {
		t.Fatal("no listings in the comments")
	}
	text := before + "listings:\n" + strings.ReplaceAll(listings, "#  ", "  ")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := catalog.Load(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	d, err := catalog.Resolve(b, "v1.2.3")
	if err != nil || len(d.Listings) != 1 || d.Listings[0].Version.Title != "My Product 1.2.3" {
		t.Errorf("got %+v, %v", d.Listings, err)
	}
}

func TestInitKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "scripts", "install.sh")
	if err := os.MkdirAll(filepath.Dir(mine), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	state := func(o Options) State {
		files, err := Init(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		return files[3].State
	}
	if got := state(Options{Project: "product"}); got != Kept || read(t, mine) != "mine" {
		t.Errorf("install.sh was %s, holds %q", got, read(t, mine))
	}
	if got := state(Options{Project: "product", Replace: true}); got != Replaced || read(t, mine) == "mine" {
		t.Errorf("install.sh was %s, holds %q", got, read(t, mine))
	}
	info, err := os.Stat(mine)
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("install.sh has mode %v, %v", info.Mode(), err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheExampleIsTheModel(t *testing.T) {
	texts, err := render("product")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"packer/image.pkr.hcl", "packer/plugins.pkr.hcl", "scripts/install.sh"} {
		if diff := cmp.Diff(read(t, "../../examples/prometheus/"+name), string(texts[name])); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
