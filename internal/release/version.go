package release

import (
	"fmt"

	"github.com/Masterminds/semver/v3"
)

// Version is a product version: what the catalog's tag pattern captures as
// {version}. It follows semantic versioning, loosely: a leading v and missing
// parts are allowed.
type Version struct {
	Text                string // as captured
	Major, Minor, Patch uint64
	parsed              *semver.Version
}

// ParseVersion reads a version, or says what is wrong with it.
func ParseVersion(text string) (Version, error) {
	v, err := semver.NewVersion(text)
	if err != nil {
		return Version{}, fmt.Errorf("version %q: %w", text, err)
	}
	return Version{Text: text, Major: v.Major(), Minor: v.Minor(), Patch: v.Patch(), parsed: v}, nil
}

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
