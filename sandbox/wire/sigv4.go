package wire

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// scope is what a SigV4 signature says about the caller and the target.
// Nothing else distinguishes accounts, regions and services.
type scope struct {
	key, date, region, service string
	signed                     []string // names of the signed headers, lower case, sorted by the client
	signature                  string
	presigned                  bool
}

// readScope reads the Authorization header, or the query of a presigned
// request. An unsigned one has no key.
func readScope(r *http.Request) scope {
	var s scope
	var cred, signed string
	if h, ok := strings.CutPrefix(r.Header.Get("Authorization"), algorithm+" "); ok {
		parts := authParts(h)
		cred, signed, s.signature = parts["Credential"], parts["SignedHeaders"], parts["Signature"]
	} else {
		q := r.URL.Query()
		cred, signed, s.signature = q.Get("X-Amz-Credential"), q.Get("X-Amz-SignedHeaders"), q.Get("X-Amz-Signature")
		s.presigned = true
	}
	parts := strings.Split(cred, "/")
	if len(parts) != 5 || parts[4] != "aws4_request" {
		return scope{}
	}
	s.key, s.date, s.region, s.service = parts[0], parts[1], parts[2], parts[3]
	s.signed = strings.Split(signed, ";")
	return s
}

const algorithm = "AWS4-HMAC-SHA256"

// authParts splits "Credential=…, SignedHeaders=…, Signature=…".
func authParts(h string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(h, ",") {
		name, val, _ := strings.Cut(strings.TrimSpace(part), "=")
		out[name] = val
	}
	return out
}

// when is what the client says of when it signed.
func (s scope) when(r *request) string {
	if s.presigned {
		return r.URL.Query().Get("X-Amz-Date")
	}
	return r.Header.Get("X-Amz-Date")
}

// verify recomputes the signature with the key's secret. The age of a request is
// checked only if a fault says so (Fault.Signed): the sandbox's clock runs ahead
// of its clients' after an advance, and SDKs shift their clocks at different
// moments.
func (s scope) verify(r *request, secret string) bool {
	when := s.when(r)
	if !slices.Contains(s.signed, "host") || !strings.HasPrefix(when, s.date) {
		return false
	}
	sum := sha256.Sum256([]byte(s.canonical(r)))
	text := strings.Join([]string{algorithm, when, s.date + "/" + s.region + "/" + s.service + "/aws4_request", hex.EncodeToString(sum[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{s.date, s.region, s.service, "aws4_request", text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return subtle.ConstantTimeCompare([]byte(hex.EncodeToString(key)), []byte(s.signature)) == 1
}

// canonical is the request as it was signed (SigV4 specification).
func (s scope) canonical(r *request) string {
	var headers strings.Builder
	for _, name := range s.signed {
		headers.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	return strings.Join([]string{
		r.Method, canonicalPath(r.URL), canonicalQuery(r.URL.Query()),
		headers.String(), strings.Join(s.signed, ";"), payloadHash(r),
	}, "\n")
}

func headerValue(r *request, name string) string {
	if name == "host" {
		return r.Host
	}
	if name == "content-length" {
		return r.Header.Get("Content-Length")
	}
	vals := make([]string, 0, 1)
	for _, v := range r.Header.Values(name) {
		vals = append(vals, strings.Join(strings.Fields(v), " "))
	}
	return strings.Join(vals, ",")
}

// payloadHash hashes the body itself, whatever a header says of it.
func payloadHash(r *request) string {
	sum := sha256.Sum256(r.body)
	return hex.EncodeToString(sum[:])
}

// canonicalPath encodes the path once more than it came, as every service but
// S3 does.
func canonicalPath(u *url.URL) string {
	if u.Path == "" {
		return "/"
	}
	return strings.ReplaceAll(escape(u.EscapedPath()), "%2F", "/")
}

func canonicalQuery(q url.Values) string {
	var pairs []string
	for k, vals := range q {
		if k == "X-Amz-Signature" {
			continue
		}
		for _, v := range vals {
			pairs = append(pairs, escape(k)+"="+escape(v))
		}
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "&")
}

// escape is RFC 3986's percent-encoding.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
