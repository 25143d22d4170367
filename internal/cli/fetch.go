package cli

import (
	"context"
	"fmt"

	"amiship/internal/packer"
	"amiship/internal/release"
	"amiship/internal/source"
	"amiship/internal/world"
)

// fetch finds what a build needs on this machine, before anything is claimed:
// Packer, the package, the licence.
func fetch(store *source.Store) func(context.Context, release.Variant) (world.Package, error) {
	return func(ctx context.Context, v release.Variant) (world.Package, error) {
		if _, err := (packer.Runner{}).Version(ctx); err != nil {
			return world.Package{}, fmt.Errorf("%w; `make setup` or `apt-get install packer` installs it", err)
		}
		pkg, err := store.Fetch(ctx, v.Build.Package)
		if err != nil {
			return world.Package{}, err
		}
		licence, err := licenceDigest(ctx, v)
		if err != nil {
			return world.Package{}, err
		}
		inputs, err := source.Inputs(v, pkg.SHA256, licence)
		return world.Package{Path: pkg.Path, SHA256: pkg.SHA256, Version: pkg.Version, Inputs: inputs}, err
	}
}

// notes runs the command that prints a listing's release notes.
func notes(ctx context.Context, command []string) (string, error) {
	text, err := source.Secret(ctx, release.Secret{Command: command})
	return string(text), err
}

func licenceDigest(ctx context.Context, v release.Variant) (string, error) {
	if v.Build.Licence.IsZero() {
		return "", nil
	}
	text, err := source.Secret(ctx, v.Build.Licence)
	if err != nil {
		return "", fmt.Errorf("licence: %w", err)
	}
	return source.Digest(text), nil
}
