package sts

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha256" // of RS256 and ES256
	_ "crypto/sha512" // of the others
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// Key is a public key of a provider, as a JSON Web Key (RFC 7517).
type Key struct {
	Kty string `json:"kty"`           // RSA or EC
	Kid string `json:"kid,omitempty"` // which a token's header names
	N   string `json:"n,omitempty"`   // RSA: modulus
	E   string `json:"e,omitempty"`   // and exponent
	Crv string `json:"crv,omitempty"` // EC: P-256, P-384 or P-521
	X   string `json:"x,omitempty"`
	Y   string `json:"y,omitempty"`
}

// ReadKeys reads a JSON Web Key Set, as a provider's jwks_uri answers it.
func ReadKeys(text string) ([]Key, error) {
	var set struct {
		Keys []Key `json:"keys"`
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return nil, fmt.Errorf("a set of JSON Web Keys: %w", err)
	}
	if len(set.Keys) == 0 {
		return nil, errors.New("a set of JSON Web Keys without a key")
	}
	for _, k := range set.Keys {
		if _, err := k.public(); err != nil {
			return nil, fmt.Errorf("JSON Web Key %q: %w", k.Kid, err)
		}
	}
	return set.Keys, nil
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

func (k Key) public() (crypto.PublicKey, error) {
	part := map[string][]byte{}
	for name, text := range map[string]string{"n": k.N, "e": k.E, "x": k.X, "y": k.Y} {
		raw, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		part[name] = raw
	}
	switch k.Kty {
	case "RSA":
		exponent := new(big.Int).SetBytes(part["e"])
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(part["n"]), E: int(exponent.Int64())}
		if key.N.BitLen() < signerBits || key.E < 3 || !exponent.IsInt64() {
			return nil, fmt.Errorf("want an RSA key of %d bits or more", signerBits)
		}
		return key, nil
	case "EC":
		curve, ok := curves[k.Crv]
		if !ok {
			return nil, fmt.Errorf("curve %q: there are P-256, P-384 and P-521", k.Crv)
		}
		return ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, part["x"], part["y"]))
	}
	return nil, fmt.Errorf("kty %q: there are RSA and EC", k.Kty)
}

// algorithms are those by which AWS verifies tokens.
var algorithms = map[string]crypto.Hash{
	"RS256": crypto.SHA256, "RS384": crypto.SHA384, "RS512": crypto.SHA512,
	"ES256": crypto.SHA256, "ES384": crypto.SHA384, "ES512": crypto.SHA512,
}

// verifies reports whether the key made a signature of a text by an algorithm.
func (k Key) verifies(algorithm, text string, signature []byte) bool {
	hash, known := algorithms[algorithm]
	public, err := k.public()
	if !known || err != nil {
		return false
	}
	h := hash.New()
	h.Write([]byte(text))
	switch public := public.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(algorithm, "RS") && rsa.VerifyPKCS1v15(public, hash, h.Sum(nil), signature) == nil
	case *ecdsa.PublicKey:
		half := (public.Curve.Params().BitSize + 7) / 8
		if !strings.HasPrefix(algorithm, "ES") || len(signature) != 2*half {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
		return ecdsa.Verify(public, h.Sum(nil), r, s)
	}
	return false
}

// token is a JSON Web Token (RFC 7519) that was read, and not verified yet.
type token struct {
	header    struct{ Alg, Kid string }
	claims    claims
	signed    string // what the signature is of
	signature []byte
}

// claims are those that AWS asks for.
type claims struct {
	Issuer   string   `json:"iss,omitempty"`
	Subject  string   `json:"sub,omitempty"`
	Audience audience `json:"aud,omitempty"`
	Expires  *float64 `json:"exp,omitempty"` // seconds since 1970
	Issued   *float64 `json:"iat,omitempty"`
	Begins   *float64 `json:"nbf,omitempty"`
}

// audience is one text, or a list of them.
type audience []string

func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

func readToken(text string) (t token, err error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return t, errors.New("a token has three parts")
	}
	for i, into := range []any{&t.header, &t.claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, into)
		}
		if err != nil {
			return t, err
		}
	}
	t.signed = parts[0] + "." + parts[1]
	t.signature, err = base64.RawURLEncoding.DecodeString(parts[2])
	return t, err
}

// sign makes a token by RS256, as GitLab's are.
func sign(key *rsa.PrivateKey, kid string, c claims) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": kid})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(body)
	h := crypto.SHA256.New()
	h.Write([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, h.Sum(nil))
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), err
}
