package awsapi

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// CredentialsError says that AWS rejects the caller's credentials, or that there are
// none left. No other call can succeed.
type CredentialsError struct{ Err error }

func (e *CredentialsError) Error() string {
	if IsNoCredentials(e.Err) {
		return "there are no AWS credentials, or they could not be renewed: " + Text(e.Err)
	}
	return "the AWS credentials have expired, or are no longer valid: " + Text(e.Err)
}

func (e *CredentialsError) Unwrap() error { return e.Err }

// IsExpired reports whether credentials were valid once, and have expired.
func IsExpired(err error) bool {
	var gone *CredentialsError
	return errors.As(err, &gone) || is(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired") || IsNoCredentials(err)
}

// sourceError says that the source of credentials gave none.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// isMetadata reports whether the source is an instance's metadata.
func (e *sourceError) isMetadata() bool {
	var call *smithy.OperationError
	return errors.As(e.err, &call) && call.Service() == imds.ServiceID
}

// credentialSource is a provider whose errors are of type *sourceError: the SDK's differ
// in text alone from those of the call that is to be signed.
type credentialSource struct{ aws.CredentialsProvider }

func (s credentialSource) Retrieve(ctx context.Context) (aws.Credentials, error) {
	got, err := s.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		err = &sourceError{err}
	}
	return got, err
}

// credentialState remembers that credentials have expired: every later call fails at once,
// with the same words.
type credentialState struct {
	mu   sync.Mutex
	gone *CredentialsError
	over chan struct{} // closed then
}

func newCredentialState() *credentialState { return &credentialState{over: make(chan struct{})} }

// rejected returns a *CredentialsError once the credentials have expired.
func (c *credentialState) rejected() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone == nil {
		return nil
	}
	return c.gone
}

func (c *credentialState) reject(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone == nil {
		c.gone = &CredentialsError{err}
		close(c.over)
	}
	return c.gone
}

func (c *credentialState) middleware(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("AmishipCredentials", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if err := c.rejected(); err != nil {
			return middleware.InitializeOutput{}, middleware.Metadata{}, err
		}
		out, meta, err := next.HandleInitialize(ctx, in)
		if IsExpired(err) && ctx.Err() == nil {
			err = c.reject(err)
		}
		return out, meta, err
	}), middleware.Before)
}

// Rejected returns a *CredentialsError once AWS rejects the credentials; nil
// before.
func (c *Clients) Rejected() error { return c.credentials.rejected() }

// Expired returns a channel that is closed when Rejected is an error.
func (c *Clients) Expired() <-chan struct{} { return c.credentials.over }

// Confirm asks AWS whether it still knows the caller, whose calls were refused
// everywhere. Only then is it the caller, and not the regions.
func (c *Clients) Confirm(ctx context.Context) error {
	_, _, err := c.Identity(ctx)
	if IsBadCredentials(err) {
		return c.credentials.reject(fmt.Errorf("%w", err))
	}
	return c.Rejected()
}
