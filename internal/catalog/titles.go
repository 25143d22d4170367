package catalog

import (
	"maps"
	"regexp"
	"strings"
)

// mark stands for a value that is another at every tag, until a text is a
// regular expression.
func mark(name string) string { return "\x00" + name + "\x00" }

var marked = regexp.MustCompile(mark("([a-z0-9_]+)"))

// titles returns the form of versions' titles as a regular expression whose
// first group reads a version. It is empty if titles don't say which they are.
func (r *resolver) titles(field string, l Listing, image string, set map[string]string) string {
	form, at := l.Titles, field+".titles"
	if form == "" {
		form, at = l.Title, field+".title"
	}
	values, _ := r.values(image, r.marks(image, set))
	text := regexp.QuoteMeta(r.text(at, form, values))
	if !strings.Contains(text, mark(versionName)) {
		if l.Titles != "" {
			r.places.add(at, "has no {version}")
		}
		return ""
	}
	text = strings.Replace(text, mark(versionName), "("+versionForm+")", 1)
	return "^" + marked.ReplaceAllStringFunc(text, func(m string) string { return anyOf(strings.Trim(m, "\x00")) }) + "$"
}

// marks puts marks in place of what is another at every tag.
func (r *resolver) marks(image string, set map[string]string) map[string]string {
	out := maps.Clone(set)
	for _, name := range []string{"tag", "major", "minor", "patch"} {
		if _, ok := out[name]; ok {
			out[name] = mark(name)
		}
	}
	for name := range r.captured {
		if name != "edition" || r.catalog.Images[image].Edition == "" {
			out[name] = mark(name)
		}
	}
	return out
}

// anyOf is the form of what a placeholder can stand for.
func anyOf(name string) string {
	switch name {
	case versionName:
		return "(?:" + versionForm + ")"
	case "major", "minor", "patch", buildName:
		return "[0-9]+"
	case "tag":
		return `\S+?`
	}
	return wordForm
}
