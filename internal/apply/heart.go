package apply

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"amiship/internal/awsapi"
	"amiship/internal/plan"
	"amiship/internal/record"
	"amiship/internal/world"
)

// LostClaim says that a claim is no longer this run's: it is gone, or was not
// renewed for a time after which other runs take it over. The work under it is
// stopped; it is an ErrChanged.
type LostClaim struct {
	Claim, Group string
	Err          error // of the last renewal
}

func (e *LostClaim) Error() string {
	if awsapi.IsNotFound(e.Err) {
		return "claim " + e.Claim + " is gone: another run has ended it"
	}
	return fmt.Sprintf("claim %s could not be renewed for %s: %v", e.Claim, world.GiveUp, e.Err)
}

// Unwrap makes it an ErrChanged, and keeps AWS's code.
func (e *LostClaim) Unwrap() []error { return []error{ErrChanged, e.Err} }

// heartbeats renew the claims of this run until they are ended.
type heartbeats struct {
	mu     sync.Mutex
	claims map[string]*heldClaim // by name
	wg     sync.WaitGroup
}

// heldClaim is a claim of this run.
type heldClaim struct {
	group string
	key   []byte          // private; on disk only while Packer runs, see packer.Build
	lost  context.Context // ends, with a LostClaim as its cause, when the claim is no longer ours
	stop  context.CancelFunc
}

// start renews a claim, by renew, until end or stopAll. It outlives the call that made the
// claim.
func (h *heartbeats) start(ctx context.Context, log *slog.Logger, name, group string, renew func(context.Context) error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	lost, lose := context.WithCancelCause(context.WithoutCancel(ctx))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.claims == nil {
		h.claims = map[string]*heldClaim{}
	}
	h.claims[name] = &heldClaim{group: group, lost: lost, stop: stop}
	h.wg.Go(func() {
		defer stop()
		if err := keepAlive(ctx, log.With("claim", name), renew); err != nil {
			lose(&LostClaim{name, group, err})
		}
	})
}

// keepAlive renews until ctx ends. It returns why the claim is lost. The lease counts from
// when a renewal was sent, since that is the time that it writes.
func keepAlive(ctx context.Context, log *slog.Logger, renew func(context.Context) error) error {
	tick := time.NewTicker(world.Renewal)
	defer tick.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		sent := time.Now()
		err := within(ctx, min(world.Renewal, time.Until(renewed.Add(world.GiveUp))), renew)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			renewed = sent
			continue
		case awsapi.IsNotFound(err), time.Since(renewed) >= world.GiveUp:
			return err
		}
		log.Warn("claim not renewed", "error", err)
	}
}

func within(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return do(ctx)
}

// renewal writes on a claim that its run is there.
func (c claims) renewal(act plan.Action, group string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := c.clients.EC2(act.Target.Region).CreateTags(ctx, &ec2.CreateTagsInput{
			Resources: []string{group},
			Tags:      tagList(map[string]string{record.TagAlive: record.TagValue(c.clients.Now().Format(time.RFC3339))}),
		})
		return err
	}
}

// keep remembers the key that goes with a claim.
func (h *heartbeats) keep(name string, key []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims[name].key = key
}

// held returns a claim that this run has, if it has not lost it.
func (h *heartbeats) held(name string) (heldClaim, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.claims[name]
	if c == nil || c.lost.Err() != nil {
		return heldClaim{}, false
	}
	return *c, true
}

// under does what needs a claim. It is told to end when the claim is lost, and then the
// error says so.
func (c heldClaim) under(ctx context.Context, do func(context.Context) (Result, error)) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.lost, func() { cancel(context.Cause(c.lost)) })()
	res, err := do(ctx)
	var lost *LostClaim
	if err != nil && errors.As(context.Cause(ctx), &lost) {
		return Result{}, lost
	}
	return res, err
}

func (h *heartbeats) end(group string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, c := range h.claims {
		if c.group == group {
			c.stop()
			delete(h.claims, name)
		}
	}
}

func (h *heartbeats) stopAll() {
	h.mu.Lock()
	for _, c := range h.claims {
		c.stop()
	}
	h.mu.Unlock()
	h.wg.Wait()
}
