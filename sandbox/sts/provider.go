package sts

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"amiship/sandbox/cloud"
)

// Provider is an OpenID Connect provider of an account: roles may trust its tokens.
type Provider struct {
	Account   string          // id
	Partition cloud.Partition `json:",omitempty"`
	URL       string          // as tokens have it in iss: https://gitlab.example.com
	Audiences []string        // client ids: one of them is a token's aud
	Keys      []Key           // which tokens are signed with
}

// providers by ARN, and the sandbox's own keys by the URL of the provider whose tokens it makes,
// as PKCS #8; both in partition "".
var (
	providers = cloud.NewTable[Provider]("oidc-providers")
	signers   = cloud.NewTable[[]byte]("oidc-keys")
)

// ARN names the provider.
func (p Provider) ARN() string {
	return p.Partition.ARN("iam", "", p.Account, "oidc-provider/"+strings.TrimPrefix(p.URL, "https://"))
}

// PutProvider makes the provider, or changes it. For one without keys the sandbox makes the
// tokens itself: see NewToken.
func PutProvider(tx *cloud.Tx, p Provider) error {
	if len(p.Keys) == 0 {
		key, err := signer(tx, p.URL)
		if err != nil {
			return err
		}
		p.Keys = []Key{key}
	}
	providers.Put(tx, "", p.ARN(), p)
	return nil
}

const signerBits = 2048

// signer is the public part of the key for a provider's tokens, which is made if there is none.
func signer(tx *cloud.Tx, url string) (Key, error) {
	if _, ok := signers.Get(tx, "", url); !ok {
		key, err := rsa.GenerateKey(rand.Reader, signerBits)
		if err != nil {
			return Key{}, err
		}
		raw, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return Key{}, err
		}
		signers.Put(tx, "", url, raw)
	}
	key, err := private(tx, url)
	if err != nil {
		return Key{}, err
	}
	enc := base64.RawURLEncoding.EncodeToString
	return Key{Kty: "RSA", Kid: kid(url), N: enc(key.N.Bytes()), E: enc(big.NewInt(int64(key.E)).Bytes())}, nil
}

func kid(url string) string { return uniqueID("", url) }

func private(tx *cloud.Tx, url string) (*rsa.PrivateKey, error) {
	raw, _ := signers.Get(tx, "", url)
	key, err := x509.ParsePKCS8PrivateKey(raw)
	if err != nil {
		return nil, fmt.Errorf("the key of provider %s: %w", url, err)
	}
	return key.(*rsa.PrivateKey), nil
}

// Ask is what a token is to say.
type Ask struct {
	Provider string // URL; empty: the only one whose tokens the sandbox makes
	Subject  string
	Audience string // empty: the provider's first
	For      time.Duration
}

// NewToken makes a token of a provider, as that would for a job.
func NewToken(tx *cloud.Tx, ask Ask) (string, error) {
	var urls []string
	for url := range signers.All(tx, "") {
		urls = append(urls, url)
	}
	slices.Sort(urls)
	if ask.Provider == "" && len(urls) == 1 {
		ask.Provider = urls[0]
	}
	if !slices.Contains(urls, ask.Provider) {
		return "", fmt.Errorf("the sandbox makes tokens of the oidc_providers of its world that have no jwks, not of %q: there are %s", ask.Provider, orNone(urls))
	}
	for _, p := range providers.All(tx, "") {
		if p.URL == ask.Provider && ask.Audience == "" && len(p.Audiences) > 0 {
			ask.Audience = p.Audiences[0]
		}
	}
	key, err := private(tx, ask.Provider)
	if err != nil {
		return "", err
	}
	begin, end := float64(tx.Now.Unix()), float64(tx.Now.Add(ask.For).Unix())
	return sign(key, kid(ask.Provider), claims{Issuer: ask.Provider, Subject: ask.Subject, Audience: audience{ask.Audience}, Issued: &begin, Begins: &begin, Expires: &end})
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}
