package scan

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
)

// tree is a disk's files, by the names that they have on the machine.
type tree struct {
	disk Disk
	root *os.Root
}

const (
	maxLinks = 40      // on the way to a file, as in Linux
	maxFile  = 4 << 20 // bytes of a file that is read; what the rules read is text
)

// find follows a name as the machine would: an absolute link begins at the
// machine's root, and nothing is above that. The path it returns has no links.
func (t tree) find(name string) (string, fs.FileInfo, error) {
	at, todo := ".", split(name)
	for links := 0; len(todo) > 0; {
		next := path.Join(at, todo[0])
		if todo[0] == ".." {
			next = path.Dir(at)
		}
		todo = todo[1:]
		info, err := t.root.Lstat(next)
		switch {
		case err != nil:
			return "", nil, err
		case info.Mode().Type() == fs.ModeSymlink:
			if links++; links > maxLinks {
				return "", nil, &fs.PathError{Op: "find", Path: name, Err: syscall.ELOOP}
			}
			target, err := t.root.Readlink(next)
			if err != nil {
				return "", nil, err
			}
			if path.IsAbs(target) {
				at = "."
			}
			todo = append(split(target), todo...)
		case !info.IsDir() && len(todo) > 0:
			return "", nil, &fs.PathError{Op: "find", Path: name, Err: syscall.ENOTDIR}
		default:
			at = next
		}
	}
	info, err := t.root.Lstat(at)
	return "/" + at, info, err
}

// split returns a path's parts.
func split(name string) []string {
	return slices.DeleteFunc(strings.Split(name, "/"), func(part string) bool { return part == "" || part == "." })
}

// absent reports whether an error says that a name leads to nothing: it may be
// any text of a file.
func absent(err error) bool {
	for _, is := range []error{fs.ErrNotExist, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EINVAL} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// stat returns what a name leads to, or nil.
func (t tree) stat(name string) (fs.FileInfo, error) {
	_, info, err := t.find(name)
	if absent(err) {
		return nil, nil
	}
	return info, err
}

// there reports whether a directory has the name, wherever it leads.
func (t tree) there(name string) (bool, error) {
	names, err := t.list(path.Dir(name))
	return slices.Contains(names, path.Base(name)), err
}

// read returns the text of a file, and whether there is one. A file of any
// other kind, a pipe or a device, is not read.
func (t tree) read(name string) (string, bool, error) {
	at, info, err := t.find(name)
	if absent(err) || err == nil && !info.Mode().IsRegular() {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	if info.Size() > maxFile {
		return "", false, fmt.Errorf("%s has %d bytes, more than is read of any file", name, info.Size())
	}
	text, err := t.disk.ReadFile(at)
	return string(text), err == nil, err
}

// list returns the names in a directory, sorted; none if there is no such.
func (t tree) list(dir string) ([]string, error) {
	at, info, err := t.find(dir)
	if absent(err) || err == nil && !info.IsDir() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(t.root.FS(), path.Clean(strings.TrimPrefix(at, "/")))
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// glob returns the paths that match a pattern, sorted, as glob(3) does.
func (t tree) glob(pattern string) ([]string, error) {
	found := []string{"/"}
	for _, part := range split(pattern) {
		var next []string
		for _, dir := range found {
			names, err := t.list(dir)
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				if matches(part, name) {
					next = append(next, path.Join(dir, name))
				}
			}
		}
		found = next
	}
	return found, nil
}

func matches(part, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(part, ".") {
		return false
	}
	ok, err := path.Match(strings.ReplaceAll(part, "[!", "[^"), name)
	return ok && err == nil
}
