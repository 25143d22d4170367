package awsapi

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// clock follows the Date header of AWS's answers, so that the runner's own
// clock does not matter.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
	calls  int
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

func (c *clock) middleware(stack *middleware.Stack) error {
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("AmishipDate", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, meta, err := next.HandleDeserialize(ctx, in)
		c.count()
		if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp != nil {
			c.see(resp.Header.Get("Date"))
		}
		return out, meta, err
	}), middleware.After)
}
