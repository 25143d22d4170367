// Package layer keeps the frozen disks of a driver: one directory each, by name.
//
// A layer appears complete or not at all. It is filled beside its place and
// renamed, and what a crash left half-filled is removed by the next Open.
// Bases are not kept here; they are shared by all sandboxes of a host.
package layer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Store is a directory of layers.
type Store struct {
	dir  string // the layers
	half string // layers that are being filled
}

// Open opens the store in dir and makes the directory where it is missing.
func Open(dir string) (*Store, error) {
	s := &Store{dir: filepath.Join(dir, "layers"), half: filepath.Join(dir, "layers.new")}
	err := errors.Join(os.RemoveAll(s.half),
		os.MkdirAll(s.dir, 0o755), os.MkdirAll(s.half, 0o755))
	if err != nil {
		return nil, fmt.Errorf("open layers: %w", err)
	}
	return s, nil
}

// Path is where the layer is, or would be.
func (s *Store) Path(name string) string { return filepath.Join(s.dir, name) }

// Has reports whether the layer is there.
func (s *Store) Has(name string) bool {
	if !valid(name) {
		return false
	}
	_, err := os.Stat(s.Path(name))
	return err == nil
}

// valid refuses names that would lead out of the store.
func valid(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\x00")
}

// Add makes a layer of what fill puts into the directory it is given.
func (s *Store) Add(name string, fill func(dir string) error) error {
	if !valid(name) {
		return fmt.Errorf("add layer %q: no name for a layer", name)
	}
	if s.Has(name) {
		return fmt.Errorf("add layer %s: it exists", name)
	}
	tmp, err := os.MkdirTemp(s.half, name+".")
	if err != nil {
		return fmt.Errorf("add layer %s: %w", name, err)
	}
	defer os.RemoveAll(tmp)
	root := filepath.Join(tmp, "root")
	if err := errors.Join(os.Mkdir(root, 0o755), fill(root)); err != nil {
		return fmt.Errorf("add layer %s: %w", name, err)
	}
	return os.Rename(root, s.Path(name))
}

// Prune deletes the layers that keep says false to.
func (s *Store) Prune(keep func(name string) bool) error {
	all, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range all {
		if !keep(e.Name()) {
			errs = append(errs, os.RemoveAll(s.Path(e.Name())))
		}
	}
	return errors.Join(errs...)
}

// Size is the number of bytes in the files below dir.
func Size(dir string) (int64, error) {
	var sum int64
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	return sum, err
}

// IsBase reports whether the layer is a base: see package bases.
func IsBase(name string) bool { return strings.HasPrefix(name, "base/") }
