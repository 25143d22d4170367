package catalog

import (
	"maps"
	"regexp"
	"strings"
)

// mark replaces a value that differs at every tag, until a text is a regular
// expression.
func mark(name string) string { return "\x00" + name + "\x00" }

var marked = regexp.MustCompile(mark("([a-z0-9_]+)"))

// titles returns the form of versions' titles as a regular expression whose
// first group reads a version. It is empty if titles don't say which they are.
func (r *resolver) titles(field string, l Listing, image string, set map[string]string) string {
	text, at := l.Titles, field+".titles"
	if text == "" {
		text, at = l.Title, field+".title"
	}
	values, _ := r.values(image, r.marks(image, set))
	expr := form(r.text(at, text, values))
	if expr == "" && l.Titles != "" {
		r.places.add(at, "has no {version}")
	}
	return expr
}

// form turns a text with marks into a regular expression whose first group reads
// a version. It is empty if the text has no version.
func form(text string) string {
	text = regexp.QuoteMeta(text)
	if !strings.Contains(text, mark(versionName)) {
		return ""
	}
	text = strings.Replace(text, mark(versionName), "("+versionForm+")", 1)
	return "^" + unmark(text) + "$"
}

// unmark replaces marks by the form of their values.
func unmark(text string) string {
	return marked.ReplaceAllStringFunc(text, func(m string) string { return anyOf(strings.Trim(m, "\x00")) })
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

// anyOf is the form of the values that a placeholder can have.
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
