package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

type jsonIn struct {
	Name  string `check:"required"`
	Count *int
	Tags  []struct{ Key, Value string }
	At    Epoch
}

// FuzzDecodeJSON: whatever is sent, it is taken or refused with an AWS error, and
// nothing of it is ignored: what is taken is one object of known members.
func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{
		"", "{}", `{"Name":"a"}`, `{"name":"a"}`, `{"Name":"a","Colour":1}`, `{"Name":"a"}{"Name":"b"}`, `{"Name":"a"} x`, "null", "[]", `"a"`,
		`{"Name":"a","Count":1e99}`, `{"Name":"a","Count":null}`, `{"Name":"a","Tags":[{"Key":"k","value":"v"}]}`, `{"Name":"a","Name":"b"}`, "{\"Name\":\"\xff\"}",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got jsonIn
		err := decodeJSON(body, &got)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%q: an error that clients cannot read: %v", body, err)
		}
		if err != nil {
			return
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(bytes.TrimSpace(body), &members); err != nil {
			t.Fatalf("%q is taken, and it is no object: %v", body, err)
		}
		for name := range members {
			if name != "Name" && name != "Count" && name != "Tags" && name != "At" {
				t.Fatalf("%q is taken, and there is no %s", body, name)
			}
		}
		if got.Name == "" {
			t.Fatalf("%q is taken without a name", body)
		}
	})
}
