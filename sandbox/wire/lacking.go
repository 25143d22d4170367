package wire

import (
	"encoding/xml"
	"net/http"
	"strings"
)

// spoken guesses the protocol of a service that the sandbox lacks from a request for it.
func spoken(r *http.Request, service string) Protocol {
	target, _, json := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case json:
		return JSON11{TargetPrefix: target}
	case service == "s3":
		return bareXML{}
	case isForm(r) || r.URL.Query().Has("Action"):
		return AWSQuery{}
	}
	return RESTJSON{}
}

func isForm(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// named is the operation that a request is for, as its protocol names it: for REST the
// method and the path.
func named(r *request) string {
	if _, name, ok := strings.Cut(r.Header.Get("X-Amz-Target"), "."); ok {
		return name
	}
	if name := r.form.Get("Action"); name != "" {
		return name
	}
	return r.Method + " " + r.URL.Path
}

// lacking is the answer to a call of what the sandbox does not have.
func lacking(p Protocol, service, operation string) *Error {
	e := Errorf("UnknownOperationException", "The sandbox does not have %s of %s.", operation, service)
	switch p.(type) {
	case EC2Query, AWSQuery:
		e.Code = "InvalidAction"
	case RESTJSON:
		e.Status = http.StatusNotFound
	case bareXML:
		e.Code, e.Status = "NotImplemented", http.StatusNotImplemented
	}
	return e
}

// bareXML is how S3 says that something failed. The sandbox has no service that speaks
// the rest of REST-XML.
type bareXML struct{ RESTJSON }

func (bareXML) fail(w http.ResponseWriter, requestID string, e *Error) {
	writeXML(w, e, struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		RequestId string //nolint:revive // AWS's spelling
	}{Code: e.Code, Message: e.Message, RequestId: requestID})
}
