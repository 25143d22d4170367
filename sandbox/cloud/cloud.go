// Package cloud is the sandbox's one store: accounts, tables of resources, a
// clock, and a journal that survives kill -9.
//
// What a newcomer would get wrong: values in a table are immutable. Get a
// value, change the copy (clone its maps and slices), Put it back. Nothing in
// here runs in the background: whatever takes time carries the moment it is
// due, and is settled by whoever looks at it.
package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sort"
	"sync"
	"time"
)

// Store holds the state of the sandbox. Its methods are safe for concurrent use.
type Store struct {
	mu      sync.RWMutex
	tables  map[string]*table
	journal *journal
	clock   Clock
}

// table is one kind of resource: partitions (a region, or "" for global things)
// of values by key, with the keys in order.
type table struct{ parts map[string]*part }

type part struct {
	vals map[string]*cell
	keys []string
}

// cell is a value; one that came from the journal is decoded when a Table[T]
// first looks at it.
type cell struct {
	once sync.Once
	raw  json.RawMessage
	val  any
}

func (c *cell) MarshalJSON() ([]byte, error) {
	if c.raw != nil {
		return c.raw, nil
	}
	return json.Marshal(c.val)
}

// Open reads the journal in dir, which is created if missing, and goes on from
// there. An empty dir gives a store in memory only.
func Open(dir string, clock Clock) (*Store, error) {
	s := &Store{tables: map[string]*table{}, clock: clock}
	if dir == "" {
		return s, nil
	}
	j, err := openJournal(dir, func(rec record) error { s.replay(rec); return nil })
	if err != nil {
		return nil, fmt.Errorf("open the sandbox's journal in %s: %w", dir, err)
	}
	s.journal = j
	offset := Table[time.Duration]{name: clockTable}
	return s, s.View(func(tx *Tx) error {
		if d, ok := offset.Get(tx, "", clockTable); ok {
			s.clock.offset = d
		}
		return nil
	})
}

const clockTable = "clock"

// Close closes the journal. Everything that was committed is already in it.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.close()
}

// Advance moves the sandbox's clock by d and remembers it.
func (s *Store) Advance(d time.Duration) error {
	if d < 0 {
		return errors.New("the sandbox's clock only goes forward")
	}
	return s.Update(func(tx *Tx) error {
		s.clock.offset += d
		tx.undo = append(tx.undo, func() { s.clock.offset -= d })
		NewTable[time.Duration](clockTable).Put(tx, "", clockTable, s.clock.offset)
		return nil
	})
}

