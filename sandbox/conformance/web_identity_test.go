package conformance

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awssdk "github.com/aws/aws-sdk-go-v2/service/sts"

	"amiship/sandbox/admin"
	"amiship/sandbox/cloud"
	"amiship/sandbox/sandboxtest"
	"amiship/sandbox/sts"
	"amiship/sandbox/wire"
	"amiship/sandbox/wire/wiretest"
)

// The providers of every bench here: the sandbox makes the tokens of the first, the test those of the second.
const (
	gitlab  = "https://gitlab.example.com"
	another = "https://tokens.example.com/tenant"
	job     = "project_path:group/project:ref_type:tag:ref:v1.0.0"
)

// webBench has both providers, and a role for jobs of one group's tags and the subjects of the
// second provider.
func webBench(t *testing.T) (*bench, key) {
	k := newKey(t)
	b := stsBench(t, sts.Role{Account: vendor, Name: "team/pipeline", MaxSession: 2 * time.Hour, Deny: []string{"sts:AssumeRole"}, Federated: []sts.Federated{
		{Provider: gitlab, Subjects: []string{"project_path:group/*:ref_type:tag:ref:v?.*"}, Audiences: []string{gitlab}},
		{Provider: another},
	}}, sts.Role{Account: vendor, Name: "people", Trusted: []string{"*"}})
	b.update(func(tx *cloud.Tx) {
		for _, p := range []sts.Provider{{URL: gitlab, Audiences: []string{gitlab, "https://other.example.com"}}, {URL: another, Audiences: []string{"sts.amazonaws.com"}, Keys: k.public(t)}} {
			p.Account = vendor
			if err := sts.PutProvider(tx, p); err != nil {
				t.Fatal(err)
			}
		}
	})
	return b, k
}

// token is one of the sandbox's.
func (b *bench) token(ask sts.Ask) (text string) {
	b.Helper()
	b.update(func(tx *cloud.Tx) {
		var err error
		if text, err = sts.NewToken(tx, ask); err != nil {
			b.Fatal(err)
		}
	})
	return text
}

// key signs by ES256, with the standard library and none of the sandbox's code.
type key struct{ *ecdsa.PrivateKey }

func newKey(t *testing.T) key {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key{k}
}

