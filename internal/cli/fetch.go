package cli

import (
	"context"
	"fmt"
	"time"

	"amiship/internal/packer"
	"amiship/internal/release"
	"amiship/internal/report"
	"amiship/internal/source"
	"amiship/internal/world"
)

// store fetches packages, and says how far it is on standard error.
func (a *app) store() *source.Store {
	return &source.Store{Notice: func(d source.Download) { report.Download(a.Err, time.Now(), d.Name, d.Got, d.Size) }}
}

// fetch finds what a build needs on this machine, before anything is claimed:
// Packer, the package, the license.
func fetch(store *source.Store) func(context.Context, release.Variant) (world.Package, error) {
	return func(ctx context.Context, v release.Variant) (world.Package, error) {
		if _, err := (packer.Runner{}).Version(ctx); err != nil {
			return world.Package{}, fmt.Errorf("%w; `make setup` or `apt-get install packer` installs it", err)
		}
		pkg, err := store.Fetch(ctx, v.Build.Package)
		if err != nil {
			return world.Package{}, err
		}
		license, err := licenseDigest(ctx, v)
		if err != nil {
			return world.Package{}, err
		}
		inputs, err := source.Inputs(v, pkg.SHA256, license)
		return world.Package{Path: pkg.Path, SHA256: pkg.SHA256, Version: pkg.Version, Inputs: inputs}, err
	}
}

// digest reads what a variant's package is where it comes from, without fetching it.
func digest(store *source.Store) func(context.Context, release.Variant) (string, error) {
	return func(ctx context.Context, v release.Variant) (string, error) {
		return store.Digest(ctx, v.Build.Package)
	}
}

// notes runs the command that prints a listing's release notes.
func notes(ctx context.Context, command []string) (string, error) {
	text, err := source.Secret(ctx, release.Secret{Command: command})
	return string(text), err
}

func licenseDigest(ctx context.Context, v release.Variant) (string, error) {
	if v.Build.License.IsZero() {
		return "", nil
	}
	text, err := source.Secret(ctx, v.Build.License)
	if err != nil {
		return "", fmt.Errorf("license: %w", err)
	}
	return source.Digest(text), nil
}
