package ec2

import (
	"crypto/ed25519"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"amiship/sandbox/wire"
)

// generate makes a new key and returns its private half as PEM.
func (k *keyPair) generate(kind string) (string, error) {
	switch kind {
	case "", "rsa":
		return k.generateRSA()
	case "ed25519":
		return k.generateED25519()
	}
	return "", invalidValue("keyType", kind, "Expected rsa or ed25519.")
}

// generateRSA: AWS's fingerprint of a key that it made is the SHA-1 of the
// private key in PKCS #8.
func (k *keyPair) generateRSA() (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return "", fmt.Errorf("make an RSA key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", fmt.Errorf("encode an RSA key: %w", err)
	}
	sum := sha1.Sum(der)
	k.Type, k.Fingerprint = "rsa", colons(sum[:])
	block := &pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}
	return string(pem.EncodeToMemory(block)), k.setPublic(&key.PublicKey)
}

func (k *keyPair) generateED25519() (string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("make an ED25519 key: %w", err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return "", fmt.Errorf("encode an ED25519 key: %w", err)
	}
	if err := k.setPublic(public); err != nil {
		return "", err
	}
	parsed, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", fmt.Errorf("encode an ED25519 key: %w", err)
	}
	k.Type, k.Fingerprint = "ed25519", sha256Fingerprint(parsed)
	return string(pem.EncodeToMemory(block)), nil
}

func (k *keyPair) setPublic(public any) error {
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return fmt.Errorf("encode a public key: %w", err)
	}
	k.Public = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " " + k.Name
	return nil
}

// sha256Fingerprint is OpenSSH's, padded and without the name of the hash.
func sha256Fingerprint(key ssh.PublicKey) string {
	return strings.TrimPrefix(ssh.FingerprintSHA256(key), "SHA256:") + "="
}

func colons(sum []byte) string {
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(parts, ":")
}

// adopt takes a public key in OpenSSH's form.
func (k *keyPair) adopt(material []byte) error {
	bad := wire.Errorf("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
	key, _, _, _, err := ssh.ParseAuthorizedKey(material)
	if err != nil {
		return bad
	}
	crypto, isCrypto := key.(ssh.CryptoPublicKey)
	if !isCrypto {
		return bad
	}
	switch public := crypto.CryptoPublicKey().(type) {
	case *rsa.PublicKey:
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return bad
		}
		sum := md5.Sum(der)
		k.Type, k.Fingerprint = "rsa", colons(sum[:])
	case ed25519.PublicKey:
		k.Type, k.Fingerprint = "ed25519", sha256Fingerprint(key)
	default:
		return bad
	}
	return k.setPublic(crypto.CryptoPublicKey())
}
