package apply

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"amiship/internal/awsapi"
	"amiship/internal/observe"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// HeldError says that a step was not begun, since a pause or a freeze holds all
// changes, or since it could not be read whether one does. It is ErrChanged: the
// plan did not know of it.
type HeldError struct {
	Why   string
	Query world.Query // what shows it
	Cause error       // why it could not be read; nil: it was
}

func (e *HeldError) Error() string { return e.Why }

// Unwrap makes it ErrChanged, and what kept it from being read.
func (e *HeldError) Unwrap() []error { return []error{ErrChanged, e.Cause} }

// held reads, before each step, whether changes are held. A claim of this run is
// released even then.
func (a *Applier) held(ctx context.Context, act plan.Action) error {
	c := a.Desired.Control
	if c.Override || act.Kind() == plan.Unclaim && act.Own() {
		return nil
	}
	q := world.Query{Kind: world.LookPause, Region: c.Region}
	p, err := a.pause.read(func() (record.Pause, error) {
		within, cancel := a.Clients.Within(ctx)
		defer cancel()
		return observe.Pause(within, a.Clients, c.Region, a.Desired.Project)
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	now := a.Clients.Now()
	switch f, frozen := c.Frozen(now); {
	case err != nil:
		return &HeldError{fmt.Sprintf("%s is not begun, as a pause could not be read: %v", act.ID, err), q, err}
	case p.InForce(now):
		return &HeldError{plan.Paused(p), q, nil}
	case frozen:
		return &HeldError{plan.Frozen(f), q, nil}
	}
	return nil
}

// pause shares reads among steps that begin at once: each gets the answer to a
// question that was asked after it began, and one question is under way at a time.
type pause struct {
	asked atomic.Int64 // questions, counted before they are asked

	mu   sync.Mutex // locked while AWS is asked
	last record.Pause
	err  error
}

func (p *pause) read(ask func() (record.Pause, error)) (record.Pause, error) {
	before := p.asked.Load()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked.Load() == before {
		p.asked.Add(1)
		p.last, p.err = ask()
	}
	return p.last, p.err
}

// Pause records a pause; again says that one was recorded, which is over.
func Pause(ctx context.Context, c *awsapi.Clients, region, project, value string, again bool) error {
	name := record.PauseParameter(project)
	_, err := c.SSM(region).PutParameter(ctx, &ssm.PutParameterInput{
		Name: aws.String(name), Value: aws.String(value), Type: types.ParameterTypeString, Overwrite: aws.Bool(again),
	})
	if err != nil {
		return fmt.Errorf("put parameter %s in %s: %w", name, region, err)
	}
	return nil
}

// Resume removes the pause, and reports whether there was one.
func Resume(ctx context.Context, c *awsapi.Clients, region, project string) (bool, error) {
	name := record.PauseParameter(project)
	_, err := c.SSM(region).DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String(name)})
	if awsapi.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("delete parameter %s in %s: %w", name, region, err)
	}
	return true, nil
}
