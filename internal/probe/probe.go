// Package probe asks AWS what Amiship and its sandbox rely on: each behavior is a numbered
// Statement with the answer that the sandbox gives, and CI asks the sandbox all of them.
//
// A statement has one answer, and it is a short text: an error code, a state, a word of a
// setting. Whether AWS's differs from the sandbox's is all that a probe finds out; nothing
// here decides what a release does. What a probe makes carries record.TagProbe from the call
// that makes it, so that Clean finds it even if the answer of that call was lost.
package probe

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
	"amiship/internal/record"
)

// Config is what a probe is told.
type Config struct {
	Clients    *awsapi.Clients
	Region, To string // where things are made, and where they are copied to
	// Write makes things and removes them again; Launch starts an instance, too.
	Write, Launch bool
	// Product and AccessRole are whose versions are validated; empty: none are.
	Product, AccessRole string
	// Only are names or numbers of statements; none: all that the other fields allow.
	Only []string
	// Wait is how long one thing may take on AWS, and Settle how long something may still be
	// shown that is gone.
	Wait, Settle time.Duration
	// Say is told what is asked next; nil: no one is told.
	Say func(Statement)
}

// Defaults of Config.
const (
	DefaultWait   = 30 * time.Minute
	DefaultSettle = 30 * time.Second
)

// Selected are the statements that cfg asks, in their order. An unknown name is an error.
func (cfg Config) Selected() ([]Statement, error) {
	all := Statements()
	for _, name := range cfg.Only {
		if !slices.ContainsFunc(all, func(s Statement) bool { return s.is(name) }) {
			return nil, &UnknownError{Name: name}
		}
	}
	return slices.DeleteFunc(all, func(s Statement) bool { return !cfg.allows(s) || !cfg.named(s) }), nil
}

// UnknownError says that no statement has a name.
type UnknownError struct{ Name string }

func (e *UnknownError) Error() string { return fmt.Sprintf("no statement is called %q", e.Name) }

func (cfg Config) named(s Statement) bool {
	return len(cfg.Only) == 0 || slices.ContainsFunc(cfg.Only, s.is)
}

func (cfg Config) allows(s Statement) bool {
	switch s.Group {
	case Writes:
		return cfg.Write
	case Validates:
		return cfg.Write && cfg.Product != "" && cfg.AccessRole != ""
	case Launches:
		return cfg.Write && cfg.Launch
	}
	return true
}

// asker asks the statements of one run.
type asker struct {
	Config
	run         string
	here, there *ec2.Client
	things      map[string]outcome
	pending     *copyUnderWay
	set         changeSet
	race        *claims
	message     string // AWS's of the refusal that is the answer

	mu   sync.Mutex
	made []Leftover
}

// outcome is a thing that was made, or why it could not be.
type outcome struct {
	id  string
	err error
}

// ErrStopped says that a run was stopped before it had asked everything.
var ErrStopped = errors.New("stopped before all statements were asked")

// Run asks the selected statements, one after the other, until stop is closed, and removes
// what it has made, unless ctx ends. An error is about that, or about credentials: what a
// single statement met is in its Answer.
func Run(ctx context.Context, stop <-chan struct{}, cfg Config) (Result, error) {
	selected, err := cfg.Selected()
	if err != nil {
		return Result{}, err
	}
	account, arn, err := cfg.Clients.Identity(ctx)
	if err != nil {
		return Result{}, err
	}
	a := &asker{
		Config: cfg, run: newRun(), here: cfg.Clients.EC2(cfg.Region), there: cfg.Clients.EC2(cfg.To),
		things: map[string]outcome{},
	}
	out := Result{Format: Format, Region: cfg.Region, To: cfg.To, At: cfg.Clients.Now().Format(time.DateOnly), Sandbox: cfg.Clients.Sandboxed()}
	asking, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-asking.Done():
		}
	}()
	for _, s := range selected {
		if asking.Err() != nil || cfg.Clients.Rejected() != nil {
			break
		}
		if cfg.Say != nil {
			cfg.Say(s)
		}
		if got := a.ask(asking, s); asking.Err() == nil {
			out.Answers = append(out.Answers, got)
		}
	}
	if asking.Err() != nil {
		err = ErrStopped
	}
	out.hide(append(cfg.Clients.Secrets(ctx), arn, account, cfg.Product, cfg.AccessRole))
	return out, errors.Join(err, cfg.Clients.Rejected(), a.clean(ctx))
}

// clean removes what the run has made.
func (a *asker) clean(ctx context.Context) error {
	if !a.Write {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, a.Wait)
	defer cancel()
	_, err := Clean(ctx, a.Clients, a.regions(), Sweep{Run: a.run, Known: a.made, Listings: a.Product != ""})
	return err
}

func (a *asker) regions() []string {
	if a.To == a.Region {
		return []string{a.Region}
	}
	return []string{a.Region, a.To}
}

func newRun() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// ask asks one statement.
func (a *asker) ask(ctx context.Context, s Statement) Answer {
	out := Answer{Number: s.Number, Name: s.Name, Does: s.Does, Mark: s.Mark, Want: s.Want, Setting: s.Setting, Measured: s.Measured}
	a.message = ""
	if err := a.makeAll(ctx, s.Needs); err != nil {
		out.Problem = awsapi.Text(err)
		return out
	}
	got, err := s.ask(ctx, a)
	if err != nil {
		out.Problem = awsapi.Text(err)
		return out
	}
	out.Got, out.Message = got, a.message
	return out
}

// makeAll makes things, and what they need in turn.
func (a *asker) makeAll(ctx context.Context, things []*Thing) error {
	for _, t := range things {
		if _, err := a.thing(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// thing makes a thing once.
func (a *asker) thing(ctx context.Context, t *Thing) (string, error) {
	if o, tried := a.things[t.Name]; tried {
		return o.id, o.err
	}
	var id string
	err := a.makeAll(ctx, t.Needs)
	if err == nil {
		if id, err = t.make(ctx, a); err != nil {
			err = fmt.Errorf("no %s: %w", t.Name, err)
		}
	}
	a.things[t.Name] = outcome{id, err}
	return id, err
}

// accepted is the answer to a call that is done.
const accepted = "accepted"

// answer is the code with which AWS refuses a call, or accepted. What says nothing about
// the statement is an error: no answer, too many calls, a permission that the caller lacks.
func (a *asker) answer(err error) (string, error) {
	code := awsapi.Code(err)
	switch {
	case err == nil:
		return accepted, nil
	case code == "", awsapi.Denied(code), awsapi.IsThrottled(err):
		return "", err
	}
	a.message = awsapi.Message(err)
	return code, nil
}

// note keeps what was made, to be removed.
func (a *asker) note(region string, kind Kind, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.made = append(a.made, Leftover{Region: region, Kind: kind, ID: id, Run: a.run})
}

// forget is for what a statement has removed itself.
func (a *asker) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.made = slices.DeleteFunc(a.made, func(l Leftover) bool { return l.ID == id })
}

// name is what a thing of this run is called.
func (a *asker) name(what string) string { return namePrefix + a.run + "-" + what }

const namePrefix = "amiship-probe-"

// tagValue is the value of record.TagProbe.
func (a *asker) tagValue() string { return record.TagValue(a.run) }

// skipped is an error that says why a statement can't be asked here.
func skipped(format string, args ...any) error { return fmt.Errorf(format, args...) }

// until polls until done, at first often.
func until(ctx context.Context, within time.Duration, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("%s takes longer than %v", what, within))
	defer cancel()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		ok, err := done(ctx)
		if ok || err != nil {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
