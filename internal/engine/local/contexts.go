package local

import (
	"context"
	"time"

	"amiship/internal/plan"
)

// grace is how long a change that is under way may take after a word to stop. AWS
// answers it within a second.
const grace = 3 * time.Second

// contexts are those of actions, and of what is read.
type contexts struct {
	all, long, short, reading   context.Context
	leave                       context.CancelFunc // ends all of them: no one receives any longer
	interrupt, cut, stopReading context.CancelFunc // end the last three
	// late is when what is short has had its time after a word to stop.
	late <-chan time.Time
}

func newContexts(ctx context.Context) *contexts {
	c := &contexts{}
	c.all, c.leave = context.WithCancel(ctx)
	c.long, c.interrupt = context.WithCancel(c.all)
	c.short, c.cut = context.WithCancel(c.all)
	c.reading, c.stopReading = context.WithCancel(c.all)
	return c
}

// of is the context of an action: what makes something ends with the first word to
// stop, or soon after; what gives a claim back does not.
func (c *contexts) of(act plan.Action) context.Context {
	switch {
	case act.Kind().Long():
		return c.long
	case act.Kind() == plan.Unclaim, act.Own():
		return c.all
	}
	return c.short
}

// stop ends what is long, and what is being read; what is read from now on is for
// giving claims back.
func (c *contexts) stop() {
	c.interrupt()
	c.stopReading()
	c.reading, c.stopReading = context.WithCancel(c.all)
	c.late = time.After(grace)
}

func (c *contexts) end() {
	c.interrupt()
	c.cut()
	c.stopReading()
}
