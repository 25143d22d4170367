package awsapi

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// CredentialsError says that AWS rejects the caller's credentials, or that there are
// none left. No other call can succeed.
type CredentialsError struct{ Err error }

func (e *CredentialsError) Error() string {
	switch {
	case IsNoCredentials(e.Err):
		return "there are no AWS credentials, or they could not be renewed: " + Text(e.Err)
	case HaveExpired(e.Err):
		return "the AWS credentials have expired: " + Text(e.Err)
	}
	return "AWS rejected the credentials, invalid or no longer valid: " + Text(e.Err)
}

func (e *CredentialsError) Unwrap() error { return e.Err }

// IsExpired reports whether credentials were valid once, and have expired.
func IsExpired(err error) bool {
	var gone *CredentialsError
	return errors.As(err, &gone) || HaveExpired(err) || IsNoCredentials(err)
}

// HaveExpired reports whether AWS says that credentials have expired.
func HaveExpired(err error) bool {
	return is(err, "ExpiredToken", "ExpiredTokenException", "RequestExpired")
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
// in text alone from those of the call that is to be signed. Where AWS says that the
// credentials have expired, it takes new ones: they may end by AWS's clock before they do by
// this machine's.
type credentialSource struct {
	next aws.CredentialsProvider

	mu       sync.Mutex
	key      string     // id of the newest credentials
	renewing sync.Mutex // held while they are renewed
}

// renewBefore is how long before their end credentials are renewed: longer than a call takes,
// with its retries.
const renewBefore = time.Minute

// early has a cache renew credentials before they end.
func early(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = renewBefore }

func (s *credentialSource) Retrieve(ctx context.Context) (aws.Credentials, error) {
	got, err := s.next.Retrieve(ctx)
	if err != nil {
		return got, &sourceError{err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = got.AccessKeyID
	return got, nil
}

func (s *credentialSource) newest() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key
}

// renewed takes new credentials in place of those that have expired, unless another call has,
// and reports whether there are others now.
func (s *credentialSource) renewed(ctx context.Context, expired string) bool {
	s.renewing.Lock()
	defer s.renewing.Unlock()
	if s.newest() != expired {
		return true
	}
	cache, ok := s.next.(*aws.CredentialsCache)
	if !ok {
		return false
	}
	cache.Invalidate()
	_, err := s.Retrieve(ctx)
	return err == nil && s.newest() != expired
}

// middleware repeats a call, once, whose credentials have expired.
func (s *credentialSource) middleware(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("AmishipRenewal", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		used := s.newest()
		out, meta, err := next.HandleInitialize(ctx, in)
		if !HaveExpired(err) {
			return out, meta, err
		}
		if used == "" { // the call was the first to take any
			used = s.newest()
		}
		if ctx.Err() != nil || !s.renewed(ctx, used) {
			return out, meta, err
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.After)
}

// credentialState remembers that AWS rejects the credentials: every later call fails at
// once, with the same words. A region that is not enabled answers as if it knew no caller:
// so STS is asked which of both it is.
type credentialState struct {
	mu   sync.Mutex
	gone *CredentialsError
	over chan struct{} // closed then

	identity func(context.Context) error // asks STS who is calling
	asking   sync.Mutex
	asked    time.Time
}

func newCredentialState() *credentialState { return &credentialState{over: make(chan struct{})} }

// askAgain is how long an answer of STS counts.
const askAgain = time.Minute

// identifying is what the context of a call has that asks who is calling: if AWS does not
// know the caller there, it is the caller, and not a region.
type identifying struct{}

// judged is the error of a call, or that of the credentials, if it is about those.
func (c *credentialState) judged(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return err
	case IsExpired(err), IsBadCredentials(err) && ctx.Value(identifying{}) != nil:
		return c.reject(err)
	case IsBadCredentials(err):
		return cmp.Or(c.ask(ctx), err)
	}
	return err
}

// ask asks STS for the caller, whose call was refused; one call at a time, since many are
// refused at once.
func (c *credentialState) ask(ctx context.Context) error {
	c.asking.Lock()
	defer c.asking.Unlock()
	if c.rejected() == nil && (c.asked.IsZero() || time.Since(c.asked) >= askAgain) {
		_ = c.identity(ctx) // its own middleware rejects the credentials
		c.asked = time.Now()
	}
	return c.rejected()
}

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
		return out, meta, c.judged(ctx, err)
	}), middleware.Before)
}

// Rejected returns a *CredentialsError once AWS rejects the credentials; nil
// before.
func (c *Clients) Rejected() error { return c.credentials.rejected() }

// Expired returns a channel that is closed when Rejected is an error.
func (c *Clients) Expired() <-chan struct{} { return c.credentials.over }
