package catalog

import (
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// place is where a field is written.
type place struct {
	file         string
	line, column int
}

func placeIn(file string, at *token.Position) place { return place{file, at.Line, at.Column} }

// decode reads a catalog, after the one that it extends: what is in both is the extending
// one's, as a JSON merge patch (RFC 7396) has it. A mapping adds to the mapping that it
// extends and overrides single fields of it, null removes, and all else replaces. Its
// problems are those of form: what cannot be read, unknown or missing fields, values of
// another type.
func decode(name string, read func(name string) ([]byte, error)) (*Catalog, *decoder) {
	d := &decoder{places: map[string]place{}, mappings: map[string]bool{}}
	c := &Catalog{}
	v := reflect.ValueOf(c).Elem()
	docs := d.chain(name, read)
	for _, doc := range slices.Backward(docs) {
		d.file, d.anchors, d.merging = doc.file, map[string]ast.Node{}, 0
		d.inherited = map[string]bool{}
		for field := range d.places {
			d.inherited[field] = true
		}
		d.value(doc.body, v, "", "")
	}
	if len(docs) > 0 {
		d.missing(v, "")
	}
	return c, d
}

// document is one file of a catalog.
type document struct {
	file string
	body ast.Node
}

// chain parses a catalog, what it extends, and so on; none, if one of them can't be read.
func (d *decoder) chain(name string, read func(name string) ([]byte, error)) (docs []document) {
	text, err := read(name)
	if err != nil {
		d.problems = append(d.problems, Problem{Text: err.Error()})
		return nil
	}
	for {
		d.file = name
		d.files = append(d.files, name)
		body := d.parse(text)
		if body == nil {
			return nil
		}
		docs = append(docs, document{name, body})
		next := extended(body)
		if next == nil {
			return docs
		}
		d.places["extends"] = placeIn(name, next.GetToken().Position)
		if name, text = d.follow(next, read); name == "" {
			return nil
		}
	}
}

func (d *decoder) parse(text []byte) ast.Node {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		d.syntax(err)
		return nil
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		d.problems = append(d.problems, Problem{File: d.file, Text: "is empty"})
		return nil
	}
	return file.Docs[0].Body
}

// extended is the value of extends, if there is one.
func extended(body ast.Node) ast.Node {
	var pairs []*ast.MappingValueNode
	switch n := body.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	}
	for _, p := range pairs {
		if p.Key.String() == "extends" && p.Value != nil && p.Value.GetToken() != nil && p.Value.GetToken().Position != nil {
			return p.Value
		}
	}
	return nil
}

// follow reads the catalog that one extends.
func (d *decoder) follow(n ast.Node, read func(name string) ([]byte, error)) (string, []byte) {
	name, ok := d.text(n, "extends")
	if !ok {
		return "", nil
	}
	if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
		d.add("extends", "%q is no name of a file beside this one: the paths of both catalogs are in one directory", name)
		return "", nil
	}
	if i := slices.Index(d.files, name); i >= 0 {
		d.add("extends", "%s extends itself: %s", name, strings.Join(append(slices.Clone(d.files[i:]), name), " extends "))
		return "", nil
	}
	text, err := read(name)
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if err != nil {
		d.add("extends", "read %s: %v", name, err)
		return "", nil
	}
	return name, text
}

// replace makes a field ready for a value that takes the place of what another file has.
func (d *decoder) replace(v reflect.Value, field string) {
	v.SetZero()
	for known := range d.places {
		if len(known) > len(field) && strings.HasPrefix(known, field) && (field == "" || known[len(field)] == '.' || known[len(field)] == '[') {
			delete(d.places, known)
		}
	}
}

// remove takes out what another file has: null is written for it. A value that is left
// out by mistake removes nothing.
func (d *decoder) remove(n ast.Node, v reflect.Value, field string) {
	switch {
	case len(d.files) == 1 || !d.inherited[field]:
		d.add(field, "has no value")
	case n.GetToken().Type == token.ImplicitNullType:
		d.add(field, "has no value; null removes what the extended catalog has")
	default:
		d.replace(v, field)
		delete(d.places, field)
		delete(d.mappings, field)
	}
}

// missing notes every required field that no file has.
func (d *decoder) missing(v reflect.Value, field string) {
	switch {
	case v.Kind() == reflect.Struct && d.mappings[field]:
		known := fieldsOf(v.Type())
		for _, name := range sortedKeys(known) {
			full := join(field, name)
			if known[name].Tag.Get("required") != "" && !d.written(full) {
				d.add(field, "%s is missing", name)
			}
			d.missing(v.FieldByIndex(known[name].Index), full)
		}
	case v.Kind() == reflect.Map:
		for _, key := range v.MapKeys() {
			d.missing(v.MapIndex(key), join(field, key.String()))
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			d.missing(v.Index(i), item(field, i))
		}
	}
}
