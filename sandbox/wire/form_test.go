package wire

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type inner struct {
	Key    string
	Values []string `wire:"Value"`
}

type base struct{ DryRun bool }

type formIn struct {
	base
	Name     string
	ID       string `wire:"ImageId"`
	Count    int
	Share    float64
	On       *bool
	Note     *string
	At       time.Time
	Data     []byte
	Groups   []string `wire:"Group"`
	Filters  []inner  `wire:"Filter"`
	Nested   struct{ Deep struct{ Text string } }
	Optional *inner
	Skipped  string `wire:"-"`
}

func ptr[T any](v T) *T { return &v }

func TestDecodeForm(t *testing.T) {
	at := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		form  string
		style listStyle
		want  formIn
		code  string
		text  string // part of the error's text
	}{
		"nothing":           {form: "Action=X&Version=1", want: formIn{}},
		"scalars":           {form: "Name=a&ImageId=ami-1&Count=3&Share=1.5&DryRun=true", want: formIn{base: base{true}, Name: "a", ID: "ami-1", Count: 3, Share: 1.5}},
		"pointers":          {form: "On=false&Note=x", want: formIn{On: ptr(false), Note: ptr("x")}},
		"time":              {form: "At=2026-11-22T21:00:00%2B01:00", want: formIn{At: at}},
		"bytes":             {form: "Data=aGk%3D", want: formIn{Data: []byte("hi")}},
		"flat list":         {form: "Group.1=a&Group.2=b", want: formIn{Groups: []string{"a", "b"}}},
		"order is numeric":  {form: "Group.10=b&Group.9=a", want: formIn{Groups: []string{"a", "b"}}},
		"gaps":              {form: "Group.1=a&Group.7=b", want: formIn{Groups: []string{"a", "b"}}},
		"members":           {form: "Group.member.1=a&Filter.member.1.Key=k&Filter.member.1.Value.member.1=v", style: memberLists, want: formIn{Groups: []string{"a"}, Filters: []inner{{"k", []string{"v"}}}}},
		"list of structs":   {form: "Filter.1.Key=k&Filter.1.Value.1=v&Filter.1.Value.2=w&Filter.2.Key=l", want: formIn{Filters: []inner{{"k", []string{"v", "w"}}, {Key: "l"}}}},
		"nested":            {form: "Nested.Deep.Text=x", want: formIn{Nested: struct{ Deep struct{ Text string } }{struct{ Text string }{"x"}}}},
		"optional struct":   {form: "Optional.Key=k", want: formIn{Optional: &inner{Key: "k"}}},
		"empty is absent":   {form: "Name=&Count=&On=&At=&Group.1=&Optional.Key=&Strange=", want: formIn{}},
		"empty but asked":   {form: "Note=", want: formIn{Note: ptr("")}},
		"signature":         {form: "X-Amz-Date=1&X-Amz-Credential=2", want: formIn{}},
		"unknown":           {form: "Colour=red", code: "UnknownParameter", text: "Colour"},
		"unknown below":     {form: "Filter.1.Colour=red", code: "UnknownParameter", text: "Filter.1.Colour"},
		"skipped field":     {form: "Skipped=x", code: "UnknownParameter", text: "Skipped"},
		"members when flat": {form: "Group.member.1=a", code: "UnknownParameter", text: "Group.member.1"},
		"leading zero":      {form: "Group.01=a", code: "UnknownParameter", text: "Group.01"},
		"no number":         {form: "Count=x", code: "InvalidParameterValue", text: "Value (x) for parameter Count"},
		"no bool":           {form: "DryRun=maybe", code: "InvalidParameterValue", text: "DryRun"},
		"no time":           {form: "At=today", code: "InvalidParameterValue", text: "At"},
		"no base64":         {form: "Data=%25%25", code: "InvalidParameterValue", text: "Data"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			form, err := url.ParseQuery(tt.form)
			if err != nil {
				t.Fatal(err)
			}
			style := tt.style
			if style == "" {
				style = flatLists
			}
			var got formIn
			err = decodeForm(form, &got, style)
			var e *Error
			if tt.code != "" {
				if !errors.As(err, &e) || e.Code != tt.code || !strings.Contains(e.Message, tt.text) {
					t.Fatalf("answers %v, want %s on %s", err, tt.code, tt.text)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(formIn{})); d != "" {
				t.Error(d)
			}
		})
	}
}

// encodeForm writes what a client would send.
func encodeForm(in formIn, style listStyle) url.Values {
	v := url.Values{}
	v.Set("Name", in.Name)
	for i, g := range in.Groups {
		v.Set("Group"+string(style)+itoa(i), g)
	}
	for i, f := range in.Filters {
		at := "Filter" + string(style) + itoa(i)
		v.Set(at+".Key", f.Key)
		for j, val := range f.Values {
			v.Set(at+".Value"+string(style)+itoa(j), val)
		}
	}
	return v
}

func itoa(i int) string { return url.QueryEscape(string(rune('1' + i))) }

func TestFormRoundTrip(t *testing.T) {
	text := rapid.StringN(1, 20, -1)
	rapid.Check(t, func(t *rapid.T) {
		style := rapid.SampledFrom([]listStyle{flatLists, memberLists}).Draw(t, "style")
		in := formIn{Name: text.Draw(t, "name"), Groups: rapid.SliceOfN(text, 1, 9).Draw(t, "groups")}
		for range rapid.IntRange(1, 9).Draw(t, "filters") {
			in.Filters = append(in.Filters, inner{text.Draw(t, "key"), rapid.SliceOfN(text, 1, 9).Draw(t, "values")})
		}
		var got formIn
		if err := decodeForm(encodeForm(in, style), &got, style); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(in, got, cmp.AllowUnexported(formIn{})); d != "" {
			t.Fatal(d)
		}
	})
}

// FuzzDecodeForm: whatever is sent, it is taken or refused with an AWS error,
// and nothing that carries a value is ignored.
func FuzzDecodeForm(f *testing.F) {
	for _, s := range []string{"", "Name=a&Group.1=b", "Filter.1.Value.2=x&Filter.9.Key=y", "Group.-1=a", "Group.=a", "Optional.=x", "Nested=x", "Filter.1=x", "Group.1.1=x", "Group.99999999999999999999=x", "Note=&Note=x", "Filter.1.Key=a&Filter.01.Key=b", "Data=aGk"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, query string, members bool) {
		form, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		style := flatLists
		if members {
			style = memberLists
		}
		var got formIn
		err = decodeForm(form, &got, style)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%q: an error that clients cannot read: %v", query, err)
		}
		if err != nil {
			return
		}
		for _, name := range []string{"Colour", "Skipped", "Nested", "Filter"} {
			if v := form[name]; len(v) > 0 && v[0] != "" {
				t.Fatalf("%q: %s was ignored", query, name)
			}
		}
		if slices.Contains(form["Name"], "") && len(form["Name"]) == 1 && got.Name != "" {
			t.Fatalf("%q: a name out of nothing: %q", query, got.Name)
		}
	})
}
