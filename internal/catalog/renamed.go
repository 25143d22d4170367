package catalog

import (
	"fmt"
	"regexp"
	"slices"

	"amiship/internal/packer"
)

// renamed notes that a field is written with its old name, and returns its path with the
// one that it has now.
func (d *decoder) renamed(field, was, now string) string {
	at, full := d.places[join(field, was)], join(field, now)
	d.places[full] = at
	d.old = append(d.old, Problem{Field: was, Text: "is now spelled " + now, Line: at.Line, Column: at.Column})
	return full
}

// renamedVariables notes the variables of Packer that a template declares by their old
// names.
func (d *decoder) renamedVariables(template string, text []byte) {
	for _, now := range sortedKeys(packer.Renamed()) {
		was := packer.Renamed()[now]
		if regexp.MustCompile(`(?m)^\s*variable\s+"?` + was + `\b`).Match(text) {
			d.old = append(d.old, Problem{Field: "variable " + was + " of " + template, Text: "is now spelled " + now})
		}
	}
}

// Notes says of each field and variable that is written with an old name what its name is
// now, once, and where the first of them is. The old names still work.
func (b *Bundle) Notes() []string {
	problems := &Problems{File: b.name()}
	var out, seen []string
	for _, one := range b.places.old {
		if !slices.Contains(seen, one.Field) {
			seen = append(seen, one.Field)
			out = append(out, fmt.Sprintf("%s; rename it (the old spelling still works)", problems.line(one)))
		}
	}
	return out
}
