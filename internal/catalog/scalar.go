package catalog

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

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

// text reads a text. What YAML parses as a number or a boolean must be
// quoted: 099720109477 would lose its zero, 1.10 too.
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
