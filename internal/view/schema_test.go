package view_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"

	"amiship/internal/view"
)

var update = flag.Bool("update", false, "write docs/status.schema.json")

const committed = "../../docs/status.schema.json"

// TestSchemaIsCommitted: names of the JSON can't change unseen.
func TestSchemaIsCommitted(t *testing.T) {
	r := jsonschema.Reflector{Anonymous: true, DoNotReference: true, ExpandedStruct: true}
	s := r.Reflect(view.View{})
	s.Title = "amiship status --json, schema 1"
	var got bytes.Buffer
	enc := json.NewEncoder(&got)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(committed, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(committed)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("go test ./internal/view -update writes it anew; a name that is there stays: %s", diff)
	}
}
