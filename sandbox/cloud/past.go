package cloud

import (
	"iter"
	"maps"
	"slices"
	"time"
)

// past is what a key held until a moment.
type past struct {
	until time.Time
	held  *cell // nil: nothing
}

// Remember has the store keep what changes from now on, for a duration by its
// clock, for stale reads (Tx.AsOf). Zero, as at the beginning, keeps nothing.
func (s *Store) Remember(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory = d
	if d > 0 {
		return
	}
	for _, t := range s.tables {
		for _, p := range t.parts {
			p.past = nil
		}
	}
}

// keep notes what a key holds before it changes.
func (p *part) keep(key string, until time.Time, memory time.Duration) {
	if p.past == nil {
		p.past = map[string][]past{}
	}
	old := slices.DeleteFunc(p.past[key], func(was past) bool { return until.Sub(was.until) > memory })
	p.past[key] = append(old, past{until, p.vals[key]})
}

// AsOf is the same read of what the store held at an earlier moment, as far as it
// remembers. Its clock is not set back.
func (tx *Tx) AsOf(then time.Time) *Tx {
	if tx.write {
		panic("a change of what was")
	}
	return &Tx{Now: tx.Now, store: tx.store, then: then}
}

// at is what a key held at a moment; a zero one is now.
func (p *part) at(key string, then time.Time) (*cell, bool) {
	if !then.IsZero() {
		for _, was := range p.past[key] {
			if was.until.After(then) {
				return was.held, was.held != nil
			}
		}
	}
	v, ok := p.vals[key]
	return v, ok
}

// known yields the keys from one on that hold something, or may have held it at the moment
// that is read, in order. Who changes the store meanwhile walks what was there at first.
func (p *part) known(tx *Tx, first string) iter.Seq[string] {
	keys := p.keys
	if tx.write {
		keys = keys.Clone()
	}
	now := func(yield func(string) bool) { keys.AscendGreaterOrEqual(first, yield) }
	if tx.then.IsZero() || len(p.past) == 0 {
		return now
	}
	gone := slices.DeleteFunc(slices.Sorted(maps.Keys(p.past)), func(k string) bool {
		_, there := p.vals[k]
		return there || k < first
	})
	return func(yield func(string) bool) {
		more := gone
		for k := range now {
			for ; len(more) > 0 && more[0] < k; more = more[1:] {
				if !yield(more[0]) {
					return
				}
			}
			if !yield(k) {
				return
			}
		}
		slices.Values(more)(yield)
	}
}
