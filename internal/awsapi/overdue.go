package awsapi

import (
	"context"
	"fmt"
	"sync"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
)

// sayAfter is how long AWS may be silent before the operator is told, and told
// again.
const sayAfter = 10 * time.Second

// overdue tells which calls have not been answered for a while.
type overdue struct {
	say func(string)

	mu    sync.Mutex
	calls map[*waiting]bool // that are under way
	said  time.Time
}

// waiting is a call that is under way.
type waiting struct {
	what  string
	since time.Time
}

// watch counts a call as under way until the returned function is called.
func (o *overdue) watch(ctx context.Context) (end func()) {
	if o.say == nil {
		return func() {}
	}
	w := &waiting{awsmiddleware.GetOperationName(ctx) + " in " + awsmiddleware.GetRegion(ctx), time.Now()}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls[w] = true
	timer := time.AfterFunc(sayAfter, o.tell)
	return func() {
		timer.Stop()
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.calls, w)
	}
}

// tell names the call that has been under way for the longest time. Each call
// triggers it; once in a while is enough.
func (o *overdue) tell() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if now.Sub(o.said) < sayAfter {
		return
	}
	var oldest *waiting
	late := 0
	for w := range o.calls {
		if now.Sub(w.since) >= sayAfter/2 {
			late++
		}
		if oldest == nil || w.since.Before(oldest.since) {
			oldest = w
		}
	}
	if oldest == nil {
		return
	}
	o.said = now
	text := fmt.Sprintf("waiting for AWS: %s has not been answered for %v", oldest.what, now.Sub(oldest.since).Round(time.Second))
	if late > 1 {
		text += fmt.Sprintf(", nor have %d other calls", late-1)
	}
	o.say(text)
	time.AfterFunc(sayAfter, o.tell)
}
