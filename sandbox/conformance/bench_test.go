package conformance

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"

	"amiship/sandbox/wire/wiretest"
)

// The accounts of every bench.
const (
	vendor   = "123456789012"
	customer = "210987654321"
)

// bench is a server for one test.
type bench struct {
	*testing.T
	url   string
	store *cloud.Store
}

// newBench makes a store, lets services be made on it, and serves them.
func newBench(t *testing.T, services func(*cloud.Store) []wire.Service) *bench {
	t.Helper()
	store, err := cloud.Open("", cloud.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{T: t, store: store}
	b.update(func(tx *cloud.Tx) {
		for _, id := range []string{vendor, customer} {
			cloud.Accounts.Put(tx, "", id, cloud.Account{ID: id})
			key, secret := keysOf(id)
			cloud.Credentials.Put(tx, "", key, cloud.Credential{KeyID: key, Secret: secret, Account: id, Principal: "arn:aws:iam::" + id + ":user/test"})
		}
	})
	srv := httptest.NewServer(wire.NewServer(store, false, services(store)...))
	t.Cleanup(srv.Close)
	b.url = srv.URL
	return b
}

// keysOf are the access key and the secret of an account.
func keysOf(account string) (id, secret string) { return "AKIA" + account, account }

// update changes the store.
func (b *bench) update(fn func(*cloud.Tx)) {
	b.Helper()
	if err := b.store.Update(func(tx *cloud.Tx) error { fn(tx); return nil }); err != nil {
		b.Fatal(err)
	}
}

// advance moves the clock.
func (b *bench) advance(d time.Duration) {
	b.Helper()
	if err := b.store.Advance(d); err != nil {
		b.Fatal(err)
	}
}

// config points an SDK's client at the bench. It does not retry.
func (b *bench) config(account, region string) aws.Config {
	key, secret := keysOf(account)
	return b.with(region, key, secret, "")
}

func (b *bench) with(region, key, secret, token string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &b.url, Credentials: credentials.NewStaticCredentialsProvider(key, secret, token),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} }, HTTPClient: wiretest.Eager{},
	}
}
