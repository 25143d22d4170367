package cloud

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"github.com/google/btree"
)

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
	v, ok := pt.at(key, tx.then)
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
	if tx.store.memory > 0 {
		pt.keep(key, tx.Now, tx.store.memory)
	}
	do(pt)
}

// All yields the values of partition p in the order of their keys.
func (t Table[T]) All(tx *Tx, p string) iter.Seq2[string, T] { return t.From(tx, p, "") }

// From is All from a key on.
func (t Table[T]) From(tx *Tx, p, first string) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		if pt := tx.store.part(t.name, p, false); pt != nil {
			t.walk(tx, pt, pt.known(tx, first))(yield)
		}
	}
}

// walk yields the values of keys, as far as they have any.
func (t Table[T]) walk(tx *Tx, pt *part, keys iter.Seq[string]) iter.Seq2[string, T] {
	return func(yield func(string, T) bool) {
		for k := range keys {
			if v, ok := pt.at(k, tx.then); ok && !yield(k, t.typed(v)) {
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

// table is one kind of resource: partitions (a region, or "" for global things)
// of values by key, with the keys in order.
type table struct{ parts map[string]*part }

type part struct {
	vals map[string]*cell
	keys *btree.BTreeG[string]
	past map[string][]past // the oldest first; see Store.Remember

	indexing sync.Mutex // held while index is made, by one of those who read
	index    *index     // nil until it is asked
}

// degree of the trees: how many children a node has.
const degree = 32

// cell is a value; one that came from the journal is decoded when a Table[T]
// first reads it.
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
		p = &part{vals: map[string]*cell{}, keys: btree.NewOrderedG[string](degree)}
		t.parts[key] = p
	}
	return p
}

func (p *part) set(key string, v *cell) {
	p.unsay(key)
	p.keys.ReplaceOrInsert(key)
	p.vals[key] = v
	if p.index != nil {
		p.index.add(key, v)
	}
}

func (p *part) remove(key string) {
	p.unsay(key)
	p.keys.Delete(key)
	delete(p.vals, key)
}

// unsay has the index forget what a key holds, before that changes.
func (p *part) unsay(key string) {
	if c, ok := p.vals[key]; ok && p.index != nil {
		p.index.drop(key, c)
	}
}
