package catalog

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"amiship/internal/packer"
)

// Bundle is a catalog with the files beside it that it names.
type Bundle struct {
	File     string // absolute path of the catalog
	Dir      string // absolute path of its directory; no path of the catalog leads out of it
	Catalog  *Catalog
	Commit   string // that contains all of Paths unchanged; set by the caller
	places   *decoder
	files    []string // absolute paths of every file that Build names, sorted
	tokens   bool     // the template launches instances that require tokens
	metadata bool     // the template launches instances that have a metadata service
}

// Paths are those of the catalog, of what it extends, and of what it is built from, in its directory;
// what is fetched (the package, secrets) is not among them.
func (b *Bundle) Paths() []string {
	return append(append(slices.Clone(b.places.files), b.Catalog.Build.Template), b.Catalog.Build.Files...)
}

func (b *Bundle) name() string { return filepath.Base(b.File) }

// UnknownVarError says that a value was given for a var that a catalog has not.
type UnknownVarError struct {
	File, Name string
	Vars       []string // that it has
}

func (e *UnknownVarError) Error() string {
	if len(e.Vars) == 0 {
		return fmt.Sprintf("no var %s: %s has no vars", e.Name, e.File)
	}
	return fmt.Sprintf("no var %s in %s; there is %s", e.Name, e.File, oneOf(e.Vars))
}

// Load reads a catalog, with other values for some of its vars. One that the
// catalog has not is an *UnknownVarError; an error of type *Problems holds
// everything that is wrong with the file.
func Load(path string, vars map[string]string) (*Bundle, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", path, err)
	}
	if _, err := os.ReadFile(full); err != nil {
		return nil, err
	}
	read := func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(filepath.Dir(full), name)) }
	c, d := decode(filepath.Base(full), read)
	b := &Bundle{File: full, Dir: filepath.Dir(full), Catalog: c, places: d}
	if len(d.problems) > 0 {
		return nil, problemsError(b.name(), d.problems)
	}
	if err := b.set(vars); err != nil {
		return nil, err
	}
	c.setDefaults()
	b.setListingDefaults()
	if err := b.findFiles(); err != nil {
		return nil, err
	}
	b.check()
	if err := problemsError(b.name(), d.problems); err != nil {
		return nil, err
	}
	return b, nil
}

// set replaces vars, those of images too.
func (b *Bundle) set(vars map[string]string) error {
	for _, name := range sortedKeys(vars) {
		if _, ok := b.Catalog.Vars[name]; !ok {
			return &UnknownVarError{File: b.name(), Name: name, Vars: sortedKeys(b.Catalog.Vars)}
		}
		b.Catalog.Vars[name] = vars[name]
		for _, image := range b.Catalog.Images {
			if _, ok := image.Vars[name]; ok {
				image.Vars[name] = vars[name]
			}
		}
	}
	return nil
}

// findFiles lists the files that make up the build, and notes a problem for
// each that is not there or leads out of the bundle, by a link for instance.
func (b *Bundle) findFiles() error {
	root, err := os.OpenRoot(b.Dir)
	if err != nil {
		return err
	}
	defer root.Close()
	b.addFiles(root, "build.template", b.Catalog.Build.Template)
	for i, path := range b.Catalog.Build.Files {
		b.addFiles(root, fmt.Sprintf("build.files[%d]", i), path)
	}
	slices.Sort(b.files)
	b.files = slices.Compact(b.files)
	b.checkTemplate(root)
	return nil
}

var besideTemplate = regexp.MustCompile(`\$\{path\.root\}/([^"$]+)"`)

// checkTemplate finds files that the template uses but the catalog does not
// name: a change to them would go unnoticed.
func (b *Bundle) checkTemplate(root *os.Root) {
	text, err := root.ReadFile(filepath.Clean(b.Catalog.Build.Template))
	if err != nil {
		return // noted already
	}
	b.places.renamedVariables(b.Catalog.Build.Template, text)
	b.tokens, b.metadata = packer.AsksTokens(text), packer.AsksMetadata(text)
	for _, m := range besideTemplate.FindAllSubmatch(text, -1) {
		name := filepath.Join(filepath.Dir(b.Catalog.Build.Template), string(m[1]))
		full := filepath.Join(b.Dir, name)
		if !slices.ContainsFunc(b.files, func(f string) bool { return f == full || strings.HasPrefix(f, full+"/") }) {
			b.places.add("build.template", "uses %s, which build.files does not name", name)
		}
	}
}

func (b *Bundle) addFiles(root *os.Root, field, path string) {
	if !b.local(field, path) {
		return
	}
	err := fs.WalkDir(root.FS(), filepath.ToSlash(filepath.Clean(path)), func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := root.Stat(name)
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s is no regular file", name)
		}
		b.files = append(b.files, filepath.Join(b.Dir, name))
		return err
	})
	if err != nil {
		b.places.add(field, "%v", err)
	}
}

// local checks that a path stays in the bundle's directory.
func (b *Bundle) local(field, path string) bool {
	if path == "" || filepath.IsLocal(path) {
		return path != ""
	}
	b.places.add(field, "%s leads out of the directory of %s", path, b.name())
	return false
}
