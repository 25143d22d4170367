package wire

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/policy"
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

// authorise refuses what the credential's Deny list names, by patterns of path.Match ("ec2:*",
// "ssm:PutParameter"), and what its policies do not allow.
func (c *Call) authorise(svc Service, in any) error {
	prefix := svc.IAM
	if prefix == "" {
		prefix = svc.Name
	}
	action := prefix + ":" + c.Action
	switch {
	case cloud.Denies(c.Credential.Deny, action):
		return denied(svc.Name, action, c.Credential.Principal)
	case c.Credential.Policies == nil && c.Credential.Session == nil, action == "sts:GetCallerIdentity", action == "sts:GetSessionToken":
		return nil // these two need no permission
	}
	var asked []Asked
	if svc.Asks != nil {
		asked = svc.Asks(c, in)
	}
	if len(asked) == 0 {
		asked = []Asked{{}}
	}
	for _, a := range asked {
		if a.Granted {
			continue
		}
		if a.Action == "" {
			a.Action = action
		}
		if err := c.May(a); err != nil {
			return err
		}
	}
	return nil
}

// Lacks reports whether the caller may not do an action on a resource, besides that of the
// call: operations ask it for permissions that they need beside their own.
func (c *Call) Lacks(action, resource string) bool {
	return c.May(Asked{Action: action, Resource: resource}) != nil
}

// May is the answer to a caller who lacks a permission; nil: it has it.
func (c *Call) May(a Asked) error {
	where := ""
	if a.Resource != "" {
		where = " on resource: " + a.Resource
	}
	if cloud.Denies(c.Credential.Deny, a.Action) {
		return denied(c.Service, a.Action+where, c.Credential.Principal)
	}
	d, session := c.decide(a)
	if d.Allowed {
		return nil
	}
	kind, article := "identity-based", "an"
	if session {
		kind, article = "session", "a"
	}
	why := " because no " + kind + " policy allows the " + a.Action + " action"
	if d.Denied != nil {
		why = " with an explicit deny in " + article + " " + kind + " policy"
	}
	return c.unauthorized(a, where, why, d)
}

// unauthorized is AWS's answer to what policies do not allow. EC2's has an encoded message.
func (c *Call) unauthorized(a Asked, where, why string, d policy.Decision) *Error {
	text := "User: " + c.Credential.Principal + " is not authorized to perform: " + a.Action + where + why
	switch c.Service {
	case "ec2":
		return &Error{
			Code: "UnauthorizedOperation", Status: http.StatusForbidden,
			Message: "You are not authorized to perform this operation. " + text + ". Encoded authorization failure message: " + c.encoded(a, d),
		}
	case "sts", "iam":
		return &Error{Code: "AccessDenied", Message: text, Status: http.StatusForbidden}
	}
	return &Error{Code: "AccessDeniedException", Message: text}
}

// failure is what an encoded authorization failure message says.
type failure struct {
	Allowed      bool   `json:"allowed"`
	ExplicitDeny bool   `json:"explicitDeny"`
	Context      asking `json:"context"`
}

type asking struct {
	Principal struct {
		ARN string `json:"arn"`
	} `json:"principal"`
	Action   string `json:"action"`
	Resource string `json:"resource"`
}

// encoded tells nothing to who can't have it decoded, as AWS's does not.
func (c *Call) encoded(a Asked, d policy.Decision) string {
	f := failure{ExplicitDeny: d.Denied != nil, Context: asking{Action: a.Action, Resource: a.Resource}}
	f.Context.Principal.ARN = c.Credential.Principal
	text, _ := json.Marshal(f) // of texts alone
	return base64.URLEncoding.EncodeToString(text)
}

// Decode reads an encoded authorization failure message.
func Decode(message string) (text string, ok bool) {
	raw, err := base64.URLEncoding.DecodeString(message)
	var f failure
	return string(raw), err == nil && json.Unmarshal(raw, &f) == nil && f.Context.Action != ""
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
