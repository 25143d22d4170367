package catalog

import (
	"encoding/json"
	"maps"
	"reflect"
)

// Schema returns the JSON Schema of amiship.yaml (draft 2020-12), for editors.
// Load checks more than a schema can say.
func Schema() ([]byte, error) {
	t := reflect.TypeFor[Catalog]()
	s := map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Amiship catalog, version 1",
		"if":      map[string]any{"required": []string{"extends"}},
		"then":    draft{extends: true}.of(t, ""),
		"else":    draft{}.of(t, ""),
	}
	text, err := json.MarshalIndent(s, "", "  ")
	return append(text, '\n'), err
}

// draft is what a schema is of: a whole value, or one that extends another, in which
// nothing is required and null removes.
type draft struct{ extends bool }

// of describes a type. values says which texts are allowed ("arch").
func (d draft) of(t reflect.Type, values string) map[string]any {
	if t == reflect.TypeFor[PerArch]() {
		values = "arch"
	}
	s := d.composed(t, values)
	if reflect.PointerTo(t).Implements(reflect.TypeFor[scalar]()) {
		return map[string]any{"anyOf": []any{map[string]any{"type": "string"}, s}}
	}
	return s
}

// part describes what a mapping has under a name.
func (d draft) part(t reflect.Type, values string) map[string]any {
	s := d.of(t, values)
	if d.extends {
		return map[string]any{"anyOf": []any{s, map[string]any{"type": "null"}}}
	}
	return s
}

func (d draft) composed(t reflect.Type, values string) map[string]any {
	switch t.Kind() {
	case reflect.Struct:
		return d.structure(t)
	case reflect.Map:
		s := map[string]any{"type": "object", "additionalProperties": d.part(t.Elem(), "")}
		if values == "arch" {
			s["propertyNames"] = map[string]any{"enum": archs()}
		}
		return s
	case reflect.Slice:
		return map[string]any{"type": "array", "items": draft{}.of(t.Elem(), values)}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int:
		return map[string]any{"type": "integer"}
	}
	s := map[string]any{"type": "string"}
	if values == "arch" {
		s["enum"] = archs()
	}
	return s
}

func (d draft) structure(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	fields := fieldsOf(t)
	for _, name := range sortedKeys(fields) {
		tag := fields[name].Tag
		s := d.part(fields[name].Type, tag.Get("values")+tag.Get("keys"))
		s["description"] = tag.Get("help")
		properties[name] = s
		if was, ok := tag.Lookup("was"); ok {
			properties[was] = deprecated(s, name)
		}
		if tag.Get("required") != "" {
			required = append(required, name)
		}
	}
	s := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 && !d.extends {
		s["required"] = required
	}
	return s
}

// deprecated describes the name that a field had before.
func deprecated(s map[string]any, now string) map[string]any {
	out := maps.Clone(s)
	out["deprecated"], out["description"] = true, "The old spelling of "+now+"."
	return out
}
