package catalog_test

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"amiship/internal/catalog"
)

// TestTagForms: of the expressions, too, the first that fits wins, and it is the
// one of the pattern.
func TestTagForms(t *testing.T) {
	b, err := catalog.Load("../../examples/gitlab/amiship.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	forms := b.TagForms()
	for tag, want := range map[string]int{
		"17.5.0+rc42.ee.0":                0,
		"17.5.0+ce.0":                     1,
		"17.5.0+ee.12":                    2,
		"17.5.202410+7f2a1b.9c3d":         3,
		"v17.5.0":                         -1,
		"17.5.0-ee.0":                     -1,
		"17.5.0+ee.0 ; rm -rf /":          -1,
		"refs/tags/17.5.0+ee.0":           -1,
		"17.5.0+ee.0\n17.5.0+community.0": -1,
	} {
		got := -1
		for i := len(forms) - 1; i >= 0; i-- {
			if regexp.MustCompile(forms[i].Regexp).MatchString(tag) {
				got = i
			}
		}
		if got != want {
			t.Errorf("%q has the form %d, want %d", tag, got, want)
		}
	}
	if forms[0].Skip == "" || forms[1].Skip != "" || forms[2].Glob != "*+ee.*" {
		t.Errorf("got %+v", forms)
	}
}

func TestMostAMIsAndArchs(t *testing.T) {
	for file, want := range map[string]struct {
		amis  int
		archs []string
	}{
		"../../examples/gitlab/amiship.yaml":     {4 * 19, []string{"amd64", "arm64"}},
		"../../examples/prometheus/amiship.yaml": {4, []string{"amd64"}},
	} {
		b, err := catalog.Load(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.MostAMIs(); got != want.amis {
			t.Errorf("%s: at most %d AMIs, want %d", file, got, want.amis)
		}
		if diff := cmp.Diff(want.archs, b.Archs()); diff != "" {
			t.Errorf("%s: %s", file, diff)
		}
	}
}
