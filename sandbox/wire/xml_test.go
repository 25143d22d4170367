package wire

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

type shown struct {
	ID   string `xml:"imageId"`
	Name string `xml:"name,omitempty"`
	At   Time   `xml:"creationDate"`
	Tags List[struct {
		Key string `xml:"key"`
	}] `xml:"tagSet"`
	None *List[string] `xml:"noneSet"`
	Off  bool          `xml:"off"`
	Hide string        `xml:"-"`
}

type mixed struct {
	shown
	Extra string
}

func TestEncode(t *testing.T) {
	at := Time(time.Date(2026, 11, 22, 20, 0, 0, 123456789, time.FixedZone("x", 3600)))
	out := mixed{shown{ID: "ami-1", At: at, Hide: "x"}, "a<b"}
	out.Tags = append(out.Tags, struct {
		Key string `xml:"key"`
	}{"k"})
	tests := map[string]struct {
		p    Protocol
		out  any
		want string
	}{
		"ec2":                 {EC2Query{}, out, `<DoResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId><imageId>ami-1</imageId><creationDate>2026-11-22T19:00:00.123Z</creationDate><tagSet><item><key>k</key></item></tagSet><off>false</off><Extra>a&lt;b</Extra></DoResponse>`},
		"empty list, no time": {EC2Query{}, &shown{}, `<DoResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId><imageId></imageId><tagSet></tagSet><off>false</off></DoResponse>`},
		"nothing":             {EC2Query{}, nil, `<DoResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId></DoResponse>`},
		"sts":                 {AWSQuery{Namespace: "urn:x"}, &mixed{Extra: "e"}, `<DoResponse xmlns="urn:x"><DoResult><imageId></imageId><tagSet></tagSet><off>false</off><Extra>e</Extra></DoResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></DoResponse>`},
		"json":                {JSON11{}, struct{ At Epoch }{Epoch(at)}, `{"At":1795374000.123}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := tt.p.encode(&b, "Do", "r-1", tt.out); err != nil {
				t.Fatal(err)
			}
			if got := strings.TrimSpace(b.String()); got != tt.want {
				t.Errorf("wrote\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestFail(t *testing.T) {
	e := &Error{Code: "Bad.Thing", Message: "it's <bad>", Status: 418}
	tests := map[string]struct {
		p          Protocol
		kind, want string
	}{
		"ec2":  {EC2Query{}, "text/xml;charset=UTF-8", `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<Response><Errors><Error><Code>Bad.Thing</Code><Message>it&#39;s &lt;bad&gt;</Message></Error></Errors><RequestID>r-1</RequestID></Response>`},
		"sts":  {AWSQuery{Namespace: "urn:x"}, "text/xml;charset=UTF-8", `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ErrorResponse xmlns="urn:x"><Error><Type>Sender</Type><Code>Bad.Thing</Code><Message>it&#39;s &lt;bad&gt;</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`},
		"json": {JSON11{}, "application/x-amz-json-1.1", `{"Message":"it's \u003cbad\u003e","__type":"Bad.Thing","message":"it's \u003cbad\u003e"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			tt.p.fail(w, "r-1", e)
			if w.Code != 418 || w.Header().Get("Content-Type") != tt.kind {
				t.Errorf("status %d, type %s", w.Code, w.Header().Get("Content-Type"))
			}
			if got := strings.TrimSpace(w.Body.String()); got != tt.want {
				t.Errorf("wrote\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestDecodeJSON(t *testing.T) {
	type embedded struct {
		Path string `check:"required"`
	}
	type in struct {
		embedded
		Name  string   `check:"required"`
		Value *float64 `check:"required"`
		More  int
	}
	tests := map[string]struct{ body, want string }{
		"all":     {`{"Path":"/","Name":"n","Value":0}`, ""},
		"missing": {`{"Path":"/","Value":1}`, "ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null"},
		"nothing": {"", "ValidationException: 3 validation errors detected: Value null at 'path' failed to satisfy constraint: Member must not be null; Value null at 'name' failed to satisfy constraint: Member must not be null; Value null at 'value' failed to satisfy constraint: Member must not be null"},
		"unknown": {`{"Colour":1}`, "The parameter Colour is not recognized: the sandbox does not have it"},
		"case":    {`{"name":"n","Path":"/","Value":0}`, "The parameter name is not recognized: the sandbox does not have it"},
		"twice":   {`{"Name":"n","Name":"m"}`, `duplicate object member name "Name"`},
		"more":    {`{"Path":"/","Name":"n","Value":0} {}`, "SerializationException"},
		"type":    {`{"Name":1}`, `"/Name"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got := ""
			if err := decodeJSON([]byte(tt.body), &in{}); err != nil {
				got = err.Error()
			}
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("answers %q, want %q", got, tt.want)
			}
		})
	}
}

func TestPage(t *testing.T) {
	p := Paging{Max: 10, BadToken: "InvalidToken"}
	items := []int{1, 2, 3, 4, 5}
	var got [][]int
	token := ""
	for {
		page, next, err := Page(p, items, ptr(2), token)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, page)
		if next == nil {
			break
		}
		token = *next
	}
	if len(got) != 3 || len(got[2]) != 1 || got[2][0] != 5 {
		t.Errorf("pages %v", got)
	}
	for _, bad := range []string{"x", "cGFnZS0w", "cGFnZS05OQ==", "!!"} {
		if _, _, err := Page(p, items, nil, bad); err == nil {
			t.Errorf("token %q is accepted", bad)
		}
	}
	for _, n := range []int{0, 11} {
		if _, _, err := Page(p, items, &n, ""); err == nil {
			t.Errorf("MaxResults %d is accepted", n)
		}
	}
}
