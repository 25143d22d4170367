package catalog

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// decoder fills a value from a YAML document and, unlike a YAML library's own,
// continues after a problem and records the position of every value.
type decoder struct {
	files     []string // that are read: the catalog, and what it extends
	file      string   // that is read now
	places    map[string]place
	mappings  map[string]bool     // fields that are mappings of names to values
	inherited map[string]bool     // fields of the files that were read before
	anchors   map[string]ast.Node // of the file
	problems  []Problem
	notes     []Problem // what may be wrong, and fields and variables that have another name now
	merging   int       // mappings that were merged so far
}

// scalar is a composite type that may also be written as one text.
type scalar interface{ setScalar(string) }

func (d *decoder) syntax(err error) {
	p := Problem{File: d.file, Text: err.Error()}
	var at yaml.Error
	if errors.As(err, &at) {
		p.Text = at.GetMessage()
		if tk := at.GetToken(); tk != nil && tk.Position != nil {
			p.Line, p.Column = tk.Position.Line, tk.Position.Column
		}
	}
	d.problems = append(d.problems, p)
}

// add notes a problem with a field, at the field's place, or the nearest
// place above it that is written down.
func (d *decoder) add(field, format string, args ...any) {
	at := d.place(field)
	d.problems = append(d.problems, Problem{Field: field, Text: fmt.Sprintf(format, args...), File: at.file, Line: at.line, Column: at.column})
}

// place is the position of a field, or of the nearest field above it that is
// present.
func (d *decoder) place(field string) place {
	for up := field; up != ""; up = parent(up) {
		if at, ok := d.places[up]; ok {
			return at
		}
	}
	return place{}
}

// written reports whether a field is written down.
func (d *decoder) written(field string) bool {
	_, ok := d.places[field]
	return ok
}

func parent(field string) string {
	return field[:max(0, strings.LastIndexAny(field, ".["))]
}

func join(field, name string) string {
	if field == "" {
		return name
	}
	return field + "." + name
}

// value fills v from a node. values says which texts are allowed ("arch").
func (d *decoder) value(n ast.Node, v reflect.Value, field, values string) {
	n = d.resolve(n)
	if at := n.GetToken(); at != nil && at.Position != nil && field != "" && !(d.written(field) && inBlock(n)) {
		d.places[field] = placeIn(d.file, at.Position)
	}
	if n.Type() == ast.NullType {
		d.remove(n, v, field)
		return
	}
	if !isMapping(n) || !d.mappings[field] {
		d.replace(v, field)
	}
	d.mappings[field] = isMapping(n)
	if v.Type() == reflect.TypeFor[PerArch]() {
		values = "arch"
	}
	if s, ok := v.Addr().Interface().(scalar); ok && !isMapping(n) && (v.Kind() != reflect.Slice || n.Type() != ast.SequenceType) {
		if text, ok := d.text(n, field); ok {
			s.setScalar(text)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, field)
	case reflect.Map:
		d.mapping(n, v, field, values)
	case reflect.Slice:
		d.sequence(n, v, field, values)
	default:
		d.single(n, v, field, values)
	}
}

// inBlock reports whether a node's values are on separate lines. The first of
// them is not where its field is: that is its key.
func inBlock(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.MappingNode:
		return !n.IsFlowStyle
	case *ast.SequenceNode:
		return !n.IsFlowStyle
	}
	return n.Type() == ast.MappingValueType
}

// resolve follows anchors, aliases and tags.
func (d *decoder) resolve(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.AnchorNode:
		value := d.resolve(n.Value)
		d.anchors[n.Name.String()] = value
		return value
	case *ast.AliasNode:
		if to, ok := d.anchors[n.Value.String()]; ok {
			return to
		}
	case *ast.TagNode:
		return d.resolve(n.Value)
	}
	return n
}
