package catalog

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"amiship/internal/record"
)

// FuzzResolve: whatever stands where a tag is expected, it is a release whose names
// AWS takes and whose files are the bundle's, or it is refused with a reason.
func FuzzResolve(f *testing.F) {
	for _, tag := range []string{
		"v2.42.0", "v2.42.0-rc1", "v2.42.0-rc.1", "17.5.0+ce.0", "v", "", "v1", "v01.2.3", "v1.2.3/../../x", "v1.2.3 ", "v1.2.3\n", "v1.2.3~é", "v" + strings.Repeat("1", 300),
	} {
		f.Add(tag)
	}
	file := write(f, minimal)
	b, err := Load(file, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, tag string) {
		d, err := Resolve(b, tag)
		if err != nil {
			var form *TagError
			var problems *Problems
			if !errors.As(err, &form) && !errors.As(err, &problems) || err.Error() == "" {
				t.Fatalf("%q: an error of no kind: %v", tag, err)
			}
			return
		}
		if d.Tag != tag || (d.Skip == "") != (len(d.Variants) > 0) {
			t.Fatalf("%q is %+v", tag, d)
		}
		for _, v := range d.Variants {
			for _, name := range []string{v.Name, d.Owner(v).Name(), d.Owner(v).CandidateName("0123456789abcdef")} {
				if err := checkAMIName(name); err != nil {
					t.Errorf("%q: %v", tag, err)
				}
			}
			if err := checkParameterName(v.Parameters[0].Name); err != nil {
				t.Errorf("%q: %v", tag, err)
			}
			if filepath.Dir(v.Build.Template) != filepath.Dir(file) {
				t.Errorf("%q is built by %s", tag, v.Build.Template)
			}
			for _, value := range d.OwnTags(v, record.StageCandidate) {
				if len([]rune(value)) > 256 {
					t.Errorf("%q: a tag's value has %d characters", tag, len([]rune(value)))
				}
			}
		}
	})
}
