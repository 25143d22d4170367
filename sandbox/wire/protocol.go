package wire

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Protocol reads requests and writes answers in one of AWS's dialects.
type Protocol interface {
	// action names the operation, or returns "" if the request is not one of
	// this protocol.
	action(r *request) string
	decode(r *request, into any) error
	encode(w io.Writer, action, requestID string, out any) error
	fail(w http.ResponseWriter, requestID string, e *Error)
	contentType() string
	// refuse is the error for a request that is not believed.
	refuse(why refusal) *Error
}

// request is an HTTP request with its body read.
type request struct {
	*http.Request
	body []byte
	form url.Values // for the query protocols
}

const maxBody = 1 << 20

func readRequest(r *http.Request) (*request, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	req := &request{Request: r, body: body, form: r.URL.Query()}
	if isForm(r) {
		vals, err := url.ParseQuery(string(body))
		if err != nil {
			return nil, fmt.Errorf("parse form: %w", err)
		}
		for k, v := range vals {
			req.form[k] = append(req.form[k], v...)
		}
	}
	return req, nil
}

// EC2Query is the protocol of EC2 (API version 2016-11-15): form in, XML out,
// lists flat, list items named "item".
type EC2Query struct{}

const ec2NS = "http://ec2.amazonaws.com/doc/2016-11-15/"

func (EC2Query) action(r *request) string          { return r.form.Get("Action") }
func (EC2Query) contentType() string               { return "text/xml;charset=UTF-8" }
func (EC2Query) decode(r *request, into any) error { return decodeForm(r.form, into, flatLists) }

func (EC2Query) encode(w io.Writer, action, requestID string, out any) error {
	return encodeXML(w, xml.StartElement{
		Name: xml.Name{Local: action + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: ec2NS}},
	}, field{"requestId", requestID}, out)
}

func (EC2Query) fail(w http.ResponseWriter, requestID string, e *Error) {
	type xmlError struct {
		Code    string
		Message string
	}
	body := struct {
		XMLName   xml.Name   `xml:"Response"`
		Errors    []xmlError `xml:"Errors>Error"`
		RequestID string     `xml:"RequestID"`
	}{Errors: []xmlError{{e.Code, e.Message}}, RequestID: requestID}
	writeXML(w, e, body)
}

// AWSQuery is the protocol of STS and IAM: form in, XML out, lists in
// ".member.N", the output inside <ActionResult>.
type AWSQuery struct{ Namespace string }

func (AWSQuery) action(r *request) string          { return r.form.Get("Action") }
func (AWSQuery) contentType() string               { return "text/xml" }
func (AWSQuery) decode(r *request, into any) error { return decodeForm(r.form, into, memberLists) }

func (p AWSQuery) encode(w io.Writer, action, requestID string, out any) error {
	type metadata struct{ RequestId string } //nolint:revive // AWS's spelling
	return encodeXML(w, xml.StartElement{
		Name: xml.Name{Local: action + "Response"},
		Attr: []xml.Attr{{Name: xml.Name{Local: "xmlns"}, Value: p.Namespace}},
	}, field{action + "Result", out}, struct{ ResponseMetadata metadata }{metadata{requestID}})
}

func (p AWSQuery) fail(w http.ResponseWriter, requestID string, e *Error) {
	type inner struct{ Type, Code, Message string }
	body := struct {
		XMLName   xml.Name `xml:"ErrorResponse"`
		NS        string   `xml:"xmlns,attr"`
		Error     inner
		RequestId string //nolint:revive // AWS's spelling
	}{NS: p.Namespace, Error: inner{"Sender", e.Code, e.Message}, RequestId: requestID}
	writeXML(w, e, body)
}

// JSON11 is the protocol of Service Quotas and SSM: the operation in
// X-Amz-Target, JSON both ways.
type JSON11 struct{ TargetPrefix string } // "ServiceQuotasV20190624", "AmazonSSM"

func (p JSON11) action(r *request) string {
	name, ok := strings.CutPrefix(r.Header.Get("X-Amz-Target"), p.TargetPrefix+".")
	if !ok {
		return ""
	}
	return name
}
func (JSON11) contentType() string { return "application/x-amz-json-1.1" }

func (JSON11) decode(r *request, into any) error {
	return decodeJSON(r.body, into)
}

func (JSON11) encode(w io.Writer, _, _ string, out any) error { return json.NewEncoder(w).Encode(out) }

func (p JSON11) fail(w http.ResponseWriter, requestID string, e *Error) {
	w.Header().Set("Content-Type", p.contentType())
	w.Header().Set("X-Amzn-Requestid", requestID)
	w.WriteHeader(e.status())
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": e.Code, "message": e.Message, "Message": e.Message})
}

func (e *Error) status() int {
	if e.Status == 0 {
		return http.StatusBadRequest
	}
	return e.Status
}

// AsError turns whatever a handler returned into an AWS error.
func AsError(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: "InternalError", Message: err.Error(), Status: http.StatusInternalServerError}
}
