package ec2

import (
	"slices"

	"amiship/sandbox/wire"
)

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

func (o keyOps) describeKeyPairs(c *wire.Call, in *describeKeysIn) (*describeKeysOut, error) {
	_, err := named(in.KeyNames, keyNotFound, func(name string) (keyPair, bool, error) {
		k, found := keyPairs.Get(c.Tx, c.Region, c.Account.ID+"/"+name)
		return k, found, nil
	})
	if err != nil {
		return nil, err
	}
	_, err = named(in.KeyPairIDs, keyNotFound, func(id string) (keyPair, bool, error) {
		k, found := keyByID(c, id)
		return k, found, nil
	})
	if err != nil {
		return nil, err
	}
	var views []keyView
	for _, k := range keyPairs.All(c.Tx, c.Region) {
		named := len(in.KeyNames)+len(in.KeyPairIDs) == 0 || slices.Contains(in.KeyNames, k.Name) || slices.Contains(in.KeyPairIDs, k.ID)
		if k.Account == c.Account.ID && named {
			views = append(views, keyView{k, TagsOf(c.Tx, c.Region, c.Account.ID, k.ID)})
		}
	}
	views, err = keyFilters.keep(views, in.Filters)
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
