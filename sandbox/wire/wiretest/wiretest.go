// Package wiretest serves services of the sandbox to tests, for the real SDK
// clients: two accounts, a clock that the test moves.
package wiretest

import (
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go"

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
			cloud.Credentials.Put(tx, "", "AKIA"+id, cloud.Credential{KeyID: "AKIA" + id, Secret: id, Account: id, Principal: "arn:aws:iam::" + id + ":user/test"})
		}
	})
	b.Server = wire.NewServer(store, false, services(store)...)
	srv := httptest.NewServer(b.Server)
	t.Cleanup(srv.Close)
	b.URL = srv.URL
	return b
}

// Config is an SDK's configuration for an account in a region. It does not retry.
func (b *Bench) Config(account, region string) aws.Config {
	return b.With(region, credentials.NewStaticCredentialsProvider("AKIA"+account, account, ""))
}

// With is a configuration with other credentials.
func (b *Bench) With(region string, keys aws.CredentialsProvider) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &b.URL, Credentials: keys,
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
	}
}

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
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
