package sandbox

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"fmt"

	"amiship/sandbox/cloud"
)

// defaultAccounts exist in every sandbox. Those with a key are for clients; the
// others own the images that people build on.
func defaultAccounts() []Account {
	return []Account{
		{Name: "vendor", ID: "123456789012"},
		{Name: "customer", ID: "210987654321"},
		{Name: "marketplace", ID: "679593333241", Alias: "aws-marketplace"},
		{Name: "canonical", ID: "099720109477", Keyless: true},
		{Name: "debian", ID: "136693071363", Keyless: true},
		{Name: "amazon", ID: "137112412989", Alias: "amazon", Keyless: true},
	}
}

// makeAccount stores the account and its keys: those of the world, or one of
// its own.
func makeAccount(tx *cloud.Tx, a Account) {
	cloud.Accounts.Put(tx, "", a.ID, cloud.Account{ID: a.ID, Name: a.Name, Alias: a.Alias, Organizations: a.Organizations, Partition: a.partition()})
	keys := a.Keys
	if len(keys) == 0 && !a.Keyless {
		keys = []Key{{}}
	}
	for i, k := range keys {
		if k.User == "" {
			k.User = a.Name
		}
		if k.ID == "" {
			k.ID = keyID(a.Name, i)
		}
		if k.Secret == "" {
			k.Secret = newSecret()
		}
		cloud.Credentials.Put(tx, "", k.ID, cloud.Credential{
			KeyID: k.ID, Secret: k.Secret, Account: a.ID, Deny: k.Deny, Policies: policies(k.Policies),
			Principal: a.partition().ARN("iam", "", a.ID, "user/"+k.User),
		})
	}
}

// keyID is the same in every sandbox for the nth key of an account; secrets
// are not.
func keyID(account string, n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", account, n))
	return "AKIA" + base32.StdEncoding.EncodeToString(sum[:])[:16]
}

// newSecret is 40 characters long, as AWS's are.
func newSecret() string {
	var b [30]byte
	_, _ = rand.Read(b[:])
	return base64.StdEncoding.EncodeToString(b[:])
}
