// Package wiretest is what tests share that ask the sandbox's services with the
// clients of AWS.
//
// No client of AWS is imported here. The sandbox links none, and neither does
// what its tests share.
package wiretest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"amiship/sandbox/cloud"
)

// Secret is the secret of every key that Account makes.
const Secret = "secret"

// Account makes an account, with the access key AKIA and its id.
func Account(tx *cloud.Tx, id, name string) {
	cloud.Accounts.Put(tx, "", id, cloud.Account{ID: id, Name: name})
	cloud.Credentials.Put(tx, "", "AKIA"+id, cloud.Credential{KeyID: "AKIA" + id, Secret: Secret, Account: id, Principal: "arn:aws:iam::" + id + ":user/test"})
}

// Wall is a clock that tests move by hand. It begins at a noon in November 2026.
type Wall struct {
	mu     sync.Mutex
	passed time.Duration
}

// Now reads the clock.
func (w *Wall) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC).Add(w.passed)
}

// Pass moves the clock on.
func (w *Wall) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.passed += d
}

// Eager reads an answer whole before the SDK sees it: under load a connection was
// now and then closed while the SDK was still decoding what came over it, which is
// an error of the answer's form, and is not repeated. All clients of tests have it; the
// product's do the same, see awsapi.
type Eager struct{}

// Do implements the SDK's HTTPClient.
func (Eager) Do(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultClient.Do(req.WithContext(context.WithoutCancel(req.Context())))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, err
}

// Code is the AWS error code of err, or its text if it has none; "" for no error.
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

// WantCode ends the test if err has another code.
func WantCode(t *testing.T, err error, want string) {
	t.Helper()
	if got := Code(err); got != want {
		t.Fatalf("error %q, want %q (%v)", got, want, err)
	}
}
