package release

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Version is a product version: what the catalog's tag pattern captures as
// {version}. It follows semantic versioning, loosely: a leading v, missing
// parts and a distribution's revision are allowed.
type Version struct {
	Text                string // as captured
	Major, Minor, Patch uint64
	parsed              *semver.Version
}

// ParseVersion reads a version, or says what is wrong with it.
func ParseVersion(text string) (Version, error) {
	v, err := semver.NewVersion(loose(text))
	if err != nil {
		return Version{}, fmt.Errorf("version %q: %w", text, err)
	}
	return Version{Text: text, Major: v.Major(), Minor: v.Minor(), Patch: v.Patch(), parsed: v}, nil
}

// loose turns what distributions write behind a version into build metadata:
// 2.42.0+ds-5+deb12u1 has a second plus, 1.2~rc1 a tilde.
func loose(text string) string {
	version, metadata, found := strings.Cut(strings.ReplaceAll(text, "~", "-"), "+")
	if !found {
		return version
	}
	return version + "+" + strings.ReplaceAll(metadata, "+", ".")
}

// Prerelease reports whether it comes before a stable version: 1.2.0-rc1.
func (v Version) Prerelease() bool { return v.parsed != nil && v.parsed.Prerelease() != "" }

// Compare orders versions as semantic versioning does: -1, 0 or 1.
func (v Version) Compare(o Version) int {
	switch {
	case v.parsed == nil && o.parsed == nil:
		return 0
	case v.parsed == nil:
		return -1
	case o.parsed == nil:
		return 1
	}
	return v.parsed.Compare(o.parsed)
}
