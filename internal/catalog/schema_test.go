package catalog

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "write docs/amiship.schema.json")

const committed = "../../docs/amiship.schema.json"

func TestSchemaIsCommitted(t *testing.T) {
	got, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(committed, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("go test ./internal/catalog -update writes it anew: %s", diff)
	}
}

// TestSchemaAgrees holds the schema against what Load takes and refuses.
func TestSchemaAgrees(t *testing.T) {
	text, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("amiship.json", document); err != nil {
		t.Fatal(err)
	}
	schema := c.MustCompile("amiship.json")
	example, err := os.ReadFile("../../examples/prometheus/amiship.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"the example":        {string(example), true},
		"a minimal one":      {minimal, true},
		"a full one":         {full, true},
		"an old name":        {replace(t, full, "    license: {env", "    licence: {env"), true},
		"a number":           {replace(t, minimal, `"136693071363"`, `136693071363`), false},
		"a field unknown":    {replace(t, minimal, "public: true", "pubic: true"), false},
		"one that extends":   {"extends: part.yaml\nbase: {user: null}\nimages: {prometheus: {name: {arm64: x}}, other: null}\nshare: null\n", true},
		"an unknown extends": {"extends: part.yaml\nbase: {onwer: x}\n", false},
		"a null in a list":   {"extends: part.yaml\ntags: [null]\n", false},
		"part of a list":     {"extends: part.yaml\ntags: [{images: [x]}]\n", false},
		"a field missing":    {replace(t, minimal, "project: prometheus\n", ""), false},
	} {
		t.Run(name, func(t *testing.T) {
			var value any
			if err := yaml.Unmarshal([]byte(c.text), &value); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(jsonValue(value)); (err == nil) != c.ok {
				t.Errorf("got %v, want it to be taken: %v", err, c.ok)
			}
			if strings.HasPrefix(c.text, "extends") {
				return // see TestExtends
			}
			if _, err := Load(write(t, c.text), nil); name != "the example" && (err == nil) != c.ok {
				t.Errorf("Load got %v, want it to be taken: %v", err, c.ok)
			}
		})
	}
}

// jsonValue turns the whole numbers of a YAML value into those of JSON.
func jsonValue(v any) any {
	switch v := v.(type) {
	case uint64:
		return float64(v)
	case map[string]any:
		for key, value := range v {
			v[key] = jsonValue(value)
		}
	case []any:
		for i, value := range v {
			v[i] = jsonValue(value)
		}
	}
	return v
}
