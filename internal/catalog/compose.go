package catalog

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

func isMapping(n ast.Node) bool {
	return n.Type() == ast.MappingType || n.Type() == ast.MappingValueType
}

// maxMerges bounds how often a catalog can merge mappings. Without a bound one
// that is merged into itself would have no end.
const maxMerges = 100

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
			d.merging++
			if d.merging > maxMerges {
				d.add(field, "<< merges too many mappings, or a mapping into itself")
				return nil
			}
			merged = append(merged, d.entries(d.resolve(p.Value), field)...)
		} else {
			own = append(own, p)
		}
	}
	return lastOfEach(append(merged, own...))
}

// lastOfEach are the pairs without those that a later one of the same name overrides.
func lastOfEach(pairs []*ast.MappingValueNode) []*ast.MappingValueNode {
	last := map[string]*ast.MappingValueNode{}
	for _, p := range pairs {
		last[p.Key.String()] = p
	}
	return slices.DeleteFunc(pairs, func(p *ast.MappingValueNode) bool { return last[p.Key.String()] != p })
}

func (d *decoder) key(p *ast.MappingValueNode, field string) (name, full string) {
	if s, ok := p.Key.(*ast.StringNode); ok {
		name = s.Value
	} else {
		name = p.Key.String()
	}
	full = join(field, name)
	if at := p.Key.GetToken(); at != nil && at.Position != nil {
		d.places[full] = placeIn(d.file, at.Position)
	}
	return name, full
}

func (d *decoder) structure(n ast.Node, v reflect.Value, field string) {
	known := fieldsOf(v.Type())
	for _, p := range d.entries(n, field) {
		name, full := d.key(p, field)
		if now := currentName(known, name); now != name {
			name, full = now, d.renamed(field, name, now)
		}
		f, ok := known[name]
		if !ok {
			d.unknown(full, name, known)
			continue
		}
		d.value(p.Value, v.FieldByIndex(f.Index), full, cmp.Or(f.Tag.Get("values"), f.Tag.Get("keys")))
	}
}

func (d *decoder) unknown(full, name string, known map[string]reflect.StructField) {
	names := sortedKeys(known)
	if near := Nearest(name, names); near != "" {
		d.add(full, "unknown field; did you mean %s?", near)
		return
	}
	d.add(full, "unknown field; known are %s", strings.Join(names, ", "))
}

// item is the path of one of a list.
func item(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }

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

// currentName is the name of a field that may have been written with the one that it had
// before.
func currentName(known map[string]reflect.StructField, name string) string {
	for now, f := range known {
		if was, ok := f.Tag.Lookup("was"); ok && was == name {
			return now
		}
	}
	return name
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}

func (d *decoder) mapping(n ast.Node, v reflect.Value, field, keys string) {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, p := range d.entries(n, field) {
		name, full := d.key(p, field)
		if keys == "arch" && !slices.Contains(archs(), name) {
			d.add(full, "unknown architecture; known are %s", strings.Join(archs(), ", "))
			continue
		}
		one := reflect.New(v.Type().Elem()).Elem()
		if had := v.MapIndex(reflect.ValueOf(name)); had.IsValid() {
			one.Set(had)
		}
		if d.value(p.Value, one, full, ""); !d.written(full) {
			one = reflect.Value{} // which deletes
		}
		v.SetMapIndex(reflect.ValueOf(name), one)
	}
}

func (d *decoder) sequence(n ast.Node, v reflect.Value, field, values string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.add(field, "is no list; write [%s]", short(n))
		return
	}
	for i, n := range seq.Values {
		one := reflect.New(v.Type().Elem()).Elem()
		d.value(n, one, item(field, i), values)
		v.Set(reflect.Append(v, one))
	}
}
