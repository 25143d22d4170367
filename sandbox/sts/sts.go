// Package sts is the sandbox's Security Token Service: who am I, and temporary
// keys.
//
// A temporary key is a credential like any other in cloud.Credentials, with a
// token and an end. It ends by the sandbox's clock and is not shortened by its
// speed, because clients are told the end.
package sts

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// Service is the table of operations.
func Service() wire.Service {
	return wire.Service{
		Name:     "sts",
		Protocol: wire.AWSQuery{Namespace: "https://sts.amazonaws.com/doc/2011-06-15/"},
		Asks:     asks,
		Operations: []wire.Operation{
			wire.Read("GetCallerIdentity", bucket, whoAmI),
			wire.Op("AssumeRole", bucket, assumeRole),
			wire.Unsigned("AssumeRoleWithWebIdentity", bucket, webIdentityOwner, assumeRoleWithWebIdentity),
			wire.Op("GetSessionToken", bucket, getSessionToken),
			wire.Read("DecodeAuthorizationMessage", bucket, decodeMessage),
		},
	}
}

// bucket is STS's documented 600 requests a second and account.
var bucket = wire.Bucket{Name: "sts", Max: 600, Refill: 600}

type identity struct {
	UserID  string `xml:"UserId"`
	Account string
	Arn     string
}

func whoAmI(c *wire.Call, _ *struct{}) (*identity, error) {
	return &identity{UserID: userID(c.Credential.Principal), Account: c.Account.ID, Arn: c.Credential.Principal}, nil
}

// userID is what IAM calls the principal: stable, and of the right kind.
func userID(arn string) string {
	_, name, _ := strings.Cut(arn, "/")
	switch {
	case strings.HasSuffix(arn, ":root"):
		return strings.Split(arn, ":")[4]
	case strings.Contains(arn, ":assumed-role/"):
		role, session, _ := strings.Cut(name, "/")
		return uniqueID("AROA", role+"@"+strings.Split(arn, ":")[4]) + ":" + session
	}
	return uniqueID("AIDA", arn)
}

func uniqueID(prefix, of string) string {
	sum := sha256.Sum256([]byte(of))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:17]
}

type credentials struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

// issue makes temporary keys for a principal of an account.
func issue(c *wire.Call, cred cloud.Credential, life time.Duration) credentials {
	end := c.Now.Add(life).Truncate(time.Second)
	cred.KeyID, cred.Secret, cred.Token, cred.Expires = uniqueID("ASIA", random(20))[:20], random(30), random(240), end
	cloud.Credentials.Put(c.Tx, "", cred.KeyID, cred)
	return credentials{cred.KeyID, cred.Secret, cred.Token, end.Format(time.RFC3339)}
}

// random is n random bytes as text.
func random(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return base64.StdEncoding.EncodeToString(b)
}

type sessionIn struct {
	DurationSeconds *int
	SerialNumber    string
	TokenCode       string
}

type sessionOut struct{ Credentials credentials }

func getSessionToken(c *wire.Call, in *sessionIn) (*sessionOut, error) {
	if c.Credential.Token != "" {
		return nil, &wire.Error{Code: "AccessDenied", Message: "Cannot call GetSessionToken with session credentials", Status: 403}
	}
	if in.SerialNumber != "" || in.TokenCode != "" {
		return nil, &wire.Error{Code: "AccessDenied", Message: "MultiFactorAuthentication failed with invalid MFA one time pass code.", Status: 403}
	}
	life, err := lifetime(in.DurationSeconds, 12*time.Hour, 36*time.Hour)
	if err != nil {
		return nil, err
	}
	return &sessionOut{issue(c, c.Credential, life)}, nil
}

func lifetime(seconds *int, usual, longest time.Duration) (time.Duration, error) {
	if seconds == nil {
		return usual, nil
	}
	d := time.Duration(*seconds) * time.Second
	if d < 15*time.Minute {
		return 0, wire.Errorf("ValidationError", "1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900", *seconds)
	}
	if d > longest {
		return 0, wire.Errorf("ValidationError", "1 validation error detected: Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to %d", *seconds, int(longest.Seconds()))
	}
	return d, nil
}
