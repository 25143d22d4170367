package awsapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// Patience says how long AWS may take. A zero duration is its default.
type Patience struct {
	// Call is how long one attempt of a call may take, from the connection until its
	// answer is read whole. One that has run out of it is repeated once.
	Call time.Duration
	// Read is how long reading one fact may take: all pages, repetitions, and turns
	// that are waited for.
	Read time.Duration
	// Say is told what has not been answered for ten seconds, and again every ten. It
	// is called by one goroutine at a time. Nil: no one is told.
	Say func(string)
}

// The defaults of Patience. AWS answers within seconds, a page of a thousand AMIs
// within ten.
const (
	DefaultCall = 20 * time.Second
	DefaultRead = 2 * time.Minute
)

type patienceKey struct{}

// WithPatience returns a context for Load and its like: the clients that they make
// have this patience.
func WithPatience(ctx context.Context, p Patience) context.Context {
	return context.WithValue(ctx, patienceKey{}, p)
}

func patienceOf(ctx context.Context) Patience {
	p, _ := ctx.Value(patienceKey{}).(Patience)
	p.Call, p.Read = cmp.Or(p.Call, DefaultCall), cmp.Or(p.Read, DefaultRead)
	return p
}

// Within returns a context for reading one fact: it ends when Patience.Read is over,
// and context.Cause says so.
func (c *Clients) Within(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, c.patience.Read, fmt.Errorf("not read within %v: %w", c.patience.Read, errSlow))
}

// errSlow is the cause of what has run out of Patience.Read.
var errSlow = errors.New("AWS is too slow")

// SilentError says that an address took a request, or a connection, and did not answer
// it whole within a time.
type SilentError struct {
	Address string // "https://ec2.eu-west-1.amazonaws.com"
	Within  time.Duration
}

func (e *SilentError) Error() string {
	return fmt.Sprintf("%s has not answered within %v", e.Address, e.Within)
}

// Timeout implements net.Error's.
func (e *SilentError) Timeout() bool { return true }

// RetryableError says that another attempt may be answered: see retryer.
func (e *SilentError) RetryableError() bool { return true }

// retryer is the SDK's, which repeats a call whose answer did not come whole as it
// does one that was throttled. Silence is tried once more, not as often as attempts
// allow: it has cost the whole of Patience.Call each time.
type retryer struct{ *retry.Standard }

const silentAttempts = 2

// RetryDelay ends the attempts by returning an error.
func (r retryer) RetryDelay(attempt int, err error) (time.Duration, error) {
	var silent *SilentError
	if errors.As(err, &silent) && attempt >= silentAttempts {
		return 0, err
	}
	return r.Standard.RetryDelay(attempt, err)
}
