package source

import (
	"context"
	"fmt"
	"strings"

	"amiship/internal/release"
)

// inspect reads version and architecture out of a Debian package, and refuses
// any but the requested one. Other kinds of packages are accepted as they
// are.
func (f *File) inspect(ctx context.Context, p release.Package) error {
	if !strings.HasSuffix(f.Name, ".deb") {
		return nil
	}
	text, err := apt(ctx, "", "dpkg-deb", "--field", f.Path, "Version", "Architecture")
	if err != nil {
		return fmt.Errorf("package %s: %w", f.Name, err)
	}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "Version":
			f.Version = value
		case "Architecture":
			f.Arch = value
		}
	}
	if p.Version != "" && !fits(f.Version, p.Version) {
		return &MismatchError{Package: f.Name, What: "version", Got: f.Version, Want: p.Version}
	}
	if p.Arch != "" && f.Arch != p.Arch && f.Arch != "all" {
		return &MismatchError{Package: f.Name, What: "architecture", Got: f.Arch, Want: p.Arch}
	}
	return nil
}
