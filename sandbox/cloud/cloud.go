// Package cloud is the sandbox's one store: accounts, tables of resources, a
// clock, and a journal that survives kill -9.
//
// Values in a table are immutable. Get a value, change the copy (clone its
// maps and slices), Put it back. Nothing in here runs in the background:
// whatever takes time stores the moment it is due, and is settled by the next
// read.
package cloud

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Store holds the state of the sandbox. Its methods are safe for concurrent use.
type Store struct {
	mu      sync.RWMutex
	tables  map[string]*table
	journal *journal
	clock   Clock
	memory  time.Duration
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
	return s.Shift(d)
}

// Shift is Advance of a clock that nothing has happened by: it may go back.
func (s *Store) Shift(d time.Duration) error {
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

// Tx is one read of the store, or one change to it.
type Tx struct {
	Now     time.Time // the sandbox's clock when the transaction began, UTC
	store   *Store
	write   bool
	then    time.Time // the moment it reads; zero: now
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
