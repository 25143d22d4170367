package ec2

import (
	"time"

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
	Tags        wire.List[xmlTag] `xml:"tagSet,omitempty"`
	KeyName     string            `xml:"keyName"`
	Fingerprint string            `xml:"keyFingerprint"`
	Material    string            `xml:"keyMaterial,omitempty"`
}

func (o keyOps) createKeyPair(c *wire.Call, in *createKeyIn) (*keyOut, error) {
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

type importKeyIn struct {
	dry
	TagSpecs []tagSpec `wire:"TagSpecification"`
	KeyName  string
	Material []byte `wire:"PublicKeyMaterial"`
}

func (o keyOps) importKeyPair(c *wire.Call, in *importKeyIn) (*keyOut, error) {
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
func (o keyOps) deleteKeyPair(c *wire.Call, in *deleteKeyIn) (*deleteKeyOut, error) {
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

func keyNotFound(names ...string) error {
	return notFound("InvalidKeyPair.NotFound", "key pair", names, "")
}
