// Package wire speaks AWS's protocols from the server's side: ec2query,
// awsquery, JSON 1.1 and REST-JSON. One row of a table describes an operation (its input
// and output types, its IAM action, its token bucket, its handler); one
// pipeline serves them all: authenticate, authorise, throttle, transact, encode.
//
// One URL serves every service, region and account. The only thing that tells
// them apart is the credential scope of the SigV4 signature (docs/reference/aws.md#ec2-protocol).
package wire

import (
	"fmt"
	"time"

	"amiship/sandbox/cloud"
)

// Error is an AWS error: the code that clients branch on, the text that people
// read, the HTTP status (400 when zero).
type Error struct {
	Code, Message string
	Status        int
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an Error with status 400.
func Errorf(code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Call is one request, authenticated and inside its transaction.
type Call struct {
	*cloud.Tx
	Service, Action string
	Region          string
	Account         cloud.Account
	Credential      cloud.Credential
	RequestID       string
	Host            string    // what the client dialled: host:port
	signed          time.Time // by the client's clock; zero: it is presigned
	after, finally  []func()
	fault           *Fault             // that its answer meets
	dry             bool               // it only asks whether it may run
	part            func(string) error // see Part
}

// After runs fn when the transaction is committed, before the answer is sent:
// the place to start or stop a machine.
func (c *Call) After(fn func()) { c.after = append(c.after, fn) }

// Finally runs fn when the transaction is over, whether the call went well or
// not: the place to store what a read has found.
func (c *Call) Finally(fn func()) { c.finally = append(c.finally, fn) }

// Part is how another action fails that AWS does as a part of this call: by a fault
// that is set for it. Nil: it does not fail.
func (c *Call) Part(action string) error { return c.part(action) }

// Operation is a row of a service's table.
type Operation struct {
	Name     string
	Bucket   Bucket
	ReadOnly bool // may run beside others, in a View
	newInput func() any
	run      func(*Call, any) (any, error)
	account  func(any) string // see Unsigned; nil: calls are signed
}

// Op describes an operation that changes something.
func Op[I, O any](name string, b Bucket, run func(*Call, *I) (*O, error)) Operation {
	return Operation{
		Name: name, Bucket: b,
		newInput: func() any { return new(I) },
		run:      func(c *Call, in any) (any, error) { return run(c, in.(*I)) },
	}
}

// Read describes an operation that changes nothing.
func Read[I, O any](name string, b Bucket, run func(*Call, *I) (*O, error)) Operation {
	op := Op(name, b, run)
	op.ReadOnly = true
	return op
}

// Unsigned describes an operation that changes something, and that takes calls without a
// signature: it has to find out itself who calls. account is whose call it is, by its input.
func Unsigned[I, O any](name string, b Bucket, account func(*I) string, run func(*Call, *I) (*O, error)) Operation {
	op := Op(name, b, run)
	op.account = func(in any) string { return account(in.(*I)) }
	return op
}

// DryRunner is an input that can ask whether it would be allowed: its DryRun
// field. The pipeline answers DryRunOperation for it once it is authorised.
type DryRunner interface{ IsDryRun() bool }

// Service is a table of operations behind one signing name.
type Service struct {
	Name       string // in the credential scope: ec2, sts, servicequotas, ssm, aws-marketplace
	IAM        string // prefix of its IAM actions, when it is not Name
	Protocol   Protocol
	Operations []Operation
	// Asks are what a caller must be allowed to do for a call with an input; none: its action,
	// which takes no resource.
	Asks     func(*Call, any) []Asked
	Statuses map[string]int // HTTP status by error code, where it is not 400
}

// complete gives an error the status that the service documents for its code.
func (svc Service) complete(e *Error) *Error {
	status, known := svc.Statuses[e.Code]
	if e.Status != 0 || !known {
		return e
	}
	return &Error{Code: e.Code, Message: e.Message, Status: status}
}

// Bucket is a token bucket of AWS's request throttling
// (docs/reference/aws.md#ec2-throttling), kept per account and region.
// Operations with one Name share it; the zero Bucket never throttles.
type Bucket struct {
	Name   string
	Max    float64 // tokens it holds
	Refill float64 // tokens a second
}

// Logged is what the pipeline reports of every request.
type Logged struct {
	At                               time.Time
	Took                             time.Duration
	Service, Action, Region, Account string
	Key                              string // access key id
	Status                           int
	Code                             string // error code, empty when it went well
	ReadOnly                         bool
}