func (k key) public(t *testing.T) []sts.Key {
	t.Helper()
	raw, err := k.PublicKey.Bytes() // 4, x, y
	if err != nil {
		t.Fatal(err)
	}
	keys, err := sts.ReadKeys(`{"keys": [{"kty": "EC", "use": "sig", "crv": "P-256", "kid": "one", "x": "` + text64(raw[1:33]) + `", "y": "` + text64(raw[33:]) + `"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func text64(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func (k key) sign(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	var parts []string
	for _, v := range []any{header, claims} {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, text64(raw))
	}
	text := strings.Join(parts, ".")
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, k.PrivateKey, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + text64(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

const pipelineRole = "arn:aws:iam::123456789012:role/team/pipeline"

// logIn assumes a role without any keys.
func (b *bench) logIn(role, token string) (*awssdk.AssumeRoleWithWebIdentityOutput, error) {
	client := awssdk.NewFromConfig(aws.Config{Region: "eu-west-1", BaseEndpoint: &b.url, Retryer: func() aws.Retryer { return aws.NopRetryer{} }, HTTPClient: wiretest.Eager{}})
	return client.AssumeRoleWithWebIdentity(b.Context(), &awssdk.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("job-1"), WebIdentityToken: &token})
}

// TestWebIdentity: a token is enough to assume the role, whose keys are as those of AssumeRole.
func TestWebIdentity(t *testing.T) {
	b, _ := webBench(t)
	out, err := b.logIn(pipelineRole, b.token(sts.Ask{Provider: gitlab, Subject: job, For: time.Hour}))
	if err != nil {
		t.Fatal(err)
	}
	if *out.SubjectFromWebIdentityToken != job || *out.Audience != gitlab || *out.Provider != "arn:aws:iam::123456789012:oidc-provider/gitlab.example.com" {
		t.Errorf("it is said to be %s for %s by %s", *out.SubjectFromWebIdentityToken, *out.Audience, *out.Provider)
	}
	me := withKeys(b, out.Credentials)
	who, err := me.GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:sts::123456789012:assumed-role/pipeline/job-1" || *who.UserId != *out.AssumedRoleUser.AssumedRoleId {
		t.Fatalf("the caller is %+v (%v)", who, err)
	}
	if _, err := me.AssumeRole(t.Context(), &awssdk.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/people"), RoleSessionName: aws.String("me")}); wiretest.Code(err) != "AccessDenied" {
		t.Errorf("what the role lacks: %v", err)
	}
	b.advance(61 * time.Minute)
	if _, err := me.GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{}); wiretest.Code(err) != "ExpiredToken" {
		t.Errorf("after its end: %v", err)
	}
}

// TestWebIdentityIsRefused: each part of a token, of the provider and of the trust counts.
func TestWebIdentityIsRefused(t *testing.T) {
	b, k := webBench(t)
	now := b.store.Now().Unix()
	header := map[string]any{"alg": "ES256", "kid": "one"}
	claim := func(changes map[string]any) map[string]any {
		out := map[string]any{"iss": another, "sub": "me", "aud": []string{"x", "sts.amazonaws.com"}, "iat": now, "exp": now + 60}
		for name, v := range changes {
			out[name] = v
			if v == nil {
				delete(out, name)
			}
		}
		return out
	}
	good := k.sign(t, header, claim(nil))
	const invalid = "InvalidIdentityToken"
	for name, c := range map[string]struct {
		role, token, want, text string
	}{
		"good":                      {token: good},
		"no kid":                    {token: k.sign(t, map[string]any{"alg": "ES256"}, claim(nil))},
		"the sandbox's own":         {token: b.token(sts.Ask{Provider: gitlab, Subject: job, For: time.Hour})},
		"another subject":           {token: b.token(sts.Ask{Provider: gitlab, Subject: "project_path:group/project:ref_type:branch:ref:main", For: time.Hour}), want: "AccessDenied", text: "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		"another audience":          {token: b.token(sts.Ask{Provider: gitlab, Subject: job, Audience: "https://other.example.com", For: time.Hour}), want: "AccessDenied"},
		"not for AWS":               {token: b.token(sts.Ask{Provider: gitlab, Subject: job, Audience: "https://internal.example.com", For: time.Hour}), want: invalid, text: "Incorrect token audience"},
		"a role for people":         {role: "arn:aws:iam::123456789012:role/people", token: good, want: "AccessDenied"},
		"no such role":              {role: "arn:aws:iam::123456789012:role/none", token: good, want: "AccessDenied"},
		"an account without it":     {role: "arn:aws:iam::210987654321:role/guest", token: good, want: invalid, text: "No OpenIDConnect provider found in your account for " + another},
		"no such account":           {role: "arn:aws:iam::000000000000:role/guest", token: good, want: invalid},
		"no ARN":                    {role: "pipeline", token: good, want: invalid},
		"another provider":          {token: k.sign(t, header, claim(map[string]any{"iss": "https://evil.example.com"})), want: invalid},
		"signed with another key":   {token: newKey(t).sign(t, header, claim(nil)), want: invalid, text: "could not be validated"},
		"of the sandbox's provider": {token: k.sign(t, map[string]any{"alg": "ES256"}, claim(map[string]any{"iss": gitlab, "sub": job, "aud": gitlab})), want: invalid},
		"an unknown key":            {token: k.sign(t, map[string]any{"alg": "ES256", "kid": "two"}, claim(nil)), want: invalid, text: "Couldn't retrieve verification key"},
		"not signed":                {token: k.sign(t, map[string]any{"alg": "none"}, claim(nil)), want: invalid},
		"with a secret":             {token: k.sign(t, map[string]any{"alg": "HS256", "kid": "one"}, claim(nil)), want: invalid},
		"another algorithm":         {token: k.sign(t, map[string]any{"alg": "RS256", "kid": "one"}, claim(nil)), want: invalid},
		"changed":                   {token: strings.Replace(good, ".", "."+text64([]byte(`{"sub":"root"}`)), 1), want: invalid},
		"expired":                   {token: k.sign(t, header, claim(map[string]any{"exp": now - 1})), want: "ExpiredTokenException", text: "Token expired: current date/time"},
		"of tomorrow":               {token: k.sign(t, header, claim(map[string]any{"nbf": now + 86400})), want: invalid},
		"without an end":            {token: k.sign(t, header, claim(map[string]any{"exp": nil})), want: invalid, text: "exp"},
		"without a subject":         {token: k.sign(t, header, claim(map[string]any{"sub": nil})), want: invalid},
		"without an audience":       {token: k.sign(t, header, claim(map[string]any{"aud": nil})), want: invalid},
		"no token of any kind":      {token: "glpat-0123456789", want: invalid, text: "not a valid JWT"},
		"three parts that say less": {token: "a.b.c", want: invalid},
		"a part that is no object":  {token: text64([]byte(`{}`)) + "." + text64([]byte(`3`)) + ".", want: invalid},
		"claims of another kind":    {token: k.sign(t, header, claim(map[string]any{"exp": "tomorrow"})), want: invalid},
	} {
		t.Run(name, func(t *testing.T) {
			if c.role == "" {
				c.role = pipelineRole
			}
			_, err := b.logIn(c.role, c.token)
			if got := wiretest.Code(err); got != c.want || c.text != "" && !strings.Contains(err.Error(), c.text) {
				t.Errorf("answers %v, want %q with %q", err, c.want, c.text)
			}
		})
	}
}

// TestUnsigned: no other call does without a signature.
func TestUnsigned(t *testing.T) {
	b, _ := webBench(t)
	client := awssdk.NewFromConfig(aws.Config{Region: "eu-west-1", BaseEndpoint: &b.url, Credentials: aws.AnonymousCredentials{}, Retryer: func() aws.Retryer { return aws.NopRetryer{} }, HTTPClient: wiretest.Eager{}})
	if _, err := client.AssumeRole(t.Context(), &awssdk.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/people"), RoleSessionName: aws.String("me")}); wiretest.Code(err) != "MissingAuthenticationToken" {
		t.Errorf("AssumeRole: %v", err)
	}
	if _, err := client.GetCallerIdentity(t.Context(), &awssdk.GetCallerIdentityInput{}); wiretest.Code(err) != "MissingAuthenticationToken" {
		t.Errorf("GetCallerIdentity: %v", err)
	}
}

// TestWebIdentityMeetsFaults: a fault hits the calls of an account that has to be told from the role, and
// the SDK tries again where AWS says that the provider can't be reached.
func TestWebIdentityMeetsFaults(t *testing.T) {
	t.Parallel()
	box := sandboxtest.Start(t, world)
	token, err := box.Token(t.Context(), admin.Token{Subject: job, For: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	client := awssdk.NewFromConfig(aws.Config{Region: "eu-west-1", BaseEndpoint: &box.URL, HTTPClient: wiretest.Eager{}})
	logIn := func() error {
		_, err := client.AssumeRoleWithWebIdentity(t.Context(), &awssdk.AssumeRoleWithWebIdentityInput{RoleArn: aws.String("arn:aws:iam::123456789012:role/pipeline"), RoleSessionName: aws.String("job"), WebIdentityToken: &token})
		return err
	}
	down := wire.Fault{Account: "vendor", Action: "AssumeRoleWithWebIdentity", Status: 400, Code: "IDPCommunicationError", Times: 2}
	box.Meets(t, down)
	if err := logIn(); err != nil {
		t.Errorf("after two failures: %v", err)
	}
	down.Times = 0
	box.Meets(t, down)
	if err := logIn(); wiretest.Code(err) != "IDPCommunicationError" {
		t.Errorf("a provider that is down: %v", err)
	}
	down.Account = "customer"
	box.Meets(t, down)
	if err := logIn(); err != nil {
		t.Errorf("a fault of another account: %v", err)
	}
}
