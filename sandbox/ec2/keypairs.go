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
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// keyPair is the public half of a key pair; the private half leaves with the
// answer that made it.
type keyPair struct {
	ID, Account, Name, Type string // Type is rsa or ed25519
	Fingerprint             string
	Public                  string // OpenSSH's form, with the key pair's name as comment
	Created                 time.Time
}

// keyPairs by account and name, in partition region.
var keyPairs = cloud.NewTable[keyPair]("ec2.keypairs")

const rsaBits = 2048

type createKeyIn struct {
	dry
	KeyName   string
	KeyType   string
	TagSpecs  []tagSpec `wire:"TagSpecification"`
	KeyFormat string
}

type keyOut struct {
	KeyPairID   string            `xml:"keyPairId"`
	Tags        wire.List[xmlTag] `xml:"tagSet"`
	KeyName     string            `xml:"keyName"`
	Fingerprint string            `xml:"keyFingerprint"`
	Material    string            `xml:"keyMaterial,omitempty"`
}

func (e *EC2) createKeyPair(c *wire.Call, in *createKeyIn) (*keyOut, error) {
	if in.KeyFormat != "" && in.KeyFormat != "pem" {
		return nil, invalidValue("keyFormat", in.KeyFormat, "The sandbox makes keys in format pem only.")
	}
	tags, err := newKeyAllowed(c, in.KeyName, in.TagSpecs)
	if err != nil {
		return nil, err
	}
	k := keyPair{ID: newID("key"), Account: c.Account.ID, Name: in.KeyName, Created: c.Now}
	private, err := k.generate(in.KeyType)
	if err != nil {
		return nil, err
	}
	return storeKey(c, k, tags, private), nil
}

// newKeyAllowed checks what both ways of making a key pair have in common.
func newKeyAllowed(c *wire.Call, name string, specs []tagSpec) (map[string]string, error) {
	if name == "" {
		return nil, missingParameter("KeyName")
	}
	if _, found := keyPairs.Get(c.Tx, c.Region, c.Account.ID+"/"+name); found {
		return nil, wire.Errorf("InvalidKeyPair.Duplicate", "The keypair already exists")
	}
	tags, err := specTags(specs, "key-pair")
	return tags["key-pair"], err
}

func storeKey(c *wire.Call, k keyPair, tags map[string]string, private string) *keyOut {
	keyPairs.Put(c.Tx, c.Region, k.Account+"/"+k.Name, k)
	putTags(c.Tx, c.Region, k.Account, "key-pair", k.ID, tags)
	return &keyOut{KeyPairID: k.ID, Tags: tagList(tags), KeyName: k.Name, Fingerprint: k.Fingerprint, Material: private}
}

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

type importKeyIn struct {
	dry
	TagSpecs []tagSpec `wire:"TagSpecification"`
	KeyName  string
	Material []byte `wire:"PublicKeyMaterial"`
}

func (e *EC2) importKeyPair(c *wire.Call, in *importKeyIn) (*keyOut, error) {
	tags, err := newKeyAllowed(c, in.KeyName, in.TagSpecs)
	if err != nil {
		return nil, err
	}
	k := keyPair{ID: newID("key"), Account: c.Account.ID, Name: in.KeyName, Created: c.Now}
	if err := k.adopt(in.Material); err != nil {
		return nil, err
	}
	return storeKey(c, k, tags, ""), nil
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

type deleteKeyIn struct {
	dry
	KeyName   string
	KeyPairID string `wire:"KeyPairId"`
}

type deleteKeyOut struct {
	done
	KeyPairID string `xml:"keyPairId,omitempty"`
}

// deleteKeyPair succeeds also if there is no such key pair.
func (e *EC2) deleteKeyPair(c *wire.Call, in *deleteKeyIn) (*deleteKeyOut, error) {
	if in.KeyName == "" && in.KeyPairID == "" {
		return nil, missingParameter("KeyName")
	}
	k, found := keyPairs.Get(c.Tx, c.Region, c.Account.ID+"/"+in.KeyName)
	if in.KeyPairID != "" {
		k, found = keyByID(c, in.KeyPairID)
	}
	if found {
		keyPairs.Delete(c.Tx, c.Region, k.Account+"/"+k.Name)
		dropTags(c.Tx, c.Region, k.Account, k.ID)
	}
	return &deleteKeyOut{done{true}, k.ID}, nil
}

func keyByID(c *wire.Call, id string) (keyPair, bool) {
	for _, k := range keyPairs.All(c.Tx, c.Region) {
		if k.ID == id && k.Account == c.Account.ID {
			return k, true
		}
	}
	return keyPair{}, false
}

func keyNotFound(name string) error {
	return wire.Errorf("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", name)
}

type describeKeysIn struct {
	dry
	KeyNames         []string `wire:"KeyName"`
	KeyPairIDs       []string `wire:"KeyPairId"`
	IncludePublicKey bool
	Filters          []filter `wire:"Filter"`
}

type xmlKey struct {
	KeyPairID   string            `xml:"keyPairId"`
	Type        string            `xml:"keyType"`
	Tags        wire.List[xmlTag] `xml:"tagSet"`
	Public      string            `xml:"publicKey,omitempty"`
	Created     wire.Time         `xml:"createTime"`
	Name        string            `xml:"keyName"`
	Fingerprint string            `xml:"keyFingerprint"`
}

type describeKeysOut struct {
	Keys wire.List[xmlKey] `xml:"keySet"`
}

type keyView struct {
	keyPair
	tags map[string]string
}

var keyFilters = filters[keyView]{
	by: map[string]func(keyView) []string{
		"key-pair-id": func(k keyView) []string { return one(k.ID) },
		"fingerprint": func(k keyView) []string { return one(k.Fingerprint) },
		"key-name":    func(k keyView) []string { return one(k.Name) },
	},
	tags: func(k keyView) map[string]string { return k.tags },
}

func (e *EC2) describeKeyPairs(c *wire.Call, in *describeKeysIn) (*describeKeysOut, error) {
	for _, name := range in.KeyNames {
		if _, found := keyPairs.Get(c.Tx, c.Region, c.Account.ID+"/"+name); !found {
			return nil, keyNotFound(name)
		}
	}
	for _, id := range in.KeyPairIDs {
		if _, found := keyByID(c, id); !found {
			return nil, keyNotFound(id)
		}
	}
	var views []keyView
	for _, k := range keyPairs.All(c.Tx, c.Region) {
		named := len(in.KeyNames)+len(in.KeyPairIDs) == 0 || slices.Contains(in.KeyNames, k.Name) || slices.Contains(in.KeyPairIDs, k.ID)
		if k.Account == c.Account.ID && named {
			views = append(views, keyView{k, TagsOf(c.Tx, c.Region, c.Account.ID, k.ID)})
		}
	}
	views, err := keyFilters.keep(views, in.Filters)
	out := &describeKeysOut{Keys: wire.List[xmlKey]{}}
	for _, k := range views {
		x := xmlKey{KeyPairID: k.ID, Type: k.Type, Tags: tagList(k.tags), Created: wire.Time(k.Created), Name: k.Name, Fingerprint: k.Fingerprint}
		if in.IncludePublicKey {
			x.Public = k.Public
		}
		out.Keys = append(out.Keys, x)
	}
	return out, err
}
