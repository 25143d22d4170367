// Package scaffold writes what a project starts from: a catalog with comments,
// the template and scripts that go with it, and the CI jobs of its tags.
//
// The template and the install script are the ones of examples/prometheus, not
// copies of them; and nothing is overwritten unless the caller says so, since
// from the first day the files are the user's.
package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"amiship/examples"
	"amiship/internal/catalog"
)

//go:embed files
var files embed.FS

// Options say what to write.
type Options struct {
	Project string // small letters, digits and -; empty: made from the directory's name
	Replace bool   // files that are there already
}

// File is what became of one file.
type File struct {
	Path  string `json:"path"` // within the directory
	State State  `json:"state"`
}

// State says what was done with a file.
type State string

// What can become of a file.
const (
	Written  State = "written"
	Kept     State = "kept" // it was there, and stays as it was
	Replaced State = "replaced"
)

// Init writes a bundle into a directory, in a fixed order. Before it writes
// the first file it knows what all of them hold.
func Init(dir string, o Options) ([]File, error) {
	if o.Project == "" {
		full, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		o.Project = projectName(filepath.Base(full))
	}
	texts, err := render(o.Project)
	if err != nil {
		return nil, err
	}
	var out []File
	for _, name := range order() {
		state, err := Write(filepath.Join(dir, filepath.FromSlash(name)), texts[name], o.Replace)
		if err != nil {
			return out, fmt.Errorf("write %s: %w", name, err)
		}
		out = append(out, File{name, state})
	}
	return out, nil
}

func order() []string {
	return []string{catalog.File, "packer/image.pkr.hcl", "packer/plugins.pkr.hcl", "scripts/install.sh", "scripts/first-boot.sh"}
}

var unfit = regexp.MustCompile(`[^a-z0-9]+`)

// projectName makes a project's name of any text.
func projectName(text string) string {
	name := strings.Trim(unfit.ReplaceAllString(strings.ToLower(text), "-"), "-")
	if name == "" {
		return "product"
	}
	return strings.Trim(name[:min(len(name), 31)], "-")
}

// render returns the files' contents: our own where we have one, else the example's.
func render(project string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, name := range order() {
		text, err := fs.ReadFile(files, path.Join("files", name))
		if errors.Is(err, fs.ErrNotExist) {
			text, err = fs.ReadFile(examples.Prometheus, path.Join("prometheus", name))
		}
		if err != nil {
			return nil, err
		}
		out[name] = text
	}
	names := strings.NewReplacer("{{.Project}}", project, "{{.Title}}", title(project))
	out[catalog.File] = []byte(names.Replace(string(out[catalog.File])))
	return out, nil
}

// title is a project's name for people: "my-product" is "My Product".
func title(project string) string {
	words := strings.Split(project, "-")
	for i, word := range words {
		if word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, " ")
}

// Write writes a file of the user's: one that is there is kept, unless replace.
func Write(name string, text []byte, replace bool) (State, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return "", err
	}
	mode := fs.FileMode(0o644)
	if strings.HasSuffix(name, ".sh") {
		mode = 0o755
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	switch {
	case errors.Is(err, fs.ErrExist) && !replace:
		return Kept, nil
	case errors.Is(err, fs.ErrExist):
		return Replaced, errors.Join(os.WriteFile(name, text, mode), os.Chmod(name, mode))
	case err != nil:
		return "", err
	}
	_, err = f.Write(text)
	return Written, errors.Join(err, f.Close())
}