// Update runs fn with exclusive access. If fn returns an error, nothing it put
// or deleted stays, and nothing is written to the journal.
func (s *Store) Update(fn func(*Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	tx := &Tx{store: s, Now: s.clock.now(), write: true}
	done := false
	defer func() {
		if !done { // also when fn panics: the server survives that
			tx.rollback()
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	if err := s.journal.append(tx.changes); err != nil {
		return fmt.Errorf("write the sandbox's journal: %w", err)
	}
	done = true
	return nil
}

// Now is the sandbox's time.
func (s *Store) Now() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.clock.now()
}

// View runs fn with shared access; Put and Delete panic in it.
func (s *Store) View(fn func(*Tx) error) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return fn(&Tx{store: s, Now: s.clock.now()})
}

// Dump returns everything in the store as JSON values: table, partition, key.
func (s *Store) Dump() (map[string]map[string]map[string]json.RawMessage, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := map[string]map[string]map[string]json.RawMessage{}
	for name, t := range s.tables {
		out[name] = map[string]map[string]json.RawMessage{}
		for p, pt := range t.parts {
			vals := map[string]json.RawMessage{}
			for k, v := range pt.vals {
				raw, err := json.Marshal(v)
				if err != nil {
					return nil, fmt.Errorf("dump %s %s: %w", name, k, err)
				}
				vals[k] = raw
			}
			out[name][p] = vals
		}
	}
	return out, nil
}

func (s *Store) replay(rec record) {
	for _, c := range rec {
		p := s.part(c.Table, c.Part, true)
		if c.Value == nil {
			p.remove(c.Key)
			continue
		}
		p.set(c.Key, &cell{raw: c.Value})
	}
}

func (s *Store) part(name, key string, create bool) *part {
	t := s.tables[name]
	if t == nil {
		if !create {
			return nil
		}
		t = &table{parts: map[string]*part{}}
		s.tables[name] = t
	}
	p := t.parts[key]
	if p == nil && create {
		p = &part{vals: map[string]*cell{}}
		t.parts[key] = p
	}
	return p
}

func (p *part) set(key string, v *cell) {
	if _, ok := p.vals[key]; !ok {
		i := sort.SearchStrings(p.keys, key)
		p.keys = slices.Insert(p.keys, i, key)
	}
	p.vals[key] = v
}

func (p *part) remove(key string) {
	if _, ok := p.vals[key]; !ok {
		return
	}
	delete(p.vals, key)
	i := sort.SearchStrings(p.keys, key)
	p.keys = slices.Delete(p.keys, i, i+1)
}

// Tx is one look at the store, or one change to it.
type Tx struct {
	Now     time.Time // the sandbox's clock when the transaction began, UTC
	store   *Store
	write   bool
	changes record
	undo    []func()
}

// Due is the moment at which something that takes d on AWS ends here: now plus
// d, divided by the sandbox's speed.
func (tx *Tx) Due(d time.Duration) time.Time { return tx.Now.Add(tx.store.clock.scale(d)) }

func (tx *Tx) rollback() {
	for _, u := range slices.Backward(tx.undo) {
		u()
	}
}

// Table gives typed access to one kind of resource. T must survive a round
// trip through encoding/json.
type Table[T any] struct{ name string }

// NewTable names a table. Two tables of one name must have one T.
func NewTable[T any](name string) Table[T] { return Table[T]{name: name} }

// Get returns the value under key in partition p (a region; "" for global things).
func (t Table[T]) Get(tx *Tx, p, key string) (T, bool) {
	var zero T
	pt := tx.store.part(t.name, p, false)
	if pt == nil {
		return zero, false
	}
	v, ok := pt.vals[key]
	if !ok {
		return zero, false
	}
	return t.typed(v), true
}

func (t Table[T]) typed(c *cell) T {
	c.once.Do(func() {
		if c.raw == nil {
			return
		}
		var out T
		if err := json.Unmarshal(c.raw, &out); err != nil {
			panic(fmt.Sprintf("table %s holds what it did not write: %v", t.name, err))
		}
		c.val = out
	})
	return c.val.(T)
}

// Put stores v under key.
func (t Table[T]) Put(tx *Tx, p, key string, v T) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("table %s: %v", t.name, err))
	}
	t.change(tx, p, key, func(pt *part) { pt.set(key, &cell{val: v}) })
	tx.changes = append(tx.changes, change{Table: t.name, Part: p, Key: key, Value: raw})
}

// Delete removes key; it is no error if there is none.
func (t Table[T]) Delete(tx *Tx, p, key string) {
	t.change(tx, p, key, func(pt *part) { pt.remove(key) })
	tx.changes = append(tx.changes, change{Table: t.name, Part: p, Key: key})
}

func (t Table[T]) change(tx *Tx, p, key string, do func(*part)) {
	if !tx.write {
		panic("change of table " + t.name + " in a View")
	}
	pt := tx.store.part(t.name, p, true)
	old, had := pt.vals[key]
	tx.undo = append(tx.undo, func() {
		if had {
			pt.set(key, old)
		} else {
			pt.remove(key)
		}
	})
	do(pt)
}

// All yields the values of partition p in the order of their keys.
func (t Table[T]) All(tx *Tx, p string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		pt := tx.store.part(t.name, p, false)
		if pt == nil {
			return
		}
		keys := pt.keys
		if tx.write {
			keys = slices.Clone(keys)
		}
		for _, k := range keys {
			v, ok := pt.vals[k]
			if !ok {
				continue
			}
			if !yield(k, t.typed(v)) {
				return
			}
		}
	}
}

// Parts returns the partitions that hold or held something, sorted.
func (t Table[T]) Parts(tx *Tx) []string {
	tb := tx.store.tables[t.name]
	if tb == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(tb.parts))
}
