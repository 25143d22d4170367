// Package wiretest serves services of the sandbox to tests, for the real SDK
// clients: two accounts, a clock that the test moves.
//
// What a newcomer would get wrong: it imports no SDK, because nothing of the
// sandbox does; a test makes its client from URL and Keys.
package wiretest

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"amiship/sandbox/cloud"
	"amiship/sandbox/wire"
)

// The accounts of every bench.
const (
	Vendor   = "123456789012"
	Customer = "210987654321"
)

// Bench is a server for one test.
type Bench struct {
	*testing.T
	URL    string
	Store  *cloud.Store
	Server *wire.Server
}

// New makes a store, lets services be made on it, and serves them.
func New(t *testing.T, services func(*cloud.Store) []wire.Service) *Bench {
	t.Helper()
	store, err := cloud.Open("", cloud.Clock{})
	if err != nil {
		t.Fatal(err)
	}
	b := &Bench{T: t, Store: store}
	b.Update(func(tx *cloud.Tx) {
		for _, id := range []string{Vendor, Customer} {
			cloud.Accounts.Put(tx, "", id, cloud.Account{ID: id})
			key, secret := Keys(id)
			cloud.Credentials.Put(tx, "", key, cloud.Credential{KeyID: key, Secret: secret, Account: id, Principal: "arn:aws:iam::" + id + ":user/test"})
		}
	})
	b.Server = wire.NewServer(store, false, services(store)...)
	srv := httptest.NewServer(b.Server)
	t.Cleanup(srv.Close)
	b.URL = srv.URL
	return b
}

// Keys are the access key and the secret of an account.
func Keys(account string) (id, secret string) { return "AKIA" + account, account }

// Update changes the store.
func (b *Bench) Update(fn func(*cloud.Tx)) {
	b.Helper()
	if err := b.Store.Update(func(tx *cloud.Tx) error { fn(tx); return nil }); err != nil {
		b.Fatal(err)
	}
}

// Advance moves the clock.
func (b *Bench) Advance(d time.Duration) {
	b.Helper()
	if err := b.Store.Advance(d); err != nil {
		b.Fatal(err)
	}
}

// Code is the AWS error code of an error; empty for none.
func Code(err error) string {
	var api interface{ ErrorCode() string }
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
