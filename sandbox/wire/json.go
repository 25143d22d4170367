package wire

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
)

// Epoch is a moment as the JSON services write it: seconds since 1970 with
// milliseconds.
type Epoch time.Time

// MarshalJSON writes t like 1795378800.123.
func (t Epoch) MarshalJSON() ([]byte, error) {
	ms := time.Time(t).UnixMilli()
	return strconv.AppendFloat(nil, float64(ms)/1000, 'f', 3, 64), nil
}

// decodeJSON fills into and refuses members that it does not have, in these very
// letters, or that stand twice, and what comes behind the object: the sandbox
// never ignores what it was asked. A field tagged `check:"required"` must be
// there.
func decodeJSON(body []byte, into any) error {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	if err := jsonv2.Unmarshal(body, into, jsonv2.RejectUnknownMembers(true)); err != nil {
		if semantic, ok := errors.AsType[*jsonv2.SemanticError](err); ok && errors.Is(semantic, jsonv2.ErrUnknownName) {
			return unknown("SerializationException", strings.ReplaceAll(string(semantic.JSONPointer[1:]), "/", "."))
		}
		return Errorf("SerializationException", "%v", err)
	}
	return required(reflect.ValueOf(into).Elem())
}

func required(v reflect.Value) error {
	missing := missingIn(v)
	if missing == nil {
		return nil
	}
	noun := "errors"
	if len(missing) == 1 {
		noun = "error"
	}
	return Errorf("ValidationException", "%d validation %s detected: %s", len(missing), noun, strings.Join(missing, "; "))
}

func missingIn(v reflect.Value) []string {
	var missing []string
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous {
			missing = append(missing, missingIn(v.Field(i))...)
			continue
		}
		if f.Tag.Get("check") == "required" && v.Field(i).IsZero() {
			name := strings.ToLower(f.Name[:1]) + f.Name[1:]
			missing = append(missing, fmt.Sprintf("Value null at '%s' failed to satisfy constraint: Member must not be null", name))
		}
	}
	return missing
}
