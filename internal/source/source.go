// Package source fetches what goes into an image: the package and the license.
// It returns their digests, and refuses anything but what was requested.
//
// A file in the cache is trusted for its digest, never for being there: it is
// hashed each time. A download gets its name only when it is whole and
// verified, so a killed run leaves no half package behind that a later one
// would ship.
package source

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"golang.org/x/sync/singleflight"

	"amiship/internal/release"
)

// File is a package on this machine, verified.
type File struct {
	Path    string // absolute
	Name    string // "prometheus_2.42.0+ds-5+deb12u1_amd64.deb"
	SHA256  string // hex
	Version string // as the package says; as requested, if it is no Debian package
	Arch    string // likewise; "all" fits every machine
}

// Store fetches packages into a cache. The zero value is ready to use.
type Store struct {
	Dir  string       // the cache; empty: amiship under the user's cache directory
	HTTP *http.Client // nil: one of net/http's own
	// Notice is called when a download begins and every 10 s while it goes on; nil:
	// silent.
	Notice func(Download)

	flights singleflight.Group
}

// MismatchError says that a package is not the requested one.
type MismatchError struct{ Package, What, Got, Want string }

func (e *MismatchError) Error() string {
	return fmt.Sprintf("%s: its %s is %s, not %s", e.Package, e.What, e.Got, e.Want)
}

// Fetch returns a requested package, from the cache if it is there. Variants
// that request the same package at the same time share one download.
func (s *Store) Fetch(ctx context.Context, p release.Package) (File, error) {
	key := fmt.Sprint(p.File, "\n", p.URL, "\n", p.Apt, "\n", p.Version, "\n", p.Arch, "\n", p.SHA256, "\n", p.SHA256URL)
	got, err, _ := s.flights.Do(key, func() (any, error) { return s.fetch(ctx, p) })
	if err != nil {
		return File{}, err
	}
	return got.(File), nil
}

// Digest reads the SHA-256 that a package has where it comes from now, in hex: as the
// file beside it or apt's signed index say, or as a local file has it. It fetches no
// package.
func (s *Store) Digest(ctx context.Context, p release.Package) (string, error) {
	switch {
	case p.Apt != "":
		_, _, digest, err := offered(ctx, p)
		return digest, err
	case p.SHA256 == "" && p.SHA256URL == "" && p.File != "":
		return hashFile(p.File)
	}
	return s.expected(ctx, p)
}

func (s *Store) fetch(ctx context.Context, p release.Package) (File, error) {
	c, err := s.open()
	if err != nil {
		return File{}, err
	}
	var path, digest string
	switch {
	case p.Apt != "":
		path, digest, err = fromApt(ctx, c, p)
	case p.URL != "":
		path, digest, err = s.fromURL(ctx, c, p)
	default:
		path, digest, err = s.fromFile(ctx, c, p)
	}
	if err != nil {
		return File{}, err
	}
	f := File{Path: path, Name: filepath.Base(path), SHA256: digest, Version: p.Version, Arch: p.Arch}
	if err := f.inspect(ctx, p); err != nil {
		return File{}, err
	}
	return f, nil
}

// fromFile copies a local package into the cache, where nothing changes it
// between its check and its use.
func (s *Store) fromFile(ctx context.Context, c cache, p release.Package) (path, digest string, err error) {
	in, err := os.Open(p.File)
	if errors.Is(err, os.ErrNotExist) {
		return "", "", fmt.Errorf("package %s: no such file", p.File)
	}
	if err != nil {
		return "", "", err
	}
	defer in.Close()
	if digest, err = s.expected(ctx, p); err != nil {
		return "", "", err
	}
	return c.keep(filepath.Base(p.File), digest, func(to *os.File) error {
		_, err := to.ReadFrom(in)
		return err
	})
}
