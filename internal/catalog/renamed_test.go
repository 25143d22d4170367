package catalog

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestOldSpellings: what is written with an old name is read as with the one that it has
// now, and noted once, however often it is there.
func TestOldSpellings(t *testing.T) {
	const declares = "variable \"licence_file\" {\n}\n"
	for name, c := range map[string]struct {
		catalog, template string
		want              []string // notes, and how they begin
	}{
		"today's": {catalog: full, template: `variable "license_file" {}`},
		"the field": {
			catalog: strings.ReplaceAll(full, "    license:", "    licence:"), template: `variable "license_file" {}`,
			want: []string{"amiship.yaml:57:5: licence: is now spelled license"},
		},
		"a region that is mistyped": {
			catalog: strings.ReplaceAll(full, "ap-northeast-3", "ap-norhteast-3"), template: `variable "license_file" {}`,
			want: []string{"amiship.yaml:38:17: regions.best_effort[0]: ap-norhteast-3 is not a region that this version of Amiship knows; did you mean ap-northeast-3?"},
		},
		"the variable": {
			catalog: full, template: declares,
			want: []string{"amiship.yaml: variable licence_file of image.pkr.hcl: is now spelled license_file"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, c.catalog)
			if err := os.WriteFile(filepath.Join(filepath.Dir(path), "image.pkr.hcl"), []byte(c.template), 0o600); err != nil {
				t.Fatal(err)
			}
			b, err := Load(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := b.Catalog.Images["premium"].License.Env; got != "PREMIUM_LICENSE" {
				t.Errorf("the license of premium is %q", got)
			}
			if got := b.Notes(); !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("notes %q, want %q", got, c.want)
			}
		})
	}
}
