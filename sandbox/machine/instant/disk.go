package instant

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"amiship/sandbox/machine"
	"amiship/sandbox/machine/layer"
)

// linkTree makes dst hold the same files as src.
func linkTree(src, dst string) error {
	return filepath.WalkDir(src, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.MkdirAll(filepath.Join(dst, rel), 0o755)
		}
		return os.Link(path, filepath.Join(dst, rel))
	})
}

// OpenDisk implements machine.Driver.
func (d *Driver) OpenDisk(layers []string) (machine.Disk, error) {
	for _, name := range layers {
		if !d.HasLayer(name) {
			return nil, fmt.Errorf("open disk: layer %s is not there", name)
		}
	}
	dir, err := os.MkdirTemp(d.cfg.Dir, "disk.")
	if err != nil {
		return nil, fmt.Errorf("open disk: %w", err)
	}
	if n := len(layers); n > 0 && !layer.IsBase(layers[n-1]) {
		err = linkTree(d.layers.Path(layers[n-1]), dir)
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("open disk: %w", err)
	}
	return disk(dir), nil
}

// disk is a directory of links to a layer's files; the layer may be pruned
// while it is open.
type disk string

func (d disk) ReadFile(name string) ([]byte, error) {
	root, err := os.OpenRoot(string(d))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	rel, err := filepath.Rel("/", filepath.Join("/", name))
	if err != nil {
		return nil, err
	}
	return root.ReadFile(rel)
}

func (d disk) Dir() string  { return string(d) }
func (d disk) Close() error { return os.RemoveAll(string(d)) }
