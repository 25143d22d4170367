package awsapi

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// clock follows the Date header of AWS's answers, so that the runner's own
// clock does not matter.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
	calls  int
	// sandboxed: a sandbox has answered, and not AWS.
	sandboxed bool
	// refused: AWS has refused a request for when it was signed.
	refused bool
}

// count notes one more answer, or failure to get one.
func (c *clock) count() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset).UTC()
}

// see takes the header's time, which has whole seconds: smaller differences
// than that are noise.
func (c *clock) see(date string) {
	t, err := http.ParseTime(date)
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if diff := time.Until(t) - c.offset; diff > time.Second || diff < -2*time.Second {
		c.offset = time.Until(t)
	}
}

// sandbox is what the sandbox is called in the header Server of its answers.
const sandbox = "AmishipSandbox"

func (c *clock) seeServer(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sandboxed = c.sandboxed || name == sandbox
}

// tolerance is how far off a clock may be: AWS refuses signatures from 5 minutes on,
// and the SDK corrects its own from 4.
const tolerance = 4 * time.Minute

// skew is how far the runner's clock is behind AWS's; zero unless AWS minds. The
// Date header alone says nothing: who only asks may be off by days.
func (c *clock) skew() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.refused || c.offset.Abs() <= tolerance {
		return 0
	}
	return c.offset
}

// refusals notes that AWS has refused a request for when it was signed: it takes the
// same one signed by its own clock, as the SDK then does. The error itself may as well
// mean wrong keys, or a region that is off.
func (c *clock) refusals(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("AmishipSkew", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleInitialize(ctx, in)
		tries, _ := retry.GetAttemptResults(meta)
		again := slices.ContainsFunc(tries.Results, func(r retry.AttemptResult) bool { return r.Retried && isBadSignature(r.Err) })
		if again && !isBadSignature(err) && !isBadSignature(tries.Results[len(tries.Results)-1].Err) {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.refused = true
		}
		return out, meta, err
	}), middleware.After)
}

func (c *clock) middleware(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("AmishipDate", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleDeserialize(ctx, in)
		c.count()
		if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp != nil {
			c.see(resp.Header.Get("Date"))
			c.seeServer(resp.Header.Get("Server"))
		}
		return out, meta, err
	}), middleware.After)
}
