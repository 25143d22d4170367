package wire

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRESTJSONReadsRequests(t *testing.T) {
	type in struct {
		Catalog  string
		EntityID string `json:"EntityId"`
	}
	p := RESTJSON{Methods: map[string]string{"Look": http.MethodGet, "Stop": http.MethodPatch}}
	tests := map[string]struct {
		method, url, body string
		action            string
		want              in
		err               string
	}{
		"a body":             {"POST", "/Do", `{"Catalog":"A","EntityId":"x"}`, "Do", in{"A", "x"}, ""},
		"an empty body":      {"POST", "/Do", "", "Do", in{}, ""},
		"a query":            {"GET", "/Look?catalog=A&entityId=x%401", "", "Look", in{"A", "x@1"}, ""},
		"a query of a PATCH": {"PATCH", "/Stop?catalog=A", "", "Stop", in{Catalog: "A"}, ""},
		"signed in the query": {
			"GET", "/Look?catalog=A&X-Amz-Signature=1", "", "Look", in{Catalog: "A"}, "",
		},
		"an unknown member":       {"POST", "/Do", `{"Colour":1}`, "Do", in{}, "SerializationException"},
		"an unknown query member": {"GET", "/Look?colour=1", "", "Look", in{}, "SerializationException"},
		"another method":          {"POST", "/Look", "", "", in{}, ""},
		"and the other way":       {"GET", "/Do", "", "", in{}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &request{Request: httptest.NewRequestWithContext(t.Context(), tt.method, tt.url, strings.NewReader(tt.body)), body: []byte(tt.body)}
			if got := p.action(r); got != tt.action {
				t.Fatalf("the action is %q, want %q", got, tt.action)
			}
			if tt.action == "" {
				return
			}
			var got in
			err := p.decode(r, &got)
			if tt.err != "" {
				if err == nil || AsError(err).Code != tt.err {
					t.Fatalf("answers %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRESTJSONFails(t *testing.T) {
	w := httptest.NewRecorder()
	svc := Service{Protocol: RESTJSON{}, Statuses: map[string]int{"LockedException": 423}}
	svc.Protocol.fail(w, "id", svc.complete(&Error{Code: "LockedException", Message: "it is"}))
	var body map[string]string
	if err := json.NewDecoder(w.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"message": "it is", "Message": "it is"}, body); d != "" {
		t.Error(d)
	}
	if w.Code != 423 || w.Header().Get("x-amzn-ErrorType") != "LockedException" {
		t.Errorf("status %d, header %v", w.Code, w.Header())
	}
	if e := svc.complete(&Error{Code: "LockedException", Status: 500}); e.Status != 500 {
		t.Errorf("a status that was said became %d", e.Status)
	}
	for _, why := range []refusal{unknownKey, badSignature, expiredKey} {
		if e := (RESTJSON{}).refuse(why); e.Status != http.StatusForbidden {
			t.Errorf("%s has the status %d", e.Code, e.Status)
		}
	}
}
