package catalog

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sort"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// decoder fills a value from a YAML document and, unlike a YAML library's own,
// goes on after a problem and remembers where everything stands.
type decoder struct {
	places   map[string]token.Position
	anchors  map[string]ast.Node
	problems []Problem
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
	p := Problem{Field: field, Text: fmt.Sprintf(format, args...)}
	for up := field; up != ""; up = parent(up) {
		if at, ok := d.places[up]; ok {
			p.Line, p.Column = at.Line, at.Column
			break
		}
	}
	d.problems = append(d.problems, p)
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
	if at := n.GetToken(); at != nil && at.Position != nil && field != "" {
		d.places[field] = *at.Position
	}
	if n.Type() == ast.NullType {
		d.add(field, "has no value")
		return
	}
	if s, ok := v.Addr().Interface().(scalar); ok && !isMapping(n) {
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

// resolve looks through anchors, aliases and tags.
func (d *decoder) resolve(n ast.Node) ast.Node {
	switch n := n.(type) {
	case *ast.AnchorNode:
		d.anchors[n.Name.String()] = n.Value
		return d.resolve(n.Value)
	case *ast.AliasNode:
		if to, ok := d.anchors[n.Value.String()]; ok {
			return d.resolve(to)
		}
	case *ast.TagNode:
		return d.resolve(n.Value)
	}
	return n
}

func isMapping(n ast.Node) bool {
	return n.Type() == ast.MappingType || n.Type() == ast.MappingValueType
}

// entries returns the pairs of a mapping, merged ones ("<<") first; a later pair wins.
func (d *decoder) entries(n ast.Node, field string) []*ast.MappingValueNode {
	var pairs []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	default:
		d.add(field, "is no mapping of names to values")
	}
	var merged, own []*ast.MappingValueNode
	for _, p := range pairs {
		if p.Key.IsMergeKey() {
			merged = append(merged, d.entries(d.resolve(p.Value), field)...)
		} else {
			own = append(own, p)
		}
	}
	return append(merged, own...)
}

func (d *decoder) key(p *ast.MappingValueNode, field string) (name, full string) {
	if s, ok := p.Key.(*ast.StringNode); ok {
		name = s.Value
	} else {
		name = p.Key.String()
	}
	full = join(field, name)
	if at := p.Key.GetToken(); at != nil && at.Position != nil {
		d.places[full] = *at.Position
	}
	return name, full
}

func (d *decoder) structure(n ast.Node, v reflect.Value, field string) {
	known := fieldsOf(v.Type())
	given := map[string]bool{}
	for _, p := range d.entries(n, field) {
		name, full := d.key(p, field)
		f, ok := known[name]
		if !ok {
			d.unknown(full, name, known)
			continue
		}
		given[name] = true
		d.value(p.Value, v.FieldByIndex(f.Index), full, cmpOr(f.Tag.Get("values"), f.Tag.Get("keys")))
	}
	for _, name := range sortedKeys(known) {
		if known[name].Tag.Get("required") != "" && !given[name] && isMapping(n) {
			d.add(field, "%s is missing", name)
		}
	}
}

func cmpOr(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func (d *decoder) unknown(full, name string, known map[string]reflect.StructField) {
	names := sortedKeys(known)
	if near := nearest(name, names); near != "" {
		d.add(full, "unknown field; did you mean %s?", near)
		return
	}
	d.add(full, "unknown field; known are %s", strings.Join(names, ", "))
}

// fieldsOf returns the fields of a struct by their names in the file.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("yaml"); name != "-" {
			out[name] = t.Field(i)
		}
	}
	return out
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

func (d *decoder) mapping(n ast.Node, v reflect.Value, field, keys string) {
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range d.entries(n, field) {
		name, full := d.key(p, field)
		if keys == "arch" && !slices.Contains(archs(), name) {
			d.add(full, "unknown architecture; known are %s", strings.Join(archs(), ", "))
			continue
		}
		one := reflect.New(v.Type().Elem()).Elem()
		d.value(p.Value, one, full, "")
		v.SetMapIndex(reflect.ValueOf(name), one)
	}
}

func (d *decoder) sequence(n ast.Node, v reflect.Value, field, values string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.add(field, "is no list; write [%s]", short(n))
		return
	}
	for i, item := range seq.Values {
		one := reflect.New(v.Type().Elem()).Elem()
		d.value(item, one, fmt.Sprintf("%s[%d]", field, i), values)
		v.Set(reflect.Append(v, one))
	}
}

func (d *decoder) single(n ast.Node, v reflect.Value, field, values string) {
	switch v.Kind() {
	case reflect.String:
		d.string(n, v, field, values)
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			d.add(field, "is %s, not true or false", short(n))
			return
		}
		v.SetBool(b.Value)
	case reflect.Int:
		i, ok := integer(n)
		if !ok {
			d.add(field, "is %s, not a whole number", short(n))
			return
		}
		v.SetInt(i)
	}
}

func integer(n ast.Node) (int64, bool) {
	i, ok := n.(*ast.IntegerNode)
	if !ok {
		return 0, false
	}
	switch value := i.Value.(type) {
	case int64:
		return value, true
	case uint64:
		return int64(value & math.MaxInt64), value <= math.MaxInt64
	}
	return 0, false
}

func (d *decoder) string(n ast.Node, v reflect.Value, field, values string) {
	text, ok := d.text(n, field)
	if !ok {
		return
	}
	if values == "arch" && !slices.Contains(archs(), text) {
		d.add(field, "unknown architecture %q; known are %s", text, strings.Join(archs(), ", "))
	}
	v.SetString(text)
}

// text reads a text. What YAML takes for a number or a truth value must stand
// in quotes: 099720109477 would lose its zero, 1.10 too.
func (d *decoder) text(n ast.Node, field string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		d.add(field, "is no text; put it in quotes: %q", n.GetToken().Value)
	case *ast.AliasNode:
		d.add(field, "no anchor &%s stands before this", n.Value.String())
	default:
		d.add(field, "is no text")
	}
	return "", false
}

func short(n ast.Node) string {
	if isMapping(n) {
		return "a mapping"
	}
	return strings.TrimSpace(n.GetToken().Value)
}
