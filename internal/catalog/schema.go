package catalog

import (
	"encoding/json"
	"maps"
	"reflect"
)

// Schema returns the JSON Schema of amiship.yaml (draft 2020-12), for editors.
// Load checks more than a schema can say.
func Schema() ([]byte, error) {
	s := schemaOf(reflect.TypeFor[Catalog](), "")
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Amiship catalog, version 1"
	text, err := json.MarshalIndent(s, "", "  ")
	return append(text, '\n'), err
}

// schemaOf describes a type. values says which texts are allowed ("arch").
func schemaOf(t reflect.Type, values string) map[string]any {
	if t == reflect.TypeFor[PerArch]() {
		values = "arch"
	}
	s := composed(t, values)
	if reflect.PointerTo(t).Implements(reflect.TypeFor[scalar]()) {
		return map[string]any{"anyOf": []any{map[string]any{"type": "string"}, s}}
	}
	return s
}

func composed(t reflect.Type, values string) map[string]any {
	switch t.Kind() {
	case reflect.Struct:
		return structSchema(t)
	case reflect.Map:
		s := map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem(), "")}
		if values == "arch" {
			s["propertyNames"] = map[string]any{"enum": archs()}
		}
		return s
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem(), values)}
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

func structSchema(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	fields := fieldsOf(t)
	for _, name := range sortedKeys(fields) {
		tag := fields[name].Tag
		s := schemaOf(fields[name].Type, tag.Get("values")+tag.Get("keys"))
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
	if len(required) > 0 {
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
