package web

import (
	"cmp"
	"context"
	"sync"
	"time"

	"amiship/internal/view"
)

// How often AWS is read: while something is pending, while someone watches, else.
const (
	whilePending = 10 * time.Second
	whileWatched = time.Minute
	whileAlone   = 5 * time.Minute
)

// Source reads AWS and makes a view.
type Source func(context.Context) (view.View, error)

// Watch reads for all viewers at once: one of them costs as many calls of AWS as twenty.
type Watch struct {
	name   string // tells it from others that are served with it; empty: its project does
	source Source
	now    func() time.Time
	// describe says an error for people, with what to type.
	describe func(error) string

	mu      sync.Mutex
	view    view.View
	read    time.Time // by our clock, of the view
	trouble string
	viewers map[chan struct{}]bool
	wake    chan struct{}
	slower  int // how often a read was throttled in a row
}

// NewWatch has read nothing yet. Describe says errors of the source for people.
func NewWatch(project string, source Source, describe func(error) string) *Watch {
	return &Watch{
		source: source, now: time.Now, describe: describe, view: view.View{Project: project},
		viewers: map[chan struct{}]bool{}, wake: make(chan struct{}, 1),
	}
}

// Named gives it another name than its project's, which is part of addresses and the project
// of metrics.
func (w *Watch) Named(name string) *Watch {
	w.name = name
	return w
}

// Run reads until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	for ctx.Err() == nil {
		w.Read(ctx)
		timer := time.NewTimer(w.pace())
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-w.wake: // a viewer has come, for whom the view may be too old
			if w.age() < w.pace() {
				select {
				case <-ctx.Done():
				case <-timer.C:
				case <-time.After(w.pace() - w.age()):
				}
			}
		}
		timer.Stop()
	}
}

// Read reads once, and tells the viewers.
func (w *Watch) Read(ctx context.Context) {
	v, err := w.source(ctx)
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.trouble = w.describe(err)
	} else {
		w.view, w.trouble, w.read = v, "", w.now()
	}
	if w.throttled(v) {
		w.slower = min(w.slower+1, 3)
	} else {
		w.slower = 0
	}
	for changed := range w.viewers {
		select {
		case changed <- struct{}{}:
		default: // it has not taken the last one yet
		}
	}
}

func (w *Watch) throttled(v view.View) bool {
	for _, u := range v.Unread {
		if u.Throttled {
			return true
		}
	}
	return false
}

// pace is how long a view is good for: longer, the more often AWS has refused reads for their rate.
func (w *Watch) pace() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	pace := whileAlone
	if len(w.viewers) > 0 {
		pace = whileWatched
		if w.view.Pending() {
			pace = whilePending
		}
	}
	return pace << w.slower
}

func (w *Watch) age() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now().Sub(w.read)
}

// page is what the newest page is drawn from.
func (w *Watch) page() page {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := page{Name: cmp.Or(w.name, w.view.Project), View: w.view, Trouble: w.trouble, Live: true, Now: w.view.Read.At.Add(w.now().Sub(w.read))}
	if w.slower > 0 {
		p.View.Notes = append([]string{"AWS refuses reads for their rate: it is read less often until it answers."}, p.View.Notes...)
	}
	return p
}

// join adds a viewer, who is told of changes until it leaves.
func (w *Watch) join() (changed <-chan struct{}, leave func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	w.viewers[c] = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	return c, func() {
		w.mu.Lock()
		delete(w.viewers, c)
		w.mu.Unlock()
	}
}
