package plan

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"amiship/internal/release"
)

// fill sets every field to something that is not zero.
func fill(v reflect.Value) {
	switch v.Type() {
	case reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)))
		return
	case reflect.TypeFor[Change](), reflect.TypeFor[Kind]():
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		v.Set(reflect.ValueOf(Tags{"k": "v"}))
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	default:
		panic(v.Kind())
	}
}

// keys are those of an object, each as often as it is there.
func keys(t *testing.T, text []byte) map[string]int {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(text)))
	out, depth, isKey := map[string]int{}, 0, false
	for d.More() || depth > 0 {
		token, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			isKey = depth == 1
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
			isKey = depth == 1
			continue
		}
		if depth == 1 {
			if isKey {
				out[token.(string)]++
			}
			isKey = !isKey
		}
	}
	return out
}

// TestStepsInJSON: a step of each kind is one object in which no field hides another, and
// is read as it was written.
func TestStepsInJSON(t *testing.T) {
	for _, k := range Kinds() {
		var s Step
		fill(reflect.ValueOf(&s).Elem())
		change := reflect.New(reflect.TypeOf(k.Change())).Elem()
		change.Set(reflect.ValueOf(k.Change()))
		fill(change)
		s.Change = change.Interface().(Change)
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		for key, n := range keys(t, text) {
			if n != 1 {
				t.Errorf("%s: %s is there %d times: %s", k, key, n, text)
			}
		}
		var got Step
		if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(got, s) {
			t.Errorf("%s: %v\n%+v\n%+v\n%s", k, err, got, s, text)
		}
	}
}

func TestJSONOfAStep(t *testing.T) {
	s := Step{State: Ready, Required: true, Action: Action{
		ID: "publish/ce/amd64/us-east-1", Target: release.Key{Image: "ce", Arch: "amd64", Place: release.Place{Region: "us-east-1"}},
		Guard: Guard{Image: "0123456789abcdef"}, Change: PublishImage{Image{AMI: "ami-1"}},
	}}
	const want = `{"id":"publish/ce/amd64/us-east-1","kind":"publish","target":{"image":"ce","arch":"amd64","region":"us-east-1"},` +
		`"guard":{"image":"0123456789abcdef"},"ami":"ami-1","state":"ready","required":true}`
	if text, err := json.Marshal(s); err != nil || string(text) != want {
		t.Errorf("%v\n%s\n%s", err, text, want)
	}
	var gone Step
	if err := json.Unmarshal([]byte(`{"ID":"dance/p","Kind":"dance"}`), &gone); err == nil || !strings.Contains(err.Error(), `"dance"`) {
		t.Errorf("a kind of another version: %v", err)
	}
}
