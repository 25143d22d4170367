package awsapi

import (
	"sync"
	"time"
)

// recent are answers that serve several releases of one process for a while.
type recent struct {
	mu   sync.Mutex
	kept map[string]answered
}

// answered is an answer, and when it came.
type answered struct {
	at    time.Time
	value any
}

// Recent returns what was read under a key less than within ago by these clients, or reads it. What
// could not be read is read again.
func Recent[T any](c *Clients, key string, within time.Duration, read func() (T, error)) (T, error) {
	c.recent.mu.Lock()
	have, there := c.recent.kept[key]
	c.recent.mu.Unlock()
	if value, is := have.value.(T); there && is && c.Now().Sub(have.at) < within {
		return value, nil
	}
	value, err := read()
	if err == nil {
		c.recent.mu.Lock()
		defer c.recent.mu.Unlock()
		c.recent.kept[key] = answered{c.Now(), value}
	}
	return value, err
}

// Forget has what is under a key read again: it was changed.
func (c *Clients) Forget(key string) {
	c.recent.mu.Lock()
	defer c.recent.mu.Unlock()
	delete(c.recent.kept, key)
}
