package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/document"
	"github.com/aws/aws-sdk-go-v2/service/marketplacecatalog/types"
)

// recorder keeps the last request of a client, and sends nothing.
type recorder struct {
	*http.Request
	body string
}

var errNotSent = errors.New("not sent")

func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	r.Request, r.body = req, string(body)
	return nil, errNotSent
}

// config is for clients whose requests are recorded: wiretest.Eager has nothing to read.
func (r *recorder) config() aws.Config {
	return aws.Config{
		Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIA", "secret", ""), HTTPClient: r,
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

// variants is how many members of a union the sandbox knows, at most.
const variants = 2

// parameter is what one member of an operation's input comes to in a request.
type parameter struct {
	name  string // without the numbers of lists: Filter.Name
	alone func() *http.Request
}

// parameters are all that an operation of the SDK can say.
func (r *recorder) parameters(t *testing.T, client any, operation string) []parameter {
	t.Helper()
	call := reflect.ValueOf(client).MethodByName(operation)
	if !call.IsValid() {
		t.Fatalf("the SDK has no %s", operation)
	}
	all := map[string]parameter{}
	for nth := range variants {
		in := reflect.New(call.Type().In(1).Elem())
		if err := fill(in.Elem(), nth); err != nil {
			t.Fatalf("%s: %v", operation, err)
		}
		answer := call.Call([]reflect.Value{reflect.ValueOf(t.Context()), in})
		if err, _ := answer[1].Interface().(error); !errors.Is(err, errNotSent) {
			t.Fatalf("%s: %v", operation, err)
		}
		for _, p := range r.spoken(t) {
			all[p.name] = p
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b parameter) int { return strings.Compare(a.name, b.name) })
}

// fill gives every member of an input a value. A list gets one item, a union its nth member.
func fill(v reflect.Value, nth int, within ...reflect.Type) error {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), nth, within...)
	case reflect.Struct:
		return fillStruct(v, nth, within...)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		return fill(v.Index(0), nth, within...)
	case reflect.Interface:
		return fillUnion(v, nth, within...)
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(1)
	case reflect.Uint8:
		v.SetUint('x')
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1)
	default:
		return fmt.Errorf("no value for a %s", v.Type())
	}
	return nil
}

func fillStruct(v reflect.Value, nth int, within ...reflect.Type) error {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Unix(1795378800, 0)))
		return nil
	}
	if slices.Contains(within, v.Type()) {
		return nil
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		if err := fill(v.Field(i), nth, append(within, v.Type())...); err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// fillUnion takes members that are about AMIs: others are of products that the sandbox lacks.
func fillUnion(v reflect.Value, nth int, within ...reflect.Type) error {
	var fit []reflect.Value
	for _, of := range []any{
		&types.EntityTypeFiltersMemberAmiProductFilters{}, &types.EntityTypeSortMemberAmiProductSort{},
		&types.FrameworkFiltersMemberAMISecurityFilters{}, &types.FrameworkFiltersMemberContainerSecurityFilters{},
	} {
		if member := reflect.ValueOf(of); member.Type().Implements(v.Type()) {
			fit = append(fit, member)
		}
	}
	if doc := reflect.ValueOf(document.NewLazyDocument("x")); doc.Type().Implements(v.Type()) {
		v.Set(doc)
		return nil
	}
	if len(fit) == 0 {
		return fmt.Errorf("no member of the union %s", v.Type())
	}
	v.Set(fit[nth%len(fit)])
	return fill(fit[nth%len(fit)].Elem(), nth, within...)
}

var counted = regexp.MustCompile(`(\.member)?\.\d+`)

// spoken are the parameters of the recorded request.
func (r *recorder) spoken(t *testing.T) []parameter {
	t.Helper()
	var all []parameter
	switch {
	case r.body == "":
		for key, value := range r.URL.Query() {
			all = append(all, parameter{key, r.with(url.Values{key: value}.Encode(), "")})
		}
	case strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		form, err := url.ParseQuery(r.body)
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range form {
			if key != "Action" && key != "Version" {
				all = append(all, parameter{counted.ReplaceAllString(key, ""), r.with("", url.Values{key: value}.Encode())})
			}
		}
	default:
		var doc any
		if err := json.Unmarshal([]byte(r.body), &doc); err != nil {
			t.Fatal(err)
		}
		for name, one := range leaves(doc) {
			body, err := json.Marshal(one)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, parameter{name, r.with("", string(body))})
		}
	}
	return all
}

// with is the recorded request with another query and body.
func (r *recorder) with(query, body string) func() *http.Request {
	recorded := r.Request
	return func() *http.Request {
		req := recorded.Clone(recorded.Context())
		req.URL.RawQuery, req.Body = query, io.NopCloser(strings.NewReader(body))
		return req
	}
}

// leaves are documents that have one value each of those in doc, by its path.
func leaves(doc any) map[string]any {
	out := map[string]any{}
	switch d := doc.(type) {
	case map[string]any:
		for key, value := range d {
			for path, inner := range leaves(value) {
				out[strings.TrimSuffix(key+"."+path, ".")] = map[string]any{key: inner}
			}
		}
	case []any:
		for path, inner := range leaves(d[0]) {
			out[path] = []any{inner}
		}
	default:
		out[""] = d
	}
	return out
}
