package apply

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"amiship/internal/plan"
	"amiship/internal/world"
)

var (
	refused  = &smithy.GenericAPIError{Code: "UnauthorizedOperation", Message: "ec2:CreateTags"}
	gone     = &smithy.GenericAPIError{Code: "InvalidSecurityGroupID.NotFound"}
	errHangs = errors.New("hangs until its deadline")
)

// TestHeartbeat: work under a claim goes on while the claim is renewed, and is ended when
// the claim is gone, or three quarters of the lease have passed since the last renewal:
// before any other run takes it over.
func TestHeartbeat(t *testing.T) {
	const work = 5*time.Minute - time.Second
	renewals := func(n int) (at []time.Duration) {
		for i := range n {
			at = append(at, time.Duration(i+1)*world.Renewal)
		}
		return at
	}
	for name, c := range map[string]struct {
		answers []error // to the renewals; those that follow are answered well
		sent    []time.Duration
		took    time.Duration
		lost    error
	}{
		"renewed":                     {nil, renewals(9), work, nil},
		"refused twice, then renewed": {[]error{refused, refused}, renewals(9), work, nil},
		"refused for five minutes":    {slices.Repeat([]error{refused}, 10), renewals(3), world.GiveUp, refused},
		"silent for five minutes":     {slices.Repeat([]error{errHangs}, 10), renewals(2), world.GiveUp, context.DeadlineExceeded},
		"refused later":               {append([]error{nil, nil}, slices.Repeat([]error{refused}, 10)...), renewals(5), 2*world.Renewal + world.GiveUp, refused},
		"gone":                        {[]error{nil, gone}, renewals(2), 2 * world.Renewal, gone},
		"silent once, then renewed":   {[]error{nil, errHangs}, renewals(9), work, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var h heartbeats
				began, n := time.Now(), 0
				var sent []time.Duration
				h.start(t.Context(), slog.New(slog.NewTextHandler(io.Discard, nil)), "claim", "sg-1", func(ctx context.Context) error {
					sent = append(sent, time.Since(began))
					n++
					if n > len(c.answers) {
						return nil
					}
					if err := c.answers[n-1]; err != errHangs {
						return err
					}
					<-ctx.Done()
					return ctx.Err()
				})
				claim, ok := h.held("claim")
				if !ok {
					t.Fatal("a claim that was made is not held")
				}
				_, err := claim.under(t.Context(), func(ctx context.Context) (Result, error) {
					select {
					case <-time.After(work):
						return Result{}, nil
					case <-ctx.Done():
						return Result{}, ctx.Err()
					}
				})
				took := time.Since(began)
				h.stopAll()
				if _, still := h.held("claim"); took != c.took || still != (c.lost == nil) || !errors.Is(err, c.lost) {
					t.Errorf("worked for %v, still held: %v, ended with %v; want %v and %v", took, still, err, c.took, c.lost)
				}
				var lost *LostClaim
				if c.lost != nil && (!errors.As(err, &lost) || lost.Group != "sg-1" || !errors.Is(err, ErrChanged)) {
					t.Errorf("ended with %v, want a lost claim that is tried again", err)
				}
				if diff := cmp.Diff(c.sent, sent); diff != "" {
					t.Errorf("renewed (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestHeartbeatEnds: no renewal follows on the end of a claim, of work under it that ended
// well nothing is said, and what is not held is not built under.
func TestHeartbeatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := Applier{}
		n := 0
		a.heartbeats.start(t.Context(), slog.New(slog.NewTextHandler(io.Discard, nil)), "claim", "sg-1", func(context.Context) error { n++; return nil })
		a.heartbeats.keep("claim", []byte("key"))
		time.Sleep(world.Renewal + time.Second)
		claim, err := a.heartbeats.claimed(plan.Action{}, "claim")
		if err != nil || string(claim.key) != "key" {
			t.Errorf("got %+v, %v", claim, err)
		}
		a.heartbeats.end("sg-1")
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, err := a.heartbeats.claimed(plan.Action{}, "claim"); n != 1 || !errors.Is(err, ErrChanged) {
			t.Errorf("renewed %d times, and then: %v", n, err)
		}
		a.Close()
	})
}
