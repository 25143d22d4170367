package wire

import (
	"encoding/xml"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// List is a list in an EC2 answer: always written, also when empty, as
// <wrapper><item>…</item></wrapper>. Clients take a missing wrapper for a
// missing member. A nil *List or one tagged omitempty is left out.
type List[T any] []T

// MarshalXML writes the wrapper and its items.
func (l List[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	item := xml.StartElement{Name: xml.Name{Local: "item"}}
	for _, v := range l {
		if err := e.EncodeElement(v, item); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}

// Time is a moment as the XML services write it: UTC, milliseconds.
type Time time.Time

// MarshalXML writes t like 2026-11-22T20:00:00.000Z; the zero time is left out.
func (t Time) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	if time.Time(t).IsZero() {
		return nil
	}
	return e.EncodeElement(FormatTime(time.Time(t)), start)
}

// FormatTime is the string form of Time, for members that are strings.
func FormatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

type field struct {
	name  string
	value any
}

// encodeXML writes start, then each part: a field under its name, anything
// else by its own fields, unwrapped.
func encodeXML(w io.Writer, start xml.StartElement, parts ...any) error {
	e := xml.NewEncoder(w)
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for _, p := range parts {
		if err := encodePart(e, p); err != nil {
			return err
		}
	}
	if err := e.EncodeToken(start.End()); err != nil {
		return err
	}
	return e.Close()
}

func encodePart(e *xml.Encoder, p any) error {
	if f, ok := p.(field); ok {
		return e.EncodeElement(f.value, xml.StartElement{Name: xml.Name{Local: f.name}})
	}
	return encodeFields(e, p)
}

// encodeFields writes the fields of a struct without an element around them.
func encodeFields(e *xml.Encoder, out any) error {
	v := reflect.Indirect(reflect.ValueOf(out))
	if !v.IsValid() {
		return nil
	}
	return encodeStruct(e, v)
}

func encodeStruct(e *xml.Encoder, v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous { // its type may be unexported, so no Interface()
			if err := encodeStruct(e, v.Field(i)); err != nil {
				return err
			}
			continue
		}
		name, opts, _ := strings.Cut(f.Tag.Get("xml"), ",")
		if name == "-" || (opts == "omitempty" && isEmpty(v.Field(i))) {
			continue
		}
		if name == "" {
			name = f.Name
		}
		if err := e.EncodeElement(v.Field(i).Interface(), xml.StartElement{Name: xml.Name{Local: name}}); err != nil {
			return err
		}
	}
	return nil
}

// isEmpty is what encoding/xml takes for empty, a list without items included.
func isEmpty(v reflect.Value) bool {
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

func writeXML(w http.ResponseWriter, e *Error, body any) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(e.status())
	_, _ = io.WriteString(w, xml.Header)
	_ = xml.NewEncoder(w).Encode(body)
}
