package catalog

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// decoder fills a value from a YAML document and, unlike a YAML library's own,
// continues after a problem and records the position of every value.
type decoder struct {
	places   map[string]token.Position
	anchors  map[string]ast.Node
	problems []Problem
	notes    []Problem // what may be wrong, and fields and variables that have another name now
	merging  int       // mappings that were merged so far
}

// scalar is a composite type that may also be written as one text.
type scalar interface{ setScalar(string) }

// decode reads a catalog. Its problems are those of form: what cannot be read,
// unknown or missing fields, values of another type.
func decode(text []byte) (*Catalog, *decoder) {
	d := &decoder{places: map[string]token.Position{}, anchors: map[string]ast.Node{}}
	c := &Catalog{}
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		d.syntax(err)
		return c, d
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		d.problems = append(d.problems, Problem{Text: "is empty"})
		return c, d
	}
	d.value(file.Docs[0].Body, reflect.ValueOf(c).Elem(), "", "")
	return c, d
}

func (d *decoder) syntax(err error) {
	p := Problem{Text: err.Error()}
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
	d.problems = append(d.problems, Problem{Field: field, Text: fmt.Sprintf(format, args...), Line: at.Line, Column: at.Column})
}

// place is the position of a field, or of the nearest field above it that is
// present.
func (d *decoder) place(field string) token.Position {
	for up := field; up != ""; up = parent(up) {
		if at, ok := d.places[up]; ok {
			return at
		}
	}
	return token.Position{}
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
		d.places[field] = *at.Position
	}
	if n.Type() == ast.NullType {
		d.add(field, "has no value")
		return
	}
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
