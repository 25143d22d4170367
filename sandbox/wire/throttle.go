package wire

import (
	"net/http"
	"sync"
	"time"
)

// throttles are AWS's token buckets, one per account, region and bucket name.
// A nil *throttles never refuses.
type throttles struct {
	mu      sync.Mutex
	buckets map[string]*tokens
}

type tokens struct {
	left float64
	at   time.Time
}

func newThrottles() *throttles { return &throttles{buckets: map[string]*tokens{}} }

// take spends a token, or answers that there is none.
func (t *throttles) take(c *Call, b Bucket) error {
	if t == nil || b.Max == 0 {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	id := c.Account.ID + "/" + c.Region + "/" + c.Service + "/" + b.Name
	have, ok := t.buckets[id]
	if !ok {
		have = &tokens{left: b.Max, at: c.Now}
		t.buckets[id] = have
	}
	have.left = min(b.Max, have.left+c.Now.Sub(have.at).Seconds()*b.Refill)
	have.at = c.Now
	if have.left < 1 {
		return throttled(c.Service)
	}
	have.left--
	return nil
}

// throttled is how each service says that it was asked too often.
func throttled(service string) *Error {
	switch service {
	case "ec2":
		return &Error{Code: "RequestLimitExceeded", Message: "Request limit exceeded.", Status: http.StatusServiceUnavailable}
	case "servicequotas":
		return &Error{Code: "TooManyRequestsException", Message: "Rate exceeded"}
	case "ssm", "aws-marketplace":
		return &Error{Code: "ThrottlingException", Message: "Rate exceeded"}
	}
	return &Error{Code: "Throttling", Message: "Rate exceeded"}
}
