package wire

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// RESTJSON is the protocol of the Marketplace Catalog and of the Recycle Bin: JSON
// both ways, and the operation is the path, or Paths says which. An operation that is
// not a POST takes its input from the query.
type RESTJSON struct {
	Methods map[string]string // by operation; POST is not listed
	// Paths are operations by path: "/list-rules". What follows one that ends in "/" is
	// the input's Identifier.
	Paths map[string]string
}

// route is the operation of a path, and what follows it.
func (p RESTJSON) route(path string) (operation, id string) {
	if name, ok := p.Paths[path]; ok {
		return name, ""
	}
	at := strings.LastIndex(path, "/") + 1
	if name, ok := p.Paths[path[:at]]; ok {
		return name, path[at:]
	}
	return strings.TrimPrefix(path, "/"), ""
}

func (p RESTJSON) action(r *request) string {
	name, _ := p.route(r.URL.Path)
	if r.Method != p.method(name) {
		return ""
	}
	return name
}

func (p RESTJSON) method(operation string) string {
	if m, other := p.Methods[operation]; other {
		return m
	}
	return http.MethodPost
}

func (RESTJSON) contentType() string { return "application/json" }

func (p RESTJSON) decode(r *request, into any) error {
	if r.Method == http.MethodPost {
		return decodeJSON(r.body, into)
	}
	members := map[string]string{}
	if _, id := p.route(r.URL.Path); id != "" {
		members["Identifier"] = id
	}
	for name, vals := range r.URL.Query() {
		if first, rest := utf8.DecodeRuneInString(name); !strings.HasPrefix(name, "X-Amz-") { // "catalog" is Catalog
			members[string(unicode.ToUpper(first))+name[rest:]] = vals[0]
		}
	}
	body, err := json.Marshal(members)
	if err != nil {
		return err
	}
	return decodeJSON(body, into)
}

func (RESTJSON) encode(w io.Writer, _, _ string, out any) error {
	return json.NewEncoder(w).Encode(out)
}

// fail names the error in a header. The model spells the text Message, the
// CLI reads message: both are there.
func (p RESTJSON) fail(w http.ResponseWriter, requestID string, e *Error) {
	w.Header().Set("Content-Type", p.contentType())
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.Header().Set("X-Amzn-Errortype", e.Code)
	w.WriteHeader(e.status())
	_ = json.NewEncoder(w).Encode(map[string]string{"message": e.Message, "Message": e.Message})
}

func (RESTJSON) refuse(why refusal) *Error {
	e := JSON11{}.refuse(why)
	e.Status = http.StatusForbidden
	return e
}
