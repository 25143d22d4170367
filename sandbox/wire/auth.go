package wire

import (
	"crypto/subtle"
	"net/http"
	"time"

	"amiship/sandbox/cloud"
)

// refusal is a reason not to believe a request.
type refusal int

const (
	unknownKey   refusal = iota // no account of the partition has this access key, or the session token is not its own
	badSignature                // made with another secret
	expiredKey                  // temporary credentials past their end
)

const (
	textBadToken     = "The security token included in the request is invalid."
	textBadSignature = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

// refuse: EC2 does not say what was wrong with a key.
func (EC2Query) refuse(why refusal) *Error {
	if why == expiredKey {
		return &Error{Code: "RequestExpired", Message: "Request has expired."}
	}
	return &Error{Code: "AuthFailure", Message: "AWS was not able to validate the provided access credentials", Status: http.StatusUnauthorized}
}

func (AWSQuery) refuse(why refusal) *Error {
	switch why {
	case badSignature:
		return &Error{Code: "SignatureDoesNotMatch", Message: textBadSignature, Status: http.StatusForbidden}
	case expiredKey:
		return &Error{Code: "ExpiredToken", Message: "The security token included in the request is expired", Status: http.StatusForbidden}
	}
	return &Error{Code: "InvalidClientTokenId", Message: textBadToken, Status: http.StatusForbidden}
}

func (JSON11) refuse(why refusal) *Error {
	switch why {
	case badSignature:
		return &Error{Code: "InvalidSignatureException", Message: textBadSignature}
	case expiredKey:
		return &Error{Code: "ExpiredTokenException", Message: "The security token included in the request is expired"}
	}
	return &Error{Code: "UnrecognizedClientException", Message: textBadToken}
}

// authenticate finds out whose request it is.
func (c *Call) authenticate(s scope, r *request, p Protocol) error {
	cred, ok := cloud.Credentials.Get(c.Tx, "", s.key)
	if !ok || !sameToken(r, cred.Token) {
		return p.refuse(unknownKey)
	}
	if !s.verify(r, cred.Secret) {
		return p.refuse(badSignature)
	}
	if !cred.Expires.IsZero() && !c.Now.Before(cred.Expires) {
		return p.refuse(expiredKey)
	}
	if !s.presigned {
		c.signed, _ = time.Parse(amzDate, s.when(r))
	}
	c.Credential = cred
	c.Account, _ = cloud.Accounts.Get(c.Tx, "", cred.Account)
	if c.Account.Partition != cloud.PartitionOf(s.region) {
		return p.refuse(unknownKey)
	}
	return nil
}

func sameToken(r *request, want string) bool {
	have := r.Header.Get("X-Amz-Security-Token")
	if have == "" {
		have = r.URL.Query().Get("X-Amz-Security-Token")
	}
	return subtle.ConstantTimeCompare([]byte(have), []byte(want)) == 1
}

// authorise refuses what the credential's Deny list names. Patterns are those
// of path.Match: "ec2:*", "ssm:PutParameter".
func (c *Call) authorise(svc Service) error {
	prefix := svc.IAM
	if prefix == "" {
		prefix = svc.Name
	}
	action := prefix + ":" + c.Action
	if c.Lacks(action) {
		return denied(svc.Name, action, c.Credential.Principal)
	}
	return nil
}

// Lacks reports whether the credential's Deny list names an IAM action.
// Operations ask it for permissions that they need beside their own.
func (c *Call) Lacks(action string) bool { return cloud.Denies(c.Credential.Deny, action) }

// Refused is the answer to a missing permission for an action on a resource.
func (c *Call) Refused(action, resource string) error {
	return denied(c.Service, action+" on resource: "+resource, c.Credential.Principal)
}

// denied is AWS's answer to a missing permission; EC2's differs from all others.
func denied(service, action, principal string) *Error {
	text := "User: " + principal + " is not authorized to perform: " + action
	switch service {
	case "ec2":
		return &Error{Code: "UnauthorizedOperation", Message: "You are not authorized to perform this operation. " + text + " because no identity-based policy allows the " + action + " action.", Status: http.StatusForbidden}
	case "sts":
		return &Error{Code: "AccessDenied", Message: text, Status: http.StatusForbidden}
	}
	return &Error{Code: "AccessDeniedException", Message: text + " because no identity-based policy allows the " + action + " action"}
}
