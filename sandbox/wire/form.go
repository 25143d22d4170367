package wire

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// listStyle says how a query protocol spells element n of list X.
type listStyle string

const (
	flatLists   listStyle = "."        // X.1
	memberLists listStyle = ".member." // X.member.1
)

// decodeForm fills a struct from a form. A field is named as the parameter is
// (tag `wire:"Name"` where they differ; "-" is skipped); structs nest with dots; lists count
// from 1. An empty value is an absent one, since both generations of Packer
// send them; only a field of type *string can tell the two apart. A parameter
// that no field takes is UnknownParameter: the sandbox never ignores what it
// was asked.
func decodeForm(form url.Values, into any, style listStyle) error {
	d := decoder{style: style, vals: map[string]string{}, empty: map[string]bool{}}
	for k, v := range form {
		switch {
		case k == "Action" || k == "Version" || strings.HasPrefix(k, "X-Amz-") || len(v) == 0:
		case v[0] == "":
			d.empty[k] = true
		default:
			d.vals[k] = v[0]
		}
	}
	if err := d.structure("", reflect.ValueOf(into).Elem()); err != nil {
		return err
	}
	left := make([]string, 0, len(d.vals))
	for k := range d.vals {
		left = append(left, k)
	}
	if len(left) > 0 {
		slices.Sort(left)
		return unknown("UnknownParameter", left[0])
	}
	return nil
}

// unknown is the answer to a member of a request that an operation's input does not have: the
// sandbox can't tell what AWS has from what it does not.
func unknown(code, member string) *Error {
	return Errorf(code, "The parameter %s is not recognized: the sandbox does not have it", member)
}

// decoder takes values out of vals as it uses them.
type decoder struct {
	style listStyle
	vals  map[string]string
	empty map[string]bool // parameters that were sent without a value
}

func (d decoder) structure(prefix string, v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name := f.Name
		if tag := f.Tag.Get("wire"); tag != "" {
			name = tag
		}
		if name == "-" {
			continue
		}
		if f.Anonymous {
			if err := d.structure(prefix, v.Field(i)); err != nil {
				return err
			}
			continue
		}
		if err := d.value(prefix+name, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

// has reports whether there is a value at key or below it.
func (d decoder) has(key string) bool {
	if _, ok := d.vals[key]; ok {
		return true
	}
	for k := range d.vals {
		if strings.HasPrefix(k, key+".") {
			return true
		}
	}
	return false
}

var timeType = reflect.TypeFor[time.Time]()

func (d decoder) value(key string, v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Pointer:
		if v.Type().Elem().Kind() == reflect.String && d.empty[key] {
			v.Set(reflect.New(v.Type().Elem()))
			return nil
		}
		if !d.has(key) {
			return nil
		}
		v.Set(reflect.New(v.Type().Elem()))
		return d.value(key, v.Elem())
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		return d.list(key, v)
	case v.Kind() == reflect.Struct && v.Type() != timeType:
		return d.structure(key+".", v)
	}
	text, ok := d.vals[key]
	if !ok {
		return nil
	}
	delete(d.vals, key)
	return scalar(key, text, v)
}

func (d decoder) list(key string, v reflect.Value) error {
	var at []int
	prefix := key + string(d.style)
	for k := range d.vals {
		rest, ok := strings.CutPrefix(k, prefix)
		if !ok {
			continue
		}
		num, _, _ := strings.Cut(rest, ".")
		n, err := strconv.Atoi(num)
		if err != nil || slices.Contains(at, n) {
			continue
		}
		at = append(at, n)
	}
	slices.Sort(at)
	for _, n := range at {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(prefix+strconv.Itoa(n), item); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	return nil
}

func scalar(key, text string, v reflect.Value) error {
	bad := func(what string) error {
		return Errorf("InvalidParameterValue", "Value (%s) for parameter %s is invalid. %s", text, key, what)
	}
	switch {
	case v.Type() == timeType:
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return bad("Expected a timestamp")
		}
		v.Set(reflect.ValueOf(t.UTC()))
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return bad("Expected true or false")
		}
		v.SetBool(b)
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return bad("Expected an integer")
		}
		v.SetInt(n)
	case v.CanFloat():
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return bad("Expected a number")
		}
		v.SetFloat(n)
	case v.Kind() == reflect.Slice: // bytes
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return bad("Expected base64")
		}
		v.SetBytes(b)
	default:
		return fmt.Errorf("parameter %s: no decoding into %s", key, v.Type())
	}
	return nil
}
