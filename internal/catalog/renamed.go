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
	d.notes = append(d.notes, Problem{Field: was, Text: spelled(now), File: at.file, Line: at.line, Column: at.column})
	return full
}

// renamedVariables notes the variables of Packer that a template declares by their old
// names.
func (d *decoder) renamedVariables(template string, text []byte) {
	for _, now := range sortedKeys(packer.Renamed()) {
		was := packer.Renamed()[now]
		if regexp.MustCompile(`(?m)^\s*variable\s+"?` + was + `\b`).Match(text) {
			d.notes = append(d.notes, Problem{Field: "variable " + was + " of " + template, Text: spelled(now)})
		}
	}
}

func spelled(now string) string {
	return "is now spelled " + now + "; rename it (the old spelling still works)"
}

// note notes what may be wrong with a field, and may be not.
func (d *decoder) note(field, format string, args ...any) {
	at := d.place(field)
	d.notes = append(d.notes, Problem{Field: field, Text: fmt.Sprintf(format, args...), File: at.file, Line: at.line, Column: at.column})
}

// Notes says what may be wrong with the catalog, and where: of each field and variable that
// is written with an old name, what its name is now, once. The old names still work.
func (b *Bundle) Notes() []string {
	problems := &Problems{File: b.name()}
	var out, seen []string
	for _, one := range b.places.notes {
		if !slices.Contains(seen, one.Field) {
			seen = append(seen, one.Field)
			out = append(out, problems.line(one))
		}
	}
	return out
}
