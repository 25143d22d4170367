package local

import (
	"fmt"
	"sync"
	"time"

	"amiship/internal/engine"
	"amiship/internal/plan"
	"amiship/internal/world"
)

// reads are the facts that are being read, beside everything else.
type reads struct {
	batches map[*batch]bool
	newest  map[world.Query]*batch // in which a fact was last asked for
	news    chan news
	left    chan struct{} // closed when no one receives any longer
	under   *sync.WaitGroup
}

// batch are facts that are read together.
type batch struct {
	queries []world.Query
	// needed: nothing is decided without these facts; when none of them has come for so
	// long that it is late, those that are missing could not be read, so far.
	needed bool
	holds  []plan.ID // steps that count as under way until their effect is read
	heard  time.Time // when it was begun, or a fact of it came last
	late   bool
	vain   bool // a fact could not be read
}

// news are a fact, or the end of a batch.
type news struct {
	batch *batch
	query world.Query
	note  func(*world.World)
	over  bool
	err   error
}

func newReads() reads {
	return reads{batches: map[*batch]bool{}, newest: map[world.Query]*batch{}, news: make(chan news), left: make(chan struct{}), under: &sync.WaitGroup{}}
}

// leave waits until what is being read, and was told to stop, has ended: a download
// removes what it has written.
func (r reads) leave() {
	close(r.left)
	r.under.Wait()
}

// stuck reports whether all that is being read is late.
func (r reads) stuck() bool {
	for b := range r.batches {
		if !b.late {
			return false
		}
	}
	return true
}

// read begins to read a batch. What is being read already is read once more: an
// answer to come may be older than what was done since.
func (l *Loop) read(c *contexts, b *batch) {
	b.heard = time.Now()
	l.reads.batches[b] = true
	for _, q := range b.queries {
		l.reads.newest[q], l.status.Looking[q] = b, true
	}
	tell := func(n news) {
		n.batch = b
		select {
		case l.reads.news <- n:
		case <-l.reads.left:
		}
	}
	reading := c.reading
	l.reads.under.Go(func() {
		err := l.Look(reading, b.queries, func(q world.Query, note func(*world.World)) { tell(news{query: q, note: note}) })
		if reading.Err() != nil {
			err = nil // who was told to stop reading has no complaint
		}
		tell(news{over: true, err: err})
	})
}

// hear takes news. Something has changed when a batch is over, or a fact comes that
// was given up.
func (l *Loop) hear(n news) (changed bool, err error) {
	if n.over {
		l.over(n.batch)
		return true, n.err
	}
	n.batch.heard = time.Now()
	if l.reads.newest[n.query] != n.batch {
		return false, nil
	}
	n.note(&l.world)
	n.batch.vain = n.batch.vain || n.query.Retried() && l.world.Missed(n.query)
	l.heard(n.query)
	return n.batch.late, nil
}

// heard counts a fact as read, and what it does not show.
func (l *Loop) heard(q world.Query) {
	delete(l.reads.newest, q)
	delete(l.status.Looking, q)
	l.status.LookedAt[q] = l.Now()
	l.countMissing(q)
	l.shownClaims(q)
}

func (l *Loop) over(b *batch) {
	delete(l.reads.batches, b)
	for _, q := range b.queries {
		if l.reads.newest[q] == b {
			l.heard(q)
		}
	}
	l.release(b)
	if b.vain {
		l.status.VainLooks++
	}
}

// release lets steps count as ended.
func (l *Loop) release(b *batch) {
	for _, id := range b.holds {
		delete(l.run.InFlight, id)
	}
	b.holds = nil
}

// untilLate is the time until the next batch is late.
func (l *Loop) untilLate() time.Duration {
	next := time.Hour
	for b := range l.reads.batches {
		if !b.late {
			next = min(next, max(engine.Late-time.Since(b.heard), 0))
		}
	}
	return next
}

// giveUpLate goes on without the facts that are late, and does not wait for others
// that nothing needs.
func (l *Loop) giveUpLate() {
	for b := range l.reads.batches {
		if b.late || time.Since(b.heard) < engine.Late {
			continue
		}
		b.late = true
		l.release(b)
		for _, q := range b.queries {
			if b.needed && l.reads.newest[q] == b {
				l.world.Miss(q, l.Now(), fmt.Sprintf("AWS has not answered for %v", engine.Late))
			}
		}
	}
}
