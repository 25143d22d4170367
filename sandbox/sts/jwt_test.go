package sts

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strings"
	"testing"
)

// TestAlgorithms: each of those that AWS verifies, by keys of the standard library; and none by
// another's name.
func TestAlgorithms(t *testing.T) {
	enc := base64.RawURLEncoding.EncodeToString
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	rsaJWK := Key{Kty: "RSA", N: enc(rsaKey.N.Bytes()), E: enc(big.NewInt(int64(rsaKey.E)).Bytes())}
	sum := func(hash crypto.Hash) []byte {
		h := hash.New()
		h.Write([]byte("text"))
		return h.Sum(nil)
	}
	for name, hash := range algorithms {
		jwk, curve := rsaJWK, map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[name]
		var signature []byte
		if curve == nil {
			if signature, err = rsa.SignPKCS1v15(rand.Reader, rsaKey, hash, sum(hash)); err != nil {
				t.Fatal(err)
			}
		} else {
			key, err := ecdsa.GenerateKey(curve, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			raw, err := key.PublicKey.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			half := len(raw) / 2
			jwk = Key{Kty: "EC", Crv: curve.Params().Name, X: enc(raw[1 : half+1]), Y: enc(raw[half+1:])}
			r, s, err := ecdsa.Sign(rand.Reader, key, sum(hash))
			if err != nil {
				t.Fatal(err)
			}
			signature = append(r.FillBytes(make([]byte, half)), s.FillBytes(make([]byte, half))...)
		}
		for _, as := range []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "none", "HS256", strings.ToLower(name)} {
			if got := jwk.verifies(as, "text", signature); got != (as == name) {
				t.Errorf("a signature by %s is verified as %s: %v", name, as, got)
			}
		}
		if jwk.verifies(name, "texts", signature) || jwk.verifies(name, "text", signature[1:]) || jwk.verifies(name, "text", nil) {
			t.Errorf("%s: what was not signed is verified", name)
		}
	}
	if len(algorithms) != 6 {
		t.Errorf("%d algorithms", len(algorithms))
	}
}
