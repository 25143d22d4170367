package sts

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Federated is a statement of a role's trust policy for tokens of a provider, with conditions
// of the operator StringLike.
type Federated struct {
	Provider  string   // URL
	Subjects  []string // patterns of sub; empty: any
	Audiences []string // patterns of aud; empty: any that the provider has
}

func (f Federated) trusts(p Provider, c claims) bool {
	like := func(patterns, values []string) bool {
		return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
			return slices.ContainsFunc(values, func(value string) bool { return cloud.Like(pattern, value) })
		})
	}
	return f.Provider == p.URL && like(f.Subjects, []string{c.Subject}) && like(f.Audiences, c.Audience)
}

type webIdentityIn struct {
	RoleArn          string
	RoleSessionName  string
	WebIdentityToken string
	DurationSeconds  *int
	Policy           string
}

type webIdentityOut struct {
	Credentials     credentials
	AssumedRoleUser assumedRole
	Subject         string `xml:"SubjectFromWebIdentityToken"`
	Provider        string
	Audience        string
}

// webIdentityOwner is the account of the role.
func webIdentityOwner(in *webIdentityIn) string {
	if parts := strings.Split(in.RoleArn, ":"); len(parts) > 4 {
		return parts[4]
	}
	return ""
}

// assumeRoleWithWebIdentity takes a token for the signature that the call lacks. The order of
// its checks is not documented [?]; the codes and most of the texts are
// (docs/reference/aws.md#web-identity).
func assumeRoleWithWebIdentity(c *wire.Call, in *webIdentityIn) (*webIdentityOut, error) {
	if err := checkSession(in.RoleArn, in.RoleSessionName); err != nil {
		return nil, err
	}
	if in.WebIdentityToken == "" {
		return nil, missing("webIdentityToken")
	}
	t, err := readToken(in.WebIdentityToken)
	if err != nil {
		return nil, wire.Errorf(invalidToken, "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	p, err := t.provider(c, in)
	if err != nil {
		return nil, err
	}
	if err := t.check(p, c.Now); err != nil {
		return nil, err
	}
	role, ok := roles.Get(c.Tx, "", in.RoleArn)
	if !ok || !slices.ContainsFunc(role.Federated, func(f Federated) bool { return f.trusts(p, t.claims) }) {
		return nil, &wire.Error{Code: "AccessDenied", Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity", Status: http.StatusForbidden}
	}
	limits, err := sessionPolicies(in.Policy)
	if err != nil {
		return nil, err
	}
	keys, user, err := role.session(c, in.RoleSessionName, in.DurationSeconds, role.MaxSession, limits)
	if err != nil {
		return nil, err
	}
	return &webIdentityOut{Credentials: keys, AssumedRoleUser: user, Subject: t.claims.Subject, Provider: p.ARN(), Audience: t.audienceOf(p)}, nil
}

// invalidToken is the code of all that is wrong with a token but its age.
const invalidToken = "InvalidIdentityToken"

// provider is that of the role's account which has issued the token. The text for a claim that
// the token lacks is not documented [?].
func (t token) provider(c *wire.Call, in *webIdentityIn) (Provider, error) {
	for _, claim := range []struct {
		name string
		has  bool
	}{{"iss", t.claims.Issuer != ""}, {"sub", t.claims.Subject != ""}, {"aud", len(t.claims.Audience) > 0}, {"exp", t.claims.Expires != nil}, {"iat", t.claims.Issued != nil}} {
		if !claim.has {
			return Provider{}, wire.Errorf(invalidToken, "Missing a required claim: %s", claim.name)
		}
	}
	p, ok := providers.Get(c.Tx, "", Provider{Account: webIdentityOwner(in), Partition: c.Account.Partition, URL: t.claims.Issuer}.ARN())
	if !ok || p.URL != t.claims.Issuer {
		return p, wire.Errorf(invalidToken, "No OpenIDConnect provider found in your account for %s", t.claims.Issuer)
	}
	return p, nil
}

// check verifies the token as one that the provider has issued for AWS, at a time. The texts
// for a signature that is another's and for a token of later are not documented [?].
func (t token) check(p Provider, now time.Time) error {
	keys := slices.DeleteFunc(slices.Clone(p.Keys), func(k Key) bool { return t.header.Kid != "" && k.Kid != t.header.Kid })
	if len(keys) == 0 {
		return wire.Errorf(invalidToken, "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	}
	at := float64(now.Unix())
	switch {
	case !slices.ContainsFunc(keys, func(k Key) bool { return k.verifies(t.header.Alg, t.signed, t.signature) }):
		return wire.Errorf(invalidToken, "The web identity token that was passed could not be validated by AWS.")
	case at >= *t.claims.Expires:
		return wire.Errorf("ExpiredTokenException", "Token expired: current date/time %.0f must be before the expiration date/time %.0f", at, *t.claims.Expires)
	case t.claims.Begins != nil && at < *t.claims.Begins:
		return wire.Errorf(invalidToken, "The web identity token is not valid yet: nbf is %.0f", *t.claims.Begins)
	case t.audienceOf(p) == "":
		return wire.Errorf(invalidToken, "Incorrect token audience")
	}
	return nil
}

// audienceOf is the token's first audience that the provider has.
func (t token) audienceOf(p Provider) string {
	for _, a := range t.claims.Audience {
		if slices.Contains(p.Audiences, a) {
			return a
		}
	}
	return ""
}
